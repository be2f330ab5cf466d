/* What a match means, that two of them exclude each other, and that u32 filters mean the same. */
#include "chaos/match.h"
#include "chaos/connections.h"
#include "chaos/engines/netem_filter.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/rng.h"
#include "fixtures/net/addr.h"
#include "fixtures/net/packet.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define OWN 0
#define TO 1
#define FRAMES 20000

struct frame {
	uint8_t data[128];
	size_t len;
	unsigned hosts[2];
};

static void put_be16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

struct wish {
	unsigned version, protocol, size, source, target, flags, from_host, to_host;
	bool later_fragment;
};

/* From region OWN to TO; headers only, as long as the length field says. */
static struct frame make(const struct wish *w)
{
	struct frame f = {.len = 100, .hosts = {w->from_host, w->to_host}};
	struct addr from = addr_of(OWN, w->from_host), to = addr_of(TO, w->to_host);
	uint8_t *ip = f.data + 14, *transport = ip + (w->version == 4 ? 20 : 40);

	memcpy(f.data, to.mac, 6);
	memcpy(f.data + 6, from.mac, 6);
	put_be16(f.data + 12, w->version == 4 ? 0x0800 : 0x86dd);
	if (w->version == 4) {
		ip[0] = 0x45;
		put_be16(ip + 2, w->size);
		put_be16(ip + 6, w->later_fragment ? 100 : 0x4000);
		ip[9] = (uint8_t)w->protocol;
	} else {
		ip[0] = 0x60;
		put_be16(ip + 4, w->size - 40);
		ip[6] = (uint8_t)w->protocol;
	}
	put_be16(transport, w->source);
	put_be16(transport + 2, w->target);
	transport[12] = 5 << 4;
	transport[13] = (uint8_t)w->flags;
	return f;
}

static bool hits(const struct match *match, const struct frame *f, struct connections *seen)
{
	struct match_view view;

	assert_true(match_look(&view, f->data, f->len, f->hosts));
	if (seen)
		connections_see(seen, &view);
	return match_hits(match, &view, seen);
}

static void each_row_means_its_packets_only(void **state)
{
	static const struct wish tcp = {4, IPPROTO_TCP, 600, 4000, 6379, PACKET_ACK, 10, 11, false};
	static const struct wish later = {4, IPPROTO_TCP, 600, 4000, 6379, 0, 10, 11, true};
	struct frame f = make(&tcp), fragment = make(&later);

	(void)state;
	assert_true(hits(&(struct match){.protocol = MATCH_TCP}, &f, NULL));
	assert_false(hits(&(struct match){.protocol = MATCH_UDP}, &f, NULL));
	assert_true(hits(&(struct match){.ports = {1, 6379}}, &f, NULL));
	assert_false(hits(&(struct match){.ports = {6379}}, &fragment, NULL));
	assert_true(hits(&(struct match){.protocol = MATCH_TCP}, &fragment, NULL));
	assert_false(
		hits(&(struct match){.ports = {6379}, .port_of = MATCH_PORT_SOURCE}, &f, NULL));
	assert_true(hits(&(struct match){.size_above = 599}, &f, NULL));
	assert_false(hits(&(struct match){.size_above = 600}, &f, NULL));
	assert_true(hits(&(struct match){.size_below = 601}, &f, NULL));
	assert_false(hits(&(struct match){.size_below = 600}, &f, NULL));
	assert_false(hits(&(struct match){.connections = MATCH_CONNECTIONS_SYN}, &f, NULL));
	assert_true(hits(&(struct match){.traffic = MATCH_TRAFFIC_REPLICATION}, &f, NULL));
	assert_false(hits(&(struct match){.traffic = MATCH_TRAFFIC_CLIENTS}, &f, NULL));
	f.hosts[1] = ADDR_HOST_PROBER;
	assert_false(hits(&(struct match){.traffic = MATCH_TRAFFIC_REPLICATION}, &f, NULL));
	assert_true(hits(&(struct match){.traffic = MATCH_TRAFFIC_CLIENTS}, &f, NULL));
}

