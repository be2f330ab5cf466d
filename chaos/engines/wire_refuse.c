#include "chaos/engines/wire_refuse.h"
#include "fixtures/net/addr.h"
#include "fixtures/net/packet.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdbool.h>
#include <string.h>

#define IP4_HEADER 20
#define IP6_HEADER 40
#define ICMP_HEADER 8
#define TCP_HEADER 20
#define HOPS 64
#define QUOTED_MAX 512 /* bytes of the packet that an error repeats */
#define L2_MAX 26      /* two MACs, three tags, the type */

struct answer {
	const uint8_t *frame;
	size_t len;
	unsigned to;
	struct packet packet;
	uint8_t *out;
	size_t ip, payload; /* where these begin in out */
};

static void put_be16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put_be32(uint8_t *at, uint32_t value)
{
	put_be16(at, value >> 16);
	put_be16(at + 2, value & 0xffff);
}

/* The way back, with the tags as they came. */
static void put_ethernet(struct answer *a)
{
	memcpy(a->out, a->frame + 6, 6);
	addr_refuser_mac(a->to, a->out + 6);
	memcpy(a->out + 12, a->frame + 12, a->packet.network - 12);
	a->ip = a->packet.network;
	a->payload = a->ip + (a->packet.version == 4 ? IP4_HEADER : IP6_HEADER);
}

static void put_ip(struct answer *a, uint8_t protocol, size_t bytes)
{
	uint8_t *ip = a->out + a->ip;
	size_t size = a->packet.address_size, header = a->payload - a->ip;
	uint16_t sum;

	memset(ip, 0, header);
	memcpy(ip + header - 2 * size, a->frame + a->packet.addresses + size, size);
	memcpy(ip + header - size, a->frame + a->packet.addresses, size);
	if (a->packet.version == 4) {
		ip[0] = 0x45;
		put_be16(ip + 2, header + bytes);
		ip[8] = HOPS;
		ip[9] = protocol;
		sum = packet_sum_end(packet_sum_add(0, ip, header));
		memcpy(ip + 10, &sum, 2);
	} else {
		ip[0] = 6 << 4;
		put_be16(ip + 4, bytes);
		ip[6] = protocol;
		ip[7] = HOPS;
	}
}

/* Over the pseudo header too, which ICMP of IPv4 has not. */
static void put_sum(struct answer *a, uint8_t protocol, size_t bytes, size_t at, bool pseudo)
{
	size_t size = a->packet.address_size;
	uint8_t tail[8] = {0};
	uint64_t sum = 0;
	uint16_t end;

	put_be32(tail, (uint32_t)bytes);
	tail[7] = protocol;
	if (pseudo)
		sum = packet_sum_add(packet_sum_add(0, tail, sizeof(tail)),
			a->out + a->payload - 2 * size, 2 * size);
	end = packet_sum_end(packet_sum_add(sum, a->out + a->payload, bytes));
	memcpy(a->out + a->payload + at, &end, 2);
}

static size_t put_reset(struct answer *a, const struct packet_tcp *tcp)
{
	uint8_t *out = a->out + a->payload;
	const uint8_t *ports = a->frame + a->packet.transport;
	uint32_t length = tcp->data + !!(tcp->flags & PACKET_SYN) + !!(tcp->flags & PACKET_FIN);

	if (tcp->flags & PACKET_RST)
		return 0;
	memset(out, 0, TCP_HEADER);
	memcpy(out, ports + 2, 2);
	memcpy(out + 2, ports, 2);
	out[12] = TCP_HEADER / 4 << 4;
	if (tcp->flags & PACKET_ACK) {
		put_be32(out + 4, tcp->ack);
		out[13] = PACKET_RST;
	} else {
		put_be32(out + 8, tcp->seq + length);
		out[13] = PACKET_RST | PACKET_ACK;
	}
	put_ip(a, IPPROTO_TCP, TCP_HEADER);
	put_sum(a, IPPROTO_TCP, TCP_HEADER, 16, true);
	return a->payload + TCP_HEADER;
}

/* Echoes are questions; the other ICMP may be an error, which has no answer. */
static bool is_error(const struct answer *a)
{
	const struct packet *p = &a->packet;

	if (p->protocol != IPPROTO_ICMP && p->protocol != IPPROTO_ICMPV6)
		return false;
	if (a->len <= p->transport)
		return true;
	return p->version == 4 ? a->frame[p->transport] != ICMP_ECHO
			       : !(a->frame[p->transport] & ICMP6_INFOMSG_MASK);
}

static size_t put_error(struct answer *a)
{
	uint8_t *out = a->out + a->payload;
	size_t end = a->packet.end < a->len ? a->packet.end : a->len;
	size_t quoted = end - a->packet.network, bytes;
	bool four = a->packet.version == 4;
	uint8_t protocol = four ? IPPROTO_ICMP : IPPROTO_ICMPV6;

	if (is_error(a))
		return 0;
	quoted = quoted < QUOTED_MAX ? quoted : QUOTED_MAX;
	bytes = ICMP_HEADER + quoted;
	memset(out, 0, ICMP_HEADER);
	out[0] = four ? ICMP_DEST_UNREACH : ICMP6_DST_UNREACH;
	out[1] = four ? ICMP_PKT_FILTERED : ICMP6_DST_UNREACH_ADMIN;
	memcpy(out + ICMP_HEADER, a->frame + a->packet.network, quoted);
	put_ip(a, protocol, bytes);
	put_sum(a, protocol, bytes, 2, !four);
	return a->payload + bytes;
}

size_t wire_refuse(const uint8_t *frame, size_t len, unsigned to, enum reject how,
	uint8_t out[WIRE_REFUSAL_MAX])
{
	struct answer a = {.frame = frame, .len = len, .to = to, .out = out};
	struct packet_tcp tcp;

	if (how == REJECT_NONE || !packet_parse(frame, len, &a.packet) || !a.packet.transport ||
		a.packet.network > L2_MAX)
		return 0;
	put_ethernet(&a);
	if (packet_parse_tcp(frame, len, &a.packet, &tcp)) {
		if (how == REJECT_RST)
			return put_reset(&a, &tcp);
		if (tcp.flags & PACKET_RST)
			return 0;
	}
	return put_error(&a);
}
