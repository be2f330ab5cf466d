#include "chaos/engines/netem_filter.h"
#include "fixtures/net/addr.h"
#include "fixtures/net/book.h"
#include "fixtures/net/packet.h"

#include <netinet/in.h>

#define ALTERNATIVES_MAX 64
#define KEYS_EACH 4
#define IP6_HEADER 40
#define SIZES 65536

/* What must agree at once; a dimension of the match is a list of these, of which one must. */
struct choice {
	struct tc_key keys[KEYS_EACH];
	unsigned n;
};

struct dimension {
	struct choice choices[ALTERNATIVES_MAX];
	size_t n; /* 0: nothing is asked */
	bool full;
};

enum {
	DIMENSION_ENDS,
	DIMENSION_PROTOCOL,
	DIMENSION_PORTS,
	DIMENSION_FLAGS,
	DIMENSION_SIZE,
	DIMENSIONS
};

struct making {
	const struct match *match;
	unsigned own, to, version;
	const struct book *book;
	struct dimension dimensions[DIMENSIONS];
};

static struct choice *add_choice(struct dimension *d)
{
	if (d->n == ALTERNATIVES_MAX) {
		d->full = true;
		return &d->choices[0];
	}
	d->choices[d->n] = (struct choice){.n = 0};
	return &d->choices[d->n++];
}

static void add_key(struct choice *choice, int offset, uint32_t value, uint32_t mask)
{
	choice->keys[choice->n++] = (struct tc_key){offset, value & mask, mask};
}

/* --- ends: MACs, 14 bytes before the network header; keys are aligned words ------------------------ */

static void add_target(struct choice *choice, const uint8_t m[6], uint32_t low_mask)
{
	add_key(choice, -16, packet_be16(m), 0xffff);
	add_key(choice, -12, packet_be32(m + 2), low_mask);
}

static void add_source(struct choice *choice, const uint8_t m[6])
{
	add_key(choice, -8, packet_be32(m), 0xffffffff);
	add_key(choice, -4, (uint32_t)packet_be16(m + 4) << 16, 0xffff0000);
}

/* Every way to say "a frame to the region", with the source or without. */
static void add_region(struct making *m, const uint8_t *source)
{
	struct dimension *ends = &m->dimensions[DIMENSION_ENDS];
	struct addr lab = addr_of(m->to, 0);
	struct choice *choice = add_choice(ends);
	unsigned n = book_count(m->book);

	add_target(choice, lab.mac, 0xffffff00);
	if (source)
		add_source(choice, source);
	for (unsigned i = 0; i < n; i++) {
		uint8_t mac[6];

		if (book_at(m->book, i, mac) != m->to)
			continue;
		choice = add_choice(ends);
		add_target(choice, mac, 0xffffffff);
		if (source)
			add_source(choice, source);
	}
}

/* One of our own hosts is at one end. */
static void add_host(struct making *m, enum addr_host host)
{
	struct addr there = addr_of(m->to, host), here = addr_of(m->own, host);

	add_target(add_choice(&m->dimensions[DIMENSION_ENDS]), there.mac, 0xffffffff);
	add_region(m, here.mac);
}

/* --- what is in the packet --------------------------------------------------------------------- */

static void add_protocol(struct making *m, uint32_t number)
{
	struct choice *choice = add_choice(&m->dimensions[DIMENSION_PROTOCOL]);

	if (m->version == 4)
		add_key(choice, 8, number << 16, 0xff0000);
	else
		add_key(choice, 4, number << 8, 0xff00);
}

