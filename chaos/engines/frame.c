#include "chaos/engines/frame.h"
#include "fixtures/net/book.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdbool.h>

#define ICMPV6_ROUTER_SOLICITATION 133
#define ICMPV6_REDIRECT 137

static unsigned get_u16(const uint8_t *data)
{
	return (unsigned)data[0] << 8 | data[1];
}

static bool is_discovery(const uint8_t *data, size_t len)
{
	size_t at = 12; /* of the type */

	while (len >= at + 6 &&
		(get_u16(data + at) == ETH_P_8021Q || get_u16(data + at) == ETH_P_8021AD))
		at += 4;
	if (len < at + 2)
		return false;
	if (get_u16(data + at) == ETH_P_ARP)
		return true;
	if (get_u16(data + at) != ETH_P_IPV6 || len < at + 2 + 41)
		return false;
	data += at + 2;
	return data[6] == IPPROTO_ICMPV6 && data[40] >= ICMPV6_ROUTER_SOLICITATION &&
		data[40] <= ICMPV6_REDIRECT;
}

enum frame_class frame_classify(const struct book *book, const uint8_t *data, size_t len,
	unsigned own, unsigned n_regions, unsigned *to)
{
	unsigned host;

	if (len < ETH_HLEN || !book_find(book, data, to, &host) || *to == own || *to >= n_regions)
		return FRAME_NEUTRAL;
	return is_discovery(data, len) ? FRAME_EXEMPT : FRAME_LINK;
}
