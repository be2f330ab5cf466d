#include "chaos/engines/frame.h"
#include "fixtures/net/book.h"
#include "fixtures/net/packet.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdbool.h>

#define ICMPV6_ROUTER_SOLICITATION 133
#define ICMPV6_REDIRECT 137

static bool is_arp(const uint8_t *data, size_t len)
{
	size_t at = 12; /* of the type */

	while (len >= at + 6 &&
		(packet_be16(data + at) == ETH_P_8021Q || packet_be16(data + at) == ETH_P_8021AD))
		at += 4;
	return len >= at + 2 && packet_be16(data + at) == ETH_P_ARP;
}

static bool is_discovery(const uint8_t *data, size_t len)
{
	struct packet packet;

	if (!packet_parse(data, len, &packet))
		return is_arp(data, len);
	return packet.version == 6 && packet.protocol == IPPROTO_ICMPV6 && len > packet.transport &&
		data[packet.transport] >= ICMPV6_ROUTER_SOLICITATION &&
		data[packet.transport] <= ICMPV6_REDIRECT;
}

enum frame_class frame_classify(const struct book *book, const uint8_t *data, size_t len,
	unsigned own, unsigned n_regions, unsigned *to)
{
	unsigned host;

	if (len < ETH_HLEN || !book_find(book, data, to, &host) || *to == own || *to >= n_regions)
		return FRAME_NEUTRAL;
	return is_discovery(data, len) ? FRAME_EXEMPT : FRAME_LINK;
}
