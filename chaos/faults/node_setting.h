/* node_setting: how much of a fault a node suffers; each kind has the rows of its own part. */
#ifndef CHAOS_FAULTS_NODE_SETTING_H
#define CHAOS_FAULTS_NODE_SETTING_H

#include "fixtures/base/param.h"
#include "fixtures/dns/orders.h"

#include <stdint.h>

struct node_setting {
	uint64_t cap_ppm;                 /* slow-cpu: of one processor */
	uint64_t disk_bytes;              /* disk-full, slow-disk: the whole disk */
	uint64_t left_bytes;              /* disk-full: room that is left */
	uint64_t io_delay_ns;             /* slow-disk: of each request */
	uint64_t io_bytes;                /* slow-disk: a second; 0: no limit */
	uint64_t ahead_ns, behind_ns;     /* clock-offset: one of both */
	uint64_t answer, answer_delay_ns; /* dns-lie: enum order */
	const char *to;                   /* dns-lie: the region that answers lead to; NULL */
	uint64_t to_region;               /* its index */
};

extern const struct param slow_cpu_params[];
extern const struct param disk_full_params[];
extern const struct param slow_disk_params[];
extern const struct param clock_offset_params[];
extern const struct param dns_lie_params[];

struct buf;
/* "cap 10%": what differs from nothing, of the rows of a kind. */
void node_setting_print(
	struct buf *out, const struct param *rows, const struct node_setting *setting);
/* Nanoseconds that the node's clock is ahead; negative: behind. */
int64_t node_setting_offset_ns(const struct node_setting *setting);

#endif
