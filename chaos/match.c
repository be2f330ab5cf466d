#include "chaos/match.h"
#include "chaos/connections.h"
#include "fixtures/base/buf.h"
#include "fixtures/net/addr.h"
#include "fixtures/net/packet.h"

#include <netinet/in.h>
#include <string.h>

#define SIZE_MIN 256 /* what a beacon or a bare TCP header never reaches */
#define SIZE_MAX_IP 65535

static const char *const protocol_names[] = {
	[MATCH_PROTOCOL_ANY] = "any",
	[MATCH_TCP] = "tcp",
	[MATCH_UDP] = "udp",
	[MATCH_ICMP] = "icmp",
	NULL,
};

static const char *const port_of_names[] = {
	[MATCH_PORT_EITHER] = "either",
	[MATCH_PORT_SOURCE] = "source",
	[MATCH_PORT_TARGET] = "target",
	NULL,
};

static const char *const connections_names[] = {
	[MATCH_CONNECTIONS_ANY] = "any",
	[MATCH_CONNECTIONS_SYN] = "syn",
	[MATCH_CONNECTIONS_NEW] = "new",
	[MATCH_CONNECTIONS_ESTABLISHED] = "established",
	NULL,
};

static const char *const traffic_names[] = {
	[MATCH_TRAFFIC_ANY] = "any",
	[MATCH_TRAFFIC_CLIENTS] = "clients",
	[MATCH_TRAFFIC_REPLICATION] = "replication",
	NULL,
};

#define ROW(field) .offset = offsetof(struct match, field)

/* clang-format off */
#define CHOICE_ROW(row, field_, names_, help_) \
	{.name = row, .type = PARAM_CHOICE, .fallback = "any", .choices = names_, .help = help_, \
		ROW(field_)}

const struct param match_params[] = {
	CHOICE_ROW("protocol", protocol, protocol_names, "only packets of this protocol"),
	{.name = "port", .type = PARAM_COUNT, .fallback = "0", .max = 65535,
		.help = "only TCP and UDP packets with this port; 0: any", ROW(ports)},
	{.name = "port-of", .type = PARAM_CHOICE, .fallback = "either", .choices = port_of_names,
		.help = "at which end of the packet the port counts", ROW(port_of)},
	CHOICE_ROW("connections", connections, connections_names,
		"only of TCP: syn (attempts to connect), new (connections begun since), "
		"established (those from before)"),
	CHOICE_ROW("traffic", traffic, traffic_names,
		"only what clients send and get, or only what nodes say to each other (the recipe "
		"may narrow either to ports)"),
	{.name = "size-above", .type = PARAM_SIZE, .fallback = "0b", .max = SIZE_MAX_IP - 1,
		.help = "only IP packets of more bytes than this, at least 256b; 0b: any",
		ROW(size_above)},
	{.name = "size-below", .type = PARAM_SIZE, .fallback = "0b", .max = SIZE_MAX_IP,
		.help = "only IP packets of fewer bytes than this, at least 256b; 0b: any",
		ROW(size_below)},
	PARAM_END,
};
/* clang-format on */

bool match_equal(const struct match *a, const struct match *b)
{
	return !memcmp(a, b, sizeof(*a));
}

bool match_is_any(const struct match *match)
{
	static const struct match any;

	return match_equal(match, &any);
}

unsigned match_n_ports(const struct match *match)
{
	unsigned n = 0;

	while (n < MATCH_PORTS_MAX && match->ports[n])
		n++;
	return n;
}

int match_check(const struct match *match, struct err *err)
{
	bool ports = match_n_ports(match);

	if (ports && match->protocol == MATCH_ICMP)
		return err_set(err, "a port, but protocol icmp, which has none");
	if (match->port_of && !ports)
		return err_set(err, "port-of without port");
	if (match->connections && match->protocol && match->protocol != MATCH_TCP)
		return err_set(err, "connections are of TCP; leave protocol out");
	if ((match->size_above && match->size_above < SIZE_MIN) ||
		(match->size_below && match->size_below < SIZE_MIN))
		return err_set(err, "a size of less than %ub, which is not told from bare headers",
			SIZE_MIN);
	if (match->size_below && match->size_below <= match->size_above + 1)
		return err_set(err, "no size is above %llu and below %llu bytes",
			(unsigned long long)match->size_above,
			(unsigned long long)match->size_below);
	return 0;
}

