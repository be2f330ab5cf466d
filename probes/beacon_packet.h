/*
 * beacon_packet: what is on the wire and on the tapes of a beacon process. Only for beacon*.c.
 */
#ifndef PROBES_BEACON_PACKET_H
#define PROBES_BEACON_PACKET_H

#include <stdint.h>

/* Same in every region, so that a capture filter can name it. Below the ephemeral ports. */
#define BEACON_PORT 7270
#define BEACON_PACKET_MAGIC 0x72706231u /* "rpb1" */

/* The payload, in the byte order of the host: both ends are on one kernel. epoch_ns tells packets
 * of another run, and what a system under test may send to our port, from ours. */
struct beacon_packet {
	uint32_t magic, seq;
	uint64_t sent_ns, epoch_ns; /* sent_ns on CLOCK_MONOTONIC */
	uint8_t from, to, family, pad[5];
};

#define BEACON_SENT_MAGIC "rpsent"
#define BEACON_SENT_SUFFIX ".sent.beacons"
struct beacon_sent {
	uint64_t sent_ns;
	uint32_t seq;
	uint8_t to, family, pad[2];
};

#define BEACON_RECEIVED_MAGIC "rprecvd"
#define BEACON_RECEIVED_SUFFIX ".received.beacons"
enum beacon_received_kind {
	BEACON_ARRIVED,
	BEACON_ALIVE, /* recv_ns: the receiver lived; sent_ns: packets its socket had dropped by then */
};
struct beacon_received {
	uint64_t sent_ns, recv_ns;
	uint32_t seq;
	uint8_t from, family, kind, pad;
};

_Static_assert(sizeof(struct beacon_packet) == 32, "no holes in the payload");
_Static_assert(sizeof(struct beacon_sent) == 16, "no holes in the record");
_Static_assert(sizeof(struct beacon_received) == 24, "no holes in the record");

#endif
