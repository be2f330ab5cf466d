/* rows: the kinds of fault, one file each, or one for kinds that differ in a word. To add one: its file, a line here, a row in faults.c. */
#ifndef CHAOS_FAULTS_ROWS_H
#define CHAOS_FAULTS_ROWS_H

#include "chaos/faults/fault.h"

extern const struct fault_ops fault_impair;
extern const struct fault_ops fault_partition;
extern const struct fault_ops fault_isolate;
extern const struct fault_ops fault_split;
extern const struct fault_ops fault_flap;
extern const struct fault_ops fault_rolling;
extern const struct fault_ops fault_ramp;
extern const struct fault_ops fault_blackhole_mtu;
extern const struct fault_ops fault_new_connections;
extern const struct fault_ops fault_established;
extern const struct fault_ops fault_syn;
extern const struct fault_ops fault_kill;
extern const struct fault_ops fault_pause;
extern const struct fault_ops fault_restart;
extern const struct fault_ops fault_link_down;
extern const struct fault_ops fault_slow_cpu;
extern const struct fault_ops fault_disk_full;
extern const struct fault_ops fault_slow_disk;
extern const struct fault_ops fault_clock_offset;
extern const struct fault_ops fault_dns_lie;
extern const struct fault_ops fault_declared;

#endif