/* --- what two have in common --------------------------------------------------------------------- */

static bool sizes_apart(const struct match *a, const struct match *b)
{
	return (a->size_below && a->size_below <= b->size_above + 1) ||
		(b->size_below && b->size_below <= a->size_above + 1);
}

/* A connection is TCP, whether it says so or not. */
static uint64_t protocol_of(const struct match *match)
{
	return match->connections ? MATCH_TCP : match->protocol;
}

static bool protocols_apart(const struct match *a, const struct match *b)
{
	uint64_t x = protocol_of(a), y = protocol_of(b);

	if (x && y && x != y)
		return true;
	return (x == MATCH_ICMP && match_n_ports(b)) || (y == MATCH_ICMP && match_n_ports(a));
}

/* Only where both look at the same end: a packet has two ports. */
static bool ports_apart(const struct match *a, const struct match *b)
{
	unsigned n = match_n_ports(a), m = match_n_ports(b);

	if (!n || !m || a->port_of != b->port_of || a->port_of == MATCH_PORT_EITHER)
		return false;
	for (unsigned i = 0; i < n * m; i++) {
		if (a->ports[i / m] == b->ports[i % m])
			return false;
	}
	return true;
}

static bool one_of_each(uint64_t a, uint64_t b, uint64_t x, uint64_t y)
{
	return (a == x && b == y) || (a == y && b == x);
}

bool match_are_disjoint(const struct match *a, const struct match *b)
{
	return sizes_apart(a, b) || protocols_apart(a, b) || ports_apart(a, b) ||
		one_of_each(a->connections, b->connections, MATCH_CONNECTIONS_NEW,
			MATCH_CONNECTIONS_ESTABLISHED) ||
		one_of_each(a->connections, b->connections, MATCH_CONNECTIONS_SYN,
			MATCH_CONNECTIONS_ESTABLISHED) ||
		one_of_each(
			a->traffic, b->traffic, MATCH_TRAFFIC_CLIENTS, MATCH_TRAFFIC_REPLICATION);
}

/* --- words --------------------------------------------------------------------------------------- */

static void add_word(struct buf *out, size_t start, const char *word)
{
	buf_printf(out, "%s%s", out->len > start ? ", " : "", word);
}

static void print_ports(struct buf *out, size_t start, const struct match *match)
{
	static const char *const ends[] = {[MATCH_PORT_EITHER] = "port",
		[MATCH_PORT_SOURCE] = "source port",
		[MATCH_PORT_TARGET] = "target port"};
	unsigned n = match_n_ports(match);

	if (match->protocol)
		add_word(out, start, protocol_names[match->protocol]);
	for (unsigned i = 0; i < n; i++) {
		if (i)
			buf_printf(out, " or %u", (unsigned)match->ports[i]);
		else
			buf_printf(out, "%s%s %u",
				out->len == start         ? ""
					: match->protocol ? " "
							  : ", ",
				ends[match->port_of], (unsigned)match->ports[i]);
	}
}

void match_print(struct buf *out, const struct match *match)
{
	static const char *const connections[] = {[MATCH_CONNECTIONS_ANY] = "",
		[MATCH_CONNECTIONS_SYN] = "SYN only",
		[MATCH_CONNECTIONS_NEW] = "new connections",
		[MATCH_CONNECTIONS_ESTABLISHED] = "established connections"};
	size_t start = out->len;

	if (match->traffic)
		buf_printf(out, "traffic of %s",
			match->traffic == MATCH_TRAFFIC_CLIENTS ? "clients" : "replication");
	print_ports(out, start, match);
	if (match->connections)
		add_word(out, start, connections[match->connections]);
	if (match->size_above || match->size_below)
		add_word(out, start, "packets");
	if (match->size_above)
		buf_printf(out, " above %llu bytes", (unsigned long long)match->size_above);
	if (match->size_below)
		buf_printf(out, " below %llu bytes", (unsigned long long)match->size_below);
	if (out->len == start)
		buf_puts(out, "any");
}

