#include "probes/flows.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define WAYS 4 /* places a connection may stand in */

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };

/* A TCP segment where its header is whole. */
struct segment {
	/* Address (IPv4 as ::ffff:a.b.c.d, RFC 4291 2.5.5.2) and port, of source and target. */
	uint8_t ends[2][18];
	uint32_t seq, ack;
	uint8_t flags;
	uint32_t data; /* bytes of it on the wire, by the IP header */
	size_t header_end;
};

/* One connection, from the end that sorts first. */
struct flow {
	uint8_t ends[2][18];
	uint64_t seen_ns; /* 0: free */
	uint32_t next[2]; /* the byte after the highest that end has sent */
	bool known[2];
	uint64_t syn_ns[2]; /* 0: none, or sent twice */
	uint32_t syn_seq[2];
};

struct flows {
	struct flow slots[FLOWS_MAX];
};

struct flows *flows_new(void)
{
	struct flows *flows = calloc(1, sizeof(*flows));

	if (!flows)
		abort();
	return flows;
}

void flows_free(struct flows *flows)
{
	free(flows);
}

/* --- frames ---------------------------------------------------------------------------------- */

static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)be16(p) << 16 | be16(p + 2);
}

/* Where things stand in a packet. */
struct network {
	size_t addresses, address_size; /* the source's, then the target's */
	size_t transport;
	unsigned protocol;
	size_t end; /* by the packet's own length field; may lie beyond what was captured */
};

static bool parse_ip4(const uint8_t *frame, size_t len, size_t at, struct network *out)
{
	size_t header;

	if (len < at + 20)
		return false;
	header = (size_t)(frame[at] & 15) * 4;
	if (frame[at] >> 4 != 4 || header < 20 || be16(frame + at + 6) & 0x1fff)
		return false; /* a later fragment has no transport header */
	*out = (struct network){at + 12, 4, at + header, frame[at + 9], at + be16(frame + at + 2)};
	return true;
}

/* Extension headers are not followed: such a packet is of no known protocol. */
static bool parse_ip6(const uint8_t *frame, size_t len, size_t at, struct network *out)
{
	if (len < at + 40 || frame[at] >> 4 != 6)
		return false;
	*out = (struct network){at + 8, 16, at + 40, frame[at + 6], at + 40 + be16(frame + at + 4)};
	return true;
}

static bool parse_network(const uint8_t *frame, size_t len, struct network *out)
{
	size_t at = 12;

	if (len < 18)
		return false;
	if (be16(frame + at) == 0x8100)
		at += 4;
	switch (be16(frame + at)) {
	case 0x0800:
		return parse_ip4(frame, len, at + 2, out);
	case 0x86dd:
		return parse_ip6(frame, len, at + 2, out);
	}
	return false;
}

static void take_ends(const uint8_t *frame, const struct network *ip, struct segment *out)
{
	memset(out->ends, 0, sizeof(out->ends));
	for (size_t e = 0; e < 2; e++) {
		if (ip->address_size == 4)
			memset(out->ends[e] + 10, 0xff, 2);
		memcpy(out->ends[e] + 16 - ip->address_size,
			frame + ip->addresses + e * ip->address_size, ip->address_size);
		memcpy(out->ends[e] + 16, frame + ip->transport + e * 2, 2);
	}
}

static bool parse_tcp(const uint8_t *frame, size_t len, struct segment *out)
{
	struct network ip;
	size_t header;

	if (!parse_network(frame, len, &ip) || ip.protocol != 6 || len < ip.transport + 20)
		return false;
	header = (size_t)(frame[ip.transport + 12] >> 4) * 4;
	if (header < 20)
		return false;
	take_ends(frame, &ip, out);
	out->seq = be32(frame + ip.transport + 4);
	out->ack = be32(frame + ip.transport + 8);
	out->flags = frame[ip.transport + 13];
	out->header_end = ip.transport + header;
	out->data = ip.end > out->header_end ? (uint32_t)(ip.end - out->header_end) : 0;
	return true;
}

