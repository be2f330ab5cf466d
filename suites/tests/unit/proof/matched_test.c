/* Faults on some packets: proven by these packets, and by nothing else. */
#include "suites/proof/matched.h"
#include "fixtures/base/arena.h"
#include "fixtures/base/clock.h"
#include "fixtures/net/packet.h"
#include "suites/tests/helpers/beacon_world.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS NSEC_PER_MSEC
#define ON_NS (2 * NSEC_PER_SEC + 2 * MS)
#define OFF_NS (6 * NSEC_PER_SEC + 2 * MS)
#define END_NS (9 * NSEC_PER_SEC)
#define EVERY_NS (40 * MS)
#define PACKETS_MAX 4096
#define PORT 6379

static const char *const regions[] = {"us-east", "eu-west"};
static const struct impairment base = {.delay_ns = 40 * MS};
static const struct impairment cut = {.delay_ns = 40 * MS, .cut = 1};
static const struct match port = {.ports = {PORT}};

/* A fault on packets of one port, region 0 to 1, between ON and OFF; beacons go on. */
struct bench {
	struct arena arena;
	struct world world;
	struct beacons beacons;
	struct captures captures;
	struct stalls stalls;
	struct noise noise;
	struct certificate_asked link;
	struct certificate_input input;
	struct certificate out;
	uint64_t ids;
};

static int bench_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	world_init(&b->world, 2, END_NS, 1);
	world_change(&b->world, 0, 1, WORLD_BOTH, 0, &base);
	world_change(&b->world, 1, 0, WORLD_BOTH, 0, &base);
	b->noise = (struct noise){.delay_ns = 150000, .path_ns = 22000, .n = 1000};
	b->captures.packets = calloc(PACKETS_MAX, sizeof(*b->captures.packets));
	b->captures.covers = calloc(2, sizeof(*b->captures.covers));
	b->captures.n_covers = 2;
	for (uint32_t r = 0; r < 2; r++)
		b->captures.covers[r] = (struct capture_cover){0, END_NS, 0, r};
	b->link = (struct certificate_asked){.to = 1,
		.before = base,
		.asked = base,
		.after = base,
		.match = &port,
		.matched_before = base,
		.matched_asked = cut,
		.matched_after = base,
		.sent_ns = ON_NS - MS / 2,
		.acked_ns = ON_NS,
		.undo_sent_ns = OFF_NS - MS / 2,
		.undo_acked_ns = OFF_NS,
		.after_to_ns = END_NS,
		.read_back_equal = true};
	b->input = (struct certificate_input){.regions = regions,
		.links = &b->link,
		.n_links = 1,
		.beacons = &b->beacons,
		.captures = &b->captures,
		.stalls = &b->stalls,
		.noise = &b->noise,
		.n_faults = 1};
	*state = b;
	return 0;
}

static int bench_down(void **state)
{
	struct bench *b = *state;

	beacons_release(&b->beacons);
	captures_release(&b->captures);
	arena_release(&b->arena);
	free(b);
	return 0;
}

static struct packet_log_record *log_record(struct bench *b, unsigned region, uint64_t at_ns)
{
	struct packet_log_record *r = &b->captures.packets[b->captures.n_packets++];

	assert_true(b->captures.n_packets <= PACKETS_MAX);
	*r = (struct packet_log_record){.at_ns = at_ns,
		.id = b->ids,
		.size = 100,
		.ports = {40000, PORT},
		.protocol = IPPROTO_TCP,
		.bits = PACKET_LOG_PORTS | PACKET_LOG_TCP,
		.tcp_flags = PACKET_ACK,
		.connection = 7,
		.region = (uint8_t)region,
		.peer = !region,
		.way = region ? CAPTURE_IN : CAPTURE_OUT,
		.owner = CAPTURE_SYSTEM};
	return r;
}

/* What came in at the sender's uplink in place of the target's answer. */
static void answers(struct bench *b, enum capture_owner how, uint32_t n)
{
	b->captures.counts = calloc(1, sizeof(*b->captures.counts));
	b->captures.counts[b->captures.n++] = (struct capture_count){.at_ns = ON_NS + 500 * MS,
		.packets = n,
		.peer = 1,
		.way = CAPTURE_IN,
		.owner = (uint8_t)how};
}

/* A packet of a connection from 0 to 1 that takes delay_ns; 0: it is lost. */
static void packet(
	struct bench *b, uint64_t at_ns, uint64_t delay_ns, uint64_t connection, uint8_t flags)
{
	struct packet_log_record *r;

	b->ids++;
	r = log_record(b, 0, at_ns);
	r->connection = connection;
	r->tcp_flags = flags;
	if (!delay_ns)
		return;
	r = log_record(b, 1, at_ns + delay_ns);
	r->connection = connection;
	r->tcp_flags = flags;
}

static void packets(struct bench *b, uint64_t from_ns, uint64_t to_ns, uint64_t delay_ns)
{
	for (uint64_t at = from_ns + EVERY_NS; at + EVERY_NS < to_ns; at += EVERY_NS)
		packet(b, at, delay_ns, 7, PACKET_ACK);
}

