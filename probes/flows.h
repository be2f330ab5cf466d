/*
 * flows: what TCP connections over an uplink went through, one packet at a time.
 *
 * Pure: frames in, events out. For each connection the observer remembers the highest byte that each
 * end has sent; a segment with data below it is a retransmission (RFC 9293; with segmentation offload
 * a frame here may be many segments, which changes nothing). A SYN that left and the SYN-ACK for it
 * that came back give the RTT of a handshake, unless the SYN was sent twice (Karn: nobody can tell
 * which of them was answered). RSTs are counted as they pass. A connection that began before we
 * looked is known from its first packet on.
 *
 * Memory is bounded: FLOWS_MAX connections, of which the one that was silent longest makes room.
 */
#ifndef PROBES_FLOWS_H
#define PROBES_FLOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLOWS_MAX 4096

enum flow_event_kind {
	FLOW_SYN,        /* a connection was asked for */
	FLOW_HANDSHAKE,  /* and answered: value_ns is the RTT, at the asking end */
	FLOW_RETRANSMIT, /* data once more */
	FLOW_RESET,
	FLOW_EVENTS
};

struct flow_event {
	enum flow_event_kind kind;
	uint64_t value_ns;
};

struct flows;

struct flows *flows_new(void); /* aborts without memory */
void flows_free(struct flows *flows);
/* An Ethernet frame as far as it was captured; at most one event comes of it. False: none. Anything
 * that is not TCP over IPv4 or IPv6, or cut off before its TCP header ends, gives none. */
bool flows_see(struct flows *flows, const uint8_t *frame, size_t len, uint64_t at_ns,
	struct flow_event *event);

/* Bytes up to the end of the TCP, UDP or ICMP header; of the frame where it is none of these. */
size_t frame_header_bytes(const uint8_t *frame, size_t len);
/* SYN, FIN or RST: what opens and closes connections. */
bool frame_is_control(const uint8_t *frame, size_t len);

#endif
