#include "probes/flows.h"
#include "fixtures/net/packet.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define WAYS 4 /* places a connection may stand in */

/* A TCP segment where its header is whole. */
struct segment {
	/* Address (IPv4 as ::ffff:a.b.c.d, RFC 4291 2.5.5.2) and port, of source and target. */
	uint8_t ends[2][18];
	struct packet_tcp tcp;
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

static void take_ends(const uint8_t *frame, const struct packet *ip, struct segment *out)
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
	struct packet ip;

	if (!packet_parse(frame, len, &ip) || !packet_parse_tcp(frame, len, &ip, &out->tcp))
		return false;
	take_ends(frame, &ip, out);
	return true;
}

size_t frame_header_bytes(const uint8_t *frame, size_t len)
{
	struct segment tcp;
	struct packet ip;
	size_t end;

	if (parse_tcp(frame, len, &tcp))
		return tcp.tcp.header_end < len ? tcp.tcp.header_end : len;
	if (!packet_parse(frame, len, &ip) || !ip.transport)
		return len < ETH_HLEN ? len : ETH_HLEN;
	end = ip.transport;
	if (ip.protocol == IPPROTO_UDP || ip.protocol == IPPROTO_ICMP ||
		ip.protocol == IPPROTO_ICMPV6)
		end += 8;
	return end < len ? end : len;
}

bool frame_is_control(const uint8_t *frame, size_t len)
{
	struct segment tcp;

	return parse_tcp(frame, len, &tcp) &&
		tcp.tcp.flags & (PACKET_SYN | PACKET_FIN | PACKET_RST);
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
	bool again = flow->known[side] && flow->syn_seq[side] == s->tcp.seq;

	flow->syn_ns[side] = again ? 0 : at_ns;
	flow->syn_seq[side] = s->tcp.seq;
	flow->next[side] = s->tcp.seq + 1;
	flow->known[side] = true;
	event->kind = again ? FLOW_RETRANSMIT : FLOW_SYN;
	return true;
}

static bool see_answer(struct flow *flow, int side, const struct segment *s, uint64_t at_ns,
	struct flow_event *event)
{
	uint64_t asked_ns = flow->syn_ns[!side];

	flow->next[side] = s->tcp.seq + 1;
	flow->known[side] = true;
	flow->syn_ns[!side] = 0;
	if (!asked_ns || s->tcp.ack != flow->syn_seq[!side] + 1 || at_ns < asked_ns)
		return false;
	*event = (struct flow_event){FLOW_HANDSHAKE, at_ns - asked_ns};
	return true;
}

static bool see_data(struct flow *flow, int side, const struct segment *s, struct flow_event *event)
{
	uint32_t end = s->tcp.seq + s->tcp.data;
	bool known = flow->known[side], again;

	if (!s->tcp.data)
		return false;
	again = known && at_or_before(end, flow->next[side]);
	/* A keep-alive repeats one byte that was acknowledged long ago (RFC 9293, 3.8.4). */
	if (again && s->tcp.data == 1 && end == flow->next[side])
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
	if (s.tcp.flags & PACKET_RST) {
		event->kind = FLOW_RESET;
		return true;
	}
	if (s.tcp.flags & PACKET_SYN)
		return s.tcp.flags & PACKET_ACK ? see_answer(flow, side, &s, at_ns, event)
						: see_syn(flow, side, &s, at_ns, event);
	return see_data(flow, side, &s, event);
}