static void refused_port(struct bench *b)
{
	b->link.matched_asked.reject = REJECT_RST;
	packets(b, 0, ON_NS, 40 * MS);
	packets(b, ON_NS, OFF_NS, 0);
	packets(b, OFF_NS, END_NS, 40 * MS);
}

static int by_time(const void *a, const void *b)
{
	const struct packet_log_record *x = a, *y = b;

	return (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns);
}

static void expect_status(struct bench *b, enum certificate_status status, const char *word)
{
	world_make(&b->world, &b->beacons);
	qsort(b->captures.packets, b->captures.n_packets, sizeof(*b->captures.packets), by_time);
	certificate_make(&b->arena, &b->input, &b->out);
	for (size_t i = 0; i < b->out.n_notes; i++)
		print_message("    %s\n", b->out.notes[i]);
	if (b->out.status != status)
		fail_msg("status is %s: %s", certificate_status_name(b->out.status), b->out.why);
	if (status != CERTIFIED && (!b->out.why || !strstr(b->out.why, word)))
		fail_msg("'%s' does not say '%s'", b->out.why, word);
}

static void port_that_is_refused_is_certified_by_the_answers(void **state)
{
	struct bench *b = *state;

	refused_port(b);
	answers(b, CAPTURE_REFUSAL_RST, 200);
	expect_status(b, CERTIFIED, NULL);
	assert_true(b->out.links[0].refusable > 50);
	assert_int_equal(b->out.links[0].refused_by_rst, 200);
}

static void port_that_is_cut_silently_instead_is_partial(void **state)
{
	struct bench *b = *state;

	refused_port(b);
	expect_status(b, CERTIFICATE_PARTIAL, "the others met silence");
}

static void cut_of_a_port_is_certified_by_its_packets(void **state)
{
	struct bench *b = *state;

	packets(b, 0, ON_NS, 40 * MS);
	packets(b, ON_NS, OFF_NS, 0);
	packets(b, OFF_NS, END_NS, 40 * MS);
	expect_status(b, CERTIFIED, NULL);
	assert_int_equal(b->out.links[0].exercise, EXERCISE_YES);
	assert_true(b->out.links[0].system_attempted > 50);
	assert_int_equal(b->out.links[0].system_crossed, 0);
	assert_int_equal(b->out.in_force_ns, ON_NS);
}

static void cut_that_its_packets_cross_is_not_in_force(void **state)
{
	struct bench *b = *state;

	packets(b, 0, END_NS, 40 * MS);
	expect_status(b, CERTIFICATE_NOT_IN_FORCE, "nothing changed");
}

static void cut_that_some_of_its_packets_cross_is_partial(void **state)
{
	struct bench *b = *state;

	packets(b, 0, ON_NS, 40 * MS);
	packets(b, ON_NS, OFF_NS, 0);
	packet(b, ON_NS + NSEC_PER_SEC, 40 * MS, 7, PACKET_ACK);
	packets(b, OFF_NS, END_NS, 40 * MS);
	expect_status(b, CERTIFICATE_PARTIAL, "loss");
}

static void cut_that_outlives_its_undo_is_partial(void **state)
{
	struct bench *b = *state;

	packets(b, 0, ON_NS, 40 * MS);
	packets(b, ON_NS, END_NS, 0);
	expect_status(b, CERTIFICATE_PARTIAL, "still there after its undo");
}

static void packets_of_others_prove_nothing(void **state)
{
	struct bench *b = *state;

	packets(b, 0, END_NS, 40 * MS);
	for (size_t i = 0; i < b->captures.n_packets; i++)
		b->captures.packets[i].ports[1] = PORT + 1;
	expect_status(b, CERTIFICATE_NOT_EXERCISED, "was sent while it was in force");
}

static void two_packets_are_too_few(void **state)
{
	struct bench *b = *state;

	packets(b, 0, ON_NS, 40 * MS);
	packet(b, ON_NS + NSEC_PER_SEC, 0, 7, PACKET_ACK);
	expect_status(b, CERTIFICATE_NOT_EXERCISED, "too few to tell");
}

static void packets_that_never_crossed_prove_no_cut(void **state)
{
	struct bench *b = *state;

	packets(b, ON_NS, OFF_NS, 0);
	expect_status(b, CERTIFICATE_NOT_EXERCISED, "crossed before or after");
}

static void logs_that_are_not_whole_are_no_data(void **state)
{
	struct bench *b = *state;

	packets(b, 0, ON_NS, 40 * MS);
	packets(b, ON_NS, OFF_NS, 0);
	b->captures.covers[1].dropped = 1;
	expect_status(b, CERTIFICATE_NO_DATA, "missed packets");
	b->captures.covers[1].dropped = 0;
	log_record(b, 1, ON_NS + MS)->owner = PACKET_LOG_FULL;
	beacons_release(&b->beacons);
	expect_status(b, CERTIFICATE_NO_DATA, "was full before the fault ended");
	b->captures.n_packets--;
	b->captures.covers[1].to_ns = OFF_NS - NSEC_PER_SEC;
	beacons_release(&b->beacons);
	expect_status(b, CERTIFICATE_NO_DATA, "no capture watched");
	b->input.captures = NULL;
	beacons_release(&b->beacons);
	expect_status(b, CERTIFICATE_NO_DATA, "no capture watched");
}