size_t frame_header_bytes(const uint8_t *frame, size_t len)
{
	struct segment tcp;
	struct network ip;
	size_t end;

	if (parse_tcp(frame, len, &tcp))
		return tcp.header_end < len ? tcp.header_end : len;
	if (!parse_network(frame, len, &ip))
		return len < 14 ? len : 14;
	end = ip.transport + (ip.protocol == 17 || ip.protocol == 1 || ip.protocol == 58 ? 8 : 0);
	return end < len ? end : len;
}

bool frame_is_control(const uint8_t *frame, size_t len)
{
	struct segment tcp;

	return parse_tcp(frame, len, &tcp) && tcp.flags & (SYN | FIN | RST);
}

/* --- connections ----------------------------------------------------------------------------- */

static uint32_t hash_of(const uint8_t *ends, size_t n)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ ends[i]) * 16777619u;
	return hash;
}

/* The connection of the segment; *side is the sender's. A new one takes the place of the one that was
 * silent longest among those where it may stand. */
static struct flow *find_flow(struct flows *flows, const struct segment *s, int *side)
{
	uint8_t ends[2][18];
	struct flow *oldest = NULL;
	uint32_t at;

	*side = memcmp(s->ends[0], s->ends[1], 18) > 0;
	memcpy(ends[0], s->ends[*side], 18);
	memcpy(ends[1], s->ends[!*side], 18);
	at = hash_of(ends[0], sizeof(ends)) % (FLOWS_MAX / WAYS) * WAYS;
	for (int i = 0; i < WAYS; i++) {
		struct flow *flow = &flows->slots[at + (uint32_t)i];

		if (flow->seen_ns && !memcmp(flow->ends, ends, sizeof(ends)))
			return flow;
		if (!oldest || flow->seen_ns < oldest->seen_ns)
			oldest = flow;
	}
	*oldest = (struct flow){0};
	memcpy(oldest->ends, ends, sizeof(ends));
	return oldest;
}

/* Sequence numbers wrap: a lies at or behind b. */
static bool at_or_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) <= 0;
}

static bool see_syn(struct flow *flow, int side, const struct segment *s, uint64_t at_ns,
	struct flow_event *event)
{
	bool again = flow->known[side] && flow->syn_seq[side] == s->seq;

	flow->syn_ns[side] = again ? 0 : at_ns;
	flow->syn_seq[side] = s->seq;
	flow->next[side] = s->seq + 1;
	flow->known[side] = true;
	event->kind = again ? FLOW_RETRANSMIT : FLOW_SYN;
	return true;
}

static bool see_answer(struct flow *flow, int side, const struct segment *s, uint64_t at_ns,
	struct flow_event *event)
{
	uint64_t asked_ns = flow->syn_ns[!side];

	flow->next[side] = s->seq + 1;
	flow->known[side] = true;
	flow->syn_ns[!side] = 0;
	if (!asked_ns || s->ack != flow->syn_seq[!side] + 1 || at_ns < asked_ns)
		return false;
	*event = (struct flow_event){FLOW_HANDSHAKE, at_ns - asked_ns};
	return true;
}

static bool see_data(struct flow *flow, int side, const struct segment *s, struct flow_event *event)
{
	uint32_t end = s->seq + s->data;
	bool known = flow->known[side], again;

	if (!s->data)
		return false;
	again = known && at_or_before(end, flow->next[side]);
	/* A keep-alive repeats one byte that was acknowledged long ago (RFC 9293, 3.8.4). */
	if (again && s->data == 1 && end == flow->next[side])
		return false;
	if (!again)
		flow->next[side] = end;
	flow->known[side] = true;
	event->kind = FLOW_RETRANSMIT;
	return again;
}

bool flows_see(struct flows *flows, const uint8_t *frame, size_t len, uint64_t at_ns,
	struct flow_event *event)
{
	struct segment s;
	struct flow *flow;
	int side;

	*event = (struct flow_event){0};
	if (!parse_tcp(frame, len, &s))
		return false;
	flow = find_flow(flows, &s, &side);
	flow->seen_ns = at_ns ? at_ns : 1;
	if (s.flags & RST) {
		event->kind = FLOW_RESET;
		return true;
	}
	if (s.flags & SYN)
		return s.flags & ACK ? see_answer(flow, side, &s, at_ns, event)
				     : see_syn(flow, side, &s, at_ns, event);
	return see_data(flow, side, &s, event);
}