/* --- packets ------------------------------------------------------------------------------------- */

static enum match_protocol protocol_at(unsigned number)
{
	switch (number) {
	case IPPROTO_TCP:
		return MATCH_TCP;
	case IPPROTO_UDP:
		return MATCH_UDP;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return MATCH_ICMP;
	}
	return MATCH_PROTOCOL_ANY;
}

/* FNV-1a over addresses and ports as they stand; never 0. */
static uint64_t name_of(const uint8_t *frame, const struct packet *packet)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < 2 * packet->address_size; i++)
		hash = (hash ^ frame[packet->addresses + i]) * UINT64_C(1099511628211);
	for (size_t i = 0; i < 4; i++)
		hash = (hash ^ frame[packet->transport + i]) * UINT64_C(1099511628211);
	return hash ? hash : 1;
}

bool match_look(struct match_view *view, const uint8_t *frame, size_t len, const unsigned hosts[2])
{
	struct packet packet;
	struct packet_tcp tcp;

	if (!packet_parse(frame, len, &packet))
		return false;
	*view = (struct match_view){.size = packet_ip_bytes(&packet),
		.protocol = protocol_at(packet.protocol),
		.hosts = {hosts[0], hosts[1]}};
	view->has_ports = packet_ports(frame, len, &packet, view->ports);
	view->is_tcp = packet_parse_tcp(frame, len, &packet, &tcp);
	if (view->is_tcp) {
		view->tcp_flags = tcp.flags;
		view->connection = name_of(frame, &packet);
	}
	return true;
}

static bool has_port(const struct match *match, const struct match_view *view)
{
	unsigned n = match_n_ports(match);

	for (unsigned i = 0; i < n && view->has_ports; i++) {
		if (match->port_of != MATCH_PORT_TARGET && view->ports[0] == match->ports[i])
			return true;
		if (match->port_of != MATCH_PORT_SOURCE && view->ports[1] == match->ports[i])
			return true;
	}
	return !n;
}

static bool is_of_traffic(uint64_t traffic, const struct match_view *view)
{
	bool client = view->hosts[0] == ADDR_HOST_PROBER || view->hosts[1] == ADDR_HOST_PROBER;
	bool beacon = view->hosts[0] == ADDR_HOST_BEACON || view->hosts[1] == ADDR_HOST_BEACON;

	switch ((enum match_traffic)traffic) {
	case MATCH_TRAFFIC_ANY:
		return true;
	case MATCH_TRAFFIC_CLIENTS:
		return client;
	case MATCH_TRAFFIC_REPLICATION:
		return !client && !beacon;
	}
	return false;
}

static bool is_of_connections(
	uint64_t wanted, const struct match_view *view, const struct connections *seen)
{
	if (wanted == MATCH_CONNECTIONS_ANY)
		return true;
	if (!view->is_tcp)
		return false;
	switch ((enum match_connections)wanted) {
	case MATCH_CONNECTIONS_ANY:
		return true;
	case MATCH_CONNECTIONS_SYN:
		return view->tcp_flags & PACKET_SYN && !(view->tcp_flags & PACKET_ACK);
	case MATCH_CONNECTIONS_NEW:
		return seen && connections_has(seen, view);
	case MATCH_CONNECTIONS_ESTABLISHED:
		return seen && !connections_has(seen, view);
	}
	return false;
}

bool match_needs_connections(const struct match *match)
{
	return match->connections == MATCH_CONNECTIONS_NEW ||
		match->connections == MATCH_CONNECTIONS_ESTABLISHED;
}

bool match_hits(
	const struct match *match, const struct match_view *view, const struct connections *seen)
{
	return (!match->protocol || match->protocol == view->protocol) &&
		(!match->size_above || view->size > match->size_above) &&
		(!match->size_below || view->size < match->size_below) &&
		is_of_traffic(match->traffic, view) && has_port(match, view) &&
		is_of_connections(match->connections, view, seen);
}