static void fault_that_hits_bystanders_too_is_not_certified(void **state)
{
	struct bench *b = *state;

	packets(b, 0, ON_NS, 40 * MS);
	packets(b, ON_NS, OFF_NS, 0);
	packets(b, OFF_NS, END_NS, 40 * MS);
	world_change(&b->world, 0, 1, WORLD_BOTH, ON_NS, &cut);
	world_change(&b->world, 0, 1, WORLD_BOTH, OFF_NS, &base);
	expect_status(b, CERTIFICATE_PARTIAL, "lost");
}

static void delay_is_told_by_when_its_packets_arrive(void **state)
{
	struct bench *b = *state;

	b->link.matched_asked = (struct impairment){.delay_ns = 90 * MS};
	packets(b, 0, ON_NS, 40 * MS);
	packets(b, ON_NS, OFF_NS, 90 * MS);
	packets(b, OFF_NS + 100 * MS, END_NS, 40 * MS);
	expect_status(b, CERTIFIED, NULL);
	for (size_t i = 0; i < b->captures.n_packets; i++) {
		struct packet_log_record *r = &b->captures.packets[i];

		if (r->region && r->at_ns > ON_NS + 100 * MS && r->at_ns < OFF_NS)
			r->at_ns -= 30 * MS;
	}
	beacons_release(&b->beacons);
	expect_status(b, CERTIFICATE_PARTIAL, "delay");
}

static void new_and_old_connections_are_told_by_their_syn(void **state)
{
	static const struct match matches[] = {{.connections = MATCH_CONNECTIONS_NEW},
		{.connections = MATCH_CONNECTIONS_ESTABLISHED}};
	struct bench *b = *state;

	for (int i = 0; i < 2; i++) {
		bool new_is_cut = i == 0;

		b->link.match = &matches[i];
		b->captures.n_packets = 0;
		packet(b, ON_NS - 900 * MS, 40 * MS, 3, PACKET_SYN); /* crosses before */
		packets(b, 0, ON_NS, 40 * MS);
		packets(b, ON_NS, OFF_NS, new_is_cut ? 40 * MS : 0);
		/* Begun as the change was made: on neither side. */
		packet(b, ON_NS + MS, 40 * MS, 5, PACKET_SYN);
		packet(b, ON_NS + 500 * MS, new_is_cut ? 40 * MS : 0, 5, PACKET_ACK);
		for (uint64_t at = ON_NS + 100 * MS; at < OFF_NS - 100 * MS; at += 500 * MS)
			packet(b, at, new_is_cut ? 0 : 40 * MS, at, PACKET_SYN);
		packets(b, OFF_NS, END_NS, 40 * MS);
		beacons_release(&b->beacons);
		expect_status(b, CERTIFIED, NULL);
		assert_int_equal(b->out.links[0].system_crossed, 0);
		assert_true(b->out.links[0].system_attempted > 5);
	}
}

static void a_fault_on_a_protocol_that_beacons_have_is_seen_by_them(void **state)
{
	(void)state;
	assert_true(matched_hits_beacons(&(struct match){.protocol = MATCH_UDP}));
	assert_false(matched_hits_beacons(&(struct match){.protocol = MATCH_TCP}));
	assert_false(matched_hits_beacons(&port));
	assert_false(matched_hits_beacons(&(struct match){.size_above = 256}));
	assert_false(matched_hits_beacons(&(struct match){.traffic = MATCH_TRAFFIC_CLIENTS}));
	assert_false(matched_hits_beacons(&(struct match){.traffic = MATCH_TRAFFIC_REPLICATION}));
	assert_false(matched_hits_beacons(&(struct match){.connections = MATCH_CONNECTIONS_NEW}));
}

#define bench_test(f) cmocka_unit_test_setup_teardown(f, bench_up, bench_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(port_that_is_refused_is_certified_by_the_answers),
		bench_test(port_that_is_cut_silently_instead_is_partial),
		bench_test(cut_of_a_port_is_certified_by_its_packets),
		bench_test(cut_that_its_packets_cross_is_not_in_force),
		bench_test(cut_that_some_of_its_packets_cross_is_partial),
		bench_test(cut_that_outlives_its_undo_is_partial),
		bench_test(packets_of_others_prove_nothing),
		bench_test(two_packets_are_too_few),
		bench_test(packets_that_never_crossed_prove_no_cut),
		bench_test(logs_that_are_not_whole_are_no_data),
		bench_test(fault_that_hits_bystanders_too_is_not_certified),
		bench_test(delay_is_told_by_when_its_packets_arrive),
		bench_test(new_and_old_connections_are_told_by_their_syn),
		cmocka_unit_test(a_fault_on_a_protocol_that_beacons_have_is_seen_by_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
