/*
 * packet_log: single packets of the system and of its clients as they passed an uplink, for faults that
 * mean some packets only and that no beacon meets.
 *
 * Out at the sender, in at the receiver: joined by what does not change on the way (`id`: addresses,
 * length, transport header and the first bytes behind it, but no checksums, no ECN) they say of each packet
 * whether it crossed and how long it took. With what chaos/match.h can ask about, so that which packets a
 * fault meant is decided afterwards, by when it was in force.
 *
 * Bounded: only in the stretches asked for, and PACKET_LOG_MAX records; then one of owner
 * PACKET_LOG_FULL says since when it is full. Written by the capture's thread (capture.h), *.packets.
 */
#ifndef PROBES_PACKET_LOG_H
#define PROBES_PACKET_LOG_H

#include "fixtures/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKET_LOG_SUFFIX ".packets"
#define PACKET_LOG_MAGIC "rppckt"
#define PACKET_LOG_MAX 1000000
#define PACKET_LOG_FULL 0xff
#define PACKET_LOG_WINDOWS_MAX 64

/* Since the run's epoch; they may overlap. */
struct packet_log_window {
	uint64_t from_ns, to_ns;
};

struct packet_log_wish {
	struct packet_log_window windows[PACKET_LOG_WINDOWS_MAX];
	size_t n; /* 0: nothing is logged */
};

enum packet_log_bit { PACKET_LOG_PORTS = 1, PACKET_LOG_TCP = 2, PACKET_LOG_IP6 = 4 };

struct packet_log_record {
	uint64_t at_ns, id;
	uint64_t connection; /* names connection and direction, where TCP */
	uint16_t size, ports[2];
	uint8_t peer, way, owner; /* as in capture.h */
	uint8_t protocol, tcp_flags, bits;
	uint8_t hosts[2];
	uint8_t region; /* whose uplink; filled in by who loads it */
	uint8_t pad;
};

_Static_assert(sizeof(struct packet_log_record) == 40, "no holes in the record");

struct packet_log;
struct packet_log_start {
	const char *dir;
	unsigned region, n_regions;
	uint64_t epoch_ns;
	const struct packet_log_wish *wish; /* copied */
};

struct packet_log *packet_log_open(const struct packet_log_start *start, struct err *err);
int packet_log_begin(struct packet_log *log, uint64_t epoch_ns, struct err *err);
/* A frame as far as it was captured, seen at record->at_ns; peer, way, owner and hosts are filled in. */
int packet_log_see(struct packet_log *log, struct packet_log_record record, const uint8_t *frame,
	size_t len, struct err *err);
int packet_log_flush(struct packet_log *log, struct err *err);
int packet_log_close(struct packet_log *log, struct err *err); /* accepts NULL */

/* What all regions have logged, sorted by time; the caller frees. */
int packet_logs_load_dir(
	struct packet_log_record **records, size_t *n, const char *dir, struct err *err);

#endif
