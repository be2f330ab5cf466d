/*
 * capture_record: what is on the tape of a capture. Only for capture*.c.
 */
#ifndef PROBES_CAPTURE_RECORD_H
#define PROBES_CAPTURE_RECORD_H

#include <stdint.h>

#define CAPTURE_MAGIC "rpcapt"
#define CAPTURE_WAYS 2
#define CAPTURE_OWNERS 5
/* In place of an owner: somebody looked until at_ns; bytes: packets the kernel had dropped. */
#define CAPTURE_RECORD_ALIVE 0xff

struct capture_record {
	uint64_t at_ns, bytes;
	uint32_t packets;
	uint8_t peer, way, owner, pad;
};

/* The tape of what TCP connections went through, beside the counts: N.tcp. */
#define CAPTURE_TCP_MAGIC "rptcp"

struct capture_tcp_record {
	uint64_t at_ns, value_ns;
	uint8_t peer, way, owner, kind; /* kind: enum flow_event_kind */
	uint32_t pad;
};

_Static_assert(sizeof(struct capture_record) == 24, "no holes in the record");
_Static_assert(sizeof(struct capture_tcp_record) == 24, "no holes in the record");

#endif