static void a_connection_is_new_from_its_syn_on(void **state)
{
	static const struct match new = {.connections = MATCH_CONNECTIONS_NEW},
				  old = {.connections = MATCH_CONNECTIONS_ESTABLISHED};
	struct connections *seen = connections_new();
	struct wish w = {6, IPPROTO_TCP, 80, 4000, 6379, PACKET_ACK, 10, 11, false};
	struct frame f = make(&w);

	(void)state;
	assert_true(hits(&old, &f, seen) && !hits(&new, &f, seen));
	w.flags = PACKET_SYN;
	f = make(&w);
	assert_true(hits(&new, &f, seen) && !hits(&old, &f, seen));
	w.flags = PACKET_ACK;
	f = make(&w);
	assert_true(hits(&new, &f, seen) && !hits(&old, &f, seen));
	w.source = 4001; /* another one */
	f = make(&w);
	assert_true(hits(&old, &f, seen) && !hits(&new, &f, seen));
	w.protocol = IPPROTO_UDP;
	f = make(&w);
	assert_false(hits(&old, &f, seen) || hits(&new, &f, seen));
	connections_free(seen);
}

static struct match random_match(struct rng *rng)
{
	struct match m = {.protocol = rng_below(rng, 4), .traffic = rng_below(rng, 3)};

	if (rng_below(rng, 2) && m.protocol != MATCH_ICMP) {
		m.ports[0] = 1 + rng_below(rng, 4);
		m.ports[1] = rng_below(rng, 2) ? 5 : 0;
		m.port_of = rng_below(rng, 3);
	}
	if (rng_below(rng, 3) == 0)
		m.size_above = 256 + rng_below(rng, 1000);
	if (rng_below(rng, 4) == 0)
		m.size_below = 1300 + rng_below(rng, 200);
	if (m.protocol < MATCH_UDP && rng_below(rng, 3) == 0)
		m.connections = 1 + rng_below(rng, 3);
	return m;
}

static struct wish random_wish(struct rng *rng)
{
	static const unsigned protocols[] = {IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, 0, 132};
	static const unsigned hosts[] = {ADDR_HOST_PROBER, ADDR_HOST_BEACON, 10, 11, 12};
	static const unsigned flags[] = {PACKET_SYN, PACKET_SYN | PACKET_ACK, PACKET_ACK,
		PACKET_ACK | 8, PACKET_RST, PACKET_FIN | PACKET_ACK};
	struct wish w = {.version = rng_below(rng, 2) ? 4 : 6,
		.protocol = protocols[rng_below(rng, 5)],
		.size = 100 + (unsigned)rng_below(rng, 1500),
		.source = (unsigned)rng_below(rng, 8),
		.target = (unsigned)rng_below(rng, 8),
		.flags = flags[rng_below(rng, 6)],
		.from_host = hosts[rng_below(rng, 5)],
		.to_host = hosts[rng_below(rng, 5)]};

	if (!w.protocol)
		w.protocol = w.version == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	w.later_fragment = w.version == 4 && rng_below(rng, 10) == 0;
	return w;
}

static void disjoint_matches_never_mean_one_packet(void **state)
{
	struct rng rng;
	unsigned apart = 0, both = 0;

	(void)state;
	rng_seed(&rng, 3);
	for (int i = 0; i < FRAMES; i++) {
		struct match a = random_match(&rng), b = random_match(&rng);
		struct wish w = random_wish(&rng);
		struct frame f = make(&w);
		struct connections *seen = i % 2 ? connections_new() : NULL;
		bool two = hits(&a, &f, seen) && hits(&b, &f, seen);

		apart += match_are_disjoint(&a, &b);
		both += two;
		assert_int_equal(match_are_disjoint(&a, &b), match_are_disjoint(&b, &a));
		assert_false(two && match_are_disjoint(&a, &b));
		connections_free(seen);
	}
	assert_true(apart > FRAMES / 10 && both > 100);
}

static uint32_t word_at(const struct frame *f, int offset)
{
	return packet_be32(f->data + 14 + offset);
}

static bool agrees(const struct netem_filter *filter, const struct frame *f)
{
	for (unsigned i = 0; i < filter->n_keys; i++) {
		const struct tc_key *key = &filter->keys[i];

		if ((word_at(f, key->offset) & key->mask) != key->value)
			return false;
	}
	return true;
}