static void ask_protocol(struct making *m)
{
	const struct match *match = m->match;
	bool ports = match_n_ports(match);

	if (match->protocol == MATCH_ICMP)
		add_protocol(m, m->version == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	if (match->protocol == MATCH_TCP || match->connections || (!match->protocol && ports))
		add_protocol(m, IPPROTO_TCP);
	if (match->protocol == MATCH_UDP || (!match->protocol && ports && !match->connections))
		add_protocol(m, IPPROTO_UDP);
}

static int transport_of(const struct making *m)
{
	return m->version == 4 ? 20 : IP6_HEADER;
}

static void add_port(struct making *m, uint64_t port, bool source)
{
	struct choice *choice = add_choice(&m->dimensions[DIMENSION_PORTS]);

	add_key(choice, transport_of(m), (uint32_t)(source ? port << 16 : port),
		source ? 0xffff0000 : 0xffff);
}

static void ask_ports(struct making *m)
{
	const struct match *match = m->match;

	for (unsigned i = 0; i < match_n_ports(match); i++) {
		if (match->port_of != MATCH_PORT_TARGET)
			add_port(m, match->ports[i], true);
		if (match->port_of != MATCH_PORT_SOURCE)
			add_port(m, match->ports[i], false);
	}
}

/* Byte 13 of the TCP header; with IPv4, that there is one where it is looked for: no options, no
 * fragment after the first. */
static void ask_flags(struct making *m)
{
	const struct match *match = m->match;
	bool needs_transport = match_n_ports(match) || match->connections;
	uint32_t mask =
		match->connections == MATCH_CONNECTIONS_SYN ? PACKET_SYN | PACKET_ACK : PACKET_SYN;
	struct choice *choice;

	if (!needs_transport || (m->version == 6 && !match->connections))
		return;
	choice = add_choice(&m->dimensions[DIMENSION_FLAGS]);
	if (m->version == 4) {
		add_key(choice, 0, 5u << 24, 15u << 24);
		add_key(choice, 4, 0, 0x1fff);
	}
	if (match->connections)
		add_key(choice, transport_of(m) + 12, (uint32_t)PACKET_SYN << 16, mask << 16);
}

/* All sizes from first to last as prefixes, the largest that fit one after the other. */
static void add_sizes(struct making *m, uint32_t first, uint32_t last)
{
	while (first <= last) {
		struct choice *choice = add_choice(&m->dimensions[DIMENSION_SIZE]);
		uint32_t step = first ? first & -first : SIZES;

		while (step - 1 > last - first)
			step /= 2;
		if (m->version == 4)
			add_key(choice, 0, first, (SIZES - step));
		else
			add_key(choice, 4, first << 16, (SIZES - step) << 16);
		first += step;
	}
}

/* IPv6 tells the length without its header. */
static void ask_size(struct making *m)
{
	uint32_t header = m->version == 4 ? 0 : IP6_HEADER;
	uint32_t first = m->match->size_above ? (uint32_t)m->match->size_above + 1 : 0;
	uint32_t last = m->match->size_below ? (uint32_t)m->match->size_below - 1 : SIZES - 1;

	if (m->match->size_above || m->match->size_below)
		add_sizes(m, first > header ? first - header : 0,
			m->match->size_below ? last - header : last);
}

/* --- the product --------------------------------------------------------------------------------- */

static int add_products(
	const struct making *m, bool excludes, struct netem_filters *out, struct err *err)
{
	size_t total = 1;

	for (int d = 0; d < DIMENSIONS; d++) {
		if (m->dimensions[d].full)
			total = NETEM_FILTERS_MAX + 1;
		else if (m->dimensions[d].n && total <= NETEM_FILTERS_MAX)
			total *= m->dimensions[d].n;
	}
	if (out->n + total > NETEM_FILTERS_MAX)
		return err_set(err,
			"engine netem: to tell these packets takes more than %d filters on a link; "
			"name fewer ports or a wider size, or take engine wire",
			NETEM_FILTERS_MAX);
	for (size_t i = 0; i < total; i++) {
		struct netem_filter *filter = &out->items[out->n++];
		size_t rest = i;

		*filter = (struct netem_filter){.excludes = excludes};
		for (int d = 0; d < DIMENSIONS; d++) {
			const struct dimension *dimension = &m->dimensions[d];
			const struct choice *choice =
				&dimension->choices[dimension->n ? rest % dimension->n : 0];

			for (unsigned k = 0; dimension->n && k < choice->n; k++)
				filter->keys[filter->n_keys++] = choice->keys[k];
			rest /= dimension->n ? dimension->n : 1;
		}
	}
	return 0;
}

/* What our own hosts say is no replication: it goes by the link's own class. */
static int add_exclusions(const struct making *m, struct netem_filters *out, struct err *err)
{
	struct making own = {.match = m->match,
		.own = m->own,
		.to = m->to,
		.version = m->version,
		.book = m->book};

	add_host(&own, ADDR_HOST_PROBER);
	add_host(&own, ADDR_HOST_BEACON);
	return add_products(&own, true, out, err);
}

int netem_filter_make(const struct match *match, unsigned own, unsigned to, const struct book *book,
	unsigned version, struct netem_filters *out, struct err *err)
{
	struct making m = {.match = match, .own = own, .to = to, .version = version, .book = book};

	out->n = 0;
	if (match->traffic == MATCH_TRAFFIC_REPLICATION && add_exclusions(&m, out, err))
		return -1;
	if (match->traffic == MATCH_TRAFFIC_CLIENTS)
		add_host(&m, ADDR_HOST_PROBER);
	else
		add_region(&m, NULL);
	ask_protocol(&m);
	ask_ports(&m);
	ask_flags(&m);
	ask_size(&m);
	return add_products(&m, false, out, err);
}

int netem_filter_can(const struct engine_rule *rule, struct err *err)
{
	struct impairment imp = impairment_canonical(&rule->impairment);
	struct netem_filters filters;

	if (rule->match.connections == MATCH_CONNECTIONS_ESTABLISHED)
		return err_set(err,
			"engine netem has no memory of connections and cannot tell established ones; "
			"take engine wire");
	if (rule->match.connections == MATCH_CONNECTIONS_NEW && !imp.cut)
		return err_set(err,
			"engine netem has no memory of connections: new ones it can cut off, by their "
			"SYN, and nothing else; take engine wire");
	if (imp.reject)
		return err_set(err,
			"engine netem drops in silence and cannot answer with a RST or an ICMP error; "
			"leave reject out, or take engine wire");
	return netem_filter_make(&rule->match, 0, 1, NULL, 4, &filters, err) ||
			netem_filter_make(&rule->match, 0, 1, NULL, 6, &filters, err)
		? -1
		: 0;
}