/* As the kernel does: the first filter whose keys agree. */
static bool u32_hits(const struct netem_filters *filters, const struct frame *f)
{
	for (size_t i = 0; i < filters->n; i++) {
		if (agrees(&filters->items[i], f))
			return !filters->items[i].excludes;
	}
	return false;
}

static void filters_mean_what_the_match_means(void **state)
{
	struct netem_filters filters;
	unsigned hit = 0, missed = 0;
	struct rng rng;
	struct err err;

	(void)state;
	rng_seed(&rng, 4);
	for (int i = 0; i < FRAMES / 10; i++) {
		struct match m = random_match(&rng);

		if (match_needs_connections(&m))
			m.connections = MATCH_CONNECTIONS_ANY;
		for (int k = 0; k < 20; k++) {
			struct wish w = random_wish(&rng);
			struct frame f = make(&w);
			bool wanted = hits(&m, &f, NULL);

			if (netem_filter_make(&m, OWN, TO, NULL, w.version, &filters, &err))
				fail_msg("%s", err.text);
			assert_int_equal(u32_hits(&filters, &f), wanted);
			hit += wanted;
			missed += !wanted;
		}
	}
	assert_true(hit > 1000 && missed > 1000);
}

static void what_filters_cannot_tell_is_refused(void **state)
{
	struct engine_rule rules[] = {
		{{.connections = MATCH_CONNECTIONS_ESTABLISHED}, {.cut = 1}},
		{{.connections = MATCH_CONNECTIONS_NEW}, {.delay_ns = 1000}},
		{{.protocol = MATCH_TCP}, {.cut = 1, .reject = REJECT_ICMP}},
		{{.ports = {1, 2, 3, 4, 5, 6, 7, 8}, .size_above = 257, .size_below = 65534},
			{.cut = 1}},
	};
	struct engine_rule fine = {{.connections = MATCH_CONNECTIONS_NEW}, {.cut = 1}};
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		assert_int_equal(netem_filter_can(&rules[i], &err), -1);
		assert_non_null(strstr(err.text, "take engine wire"));
	}
	assert_int_equal(netem_filter_can(&fine, &err), 0);
}

static void rows_that_contradict_are_refused_with_a_sentence(void **state)
{
	static const struct match wrong[] = {
		{.ports = {1}, .protocol = MATCH_ICMP},
		{.port_of = MATCH_PORT_SOURCE},
		{.connections = MATCH_CONNECTIONS_SYN, .protocol = MATCH_UDP},
		{.size_above = 100},
		{.size_above = 700, .size_below = 701},
	};
	static const struct match right = {
		.size_above = 700, .size_below = 702, .ports = {1}, .port_of = MATCH_PORT_SOURCE};
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(match_check(&wrong[i], &err), -1);
	assert_int_equal(match_check(&right, &err), 0);
}

static void a_match_is_printed_as_people_say_it(void **state)
{
	static const struct {
		struct match match;
		const char *text;
	} cases[] = {
		{{.size_above = 0}, "any"},
		{{.protocol = MATCH_TCP, .ports = {6379, 26379}}, "tcp port 6379 or 26379"},
		{{.ports = {53}, .port_of = MATCH_PORT_TARGET}, "target port 53"},
		{{.traffic = MATCH_TRAFFIC_CLIENTS, .ports = {53}}, "traffic of clients, port 53"},
		{{.connections = MATCH_CONNECTIONS_NEW}, "new connections"},
		{{.size_above = 1400}, "packets above 1400 bytes"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf text = {0};

		match_print(&text, &cases[i].match);
		assert_string_equal(buf_str(&text), cases[i].text);
		buf_release(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_means_its_packets_only),
		cmocka_unit_test(a_connection_is_new_from_its_syn_on),
		cmocka_unit_test(disjoint_matches_never_mean_one_packet),
		cmocka_unit_test(filters_mean_what_the_match_means),
		cmocka_unit_test(what_filters_cannot_tell_is_refused),
		cmocka_unit_test(rows_that_contradict_are_refused_with_a_sentence),
		cmocka_unit_test(a_match_is_printed_as_people_say_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
