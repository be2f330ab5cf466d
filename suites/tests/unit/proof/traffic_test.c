#include "suites/proof/traffic.h"
#include "fixtures/base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define MS UINT64_C(1000000)

/* The fault from 1000 to 3000 ms; the run ends at 10 s. */
static const struct certificate_asked fault = {.from = 0,
	.to = 1,
	.sent_ns = 1000 * MS,
	.acked_ns = 1000 * MS,
	.undo_sent_ns = 3000 * MS,
	.undo_acked_ns = 3000 * MS,
	.after_to_ns = 10000 * MS};

static struct capture_count out(uint64_t ms, uint32_t packets)
{
	return (struct capture_count){.at_ns = ms * MS,
		.packets = packets,
		.bytes = packets * 100,
		.region = 0,
		.peer = 1,
		.way = CAPTURE_OUT};
}

static struct capture_count in(uint64_t ms, uint32_t packets)
{
	return (struct capture_count){
		.at_ns = ms * MS, .packets = packets, .region = 1, .peer = 0, .way = CAPTURE_IN};
}

static void stages_are_told_apart_and_as_long_as_the_fault(void **state)
{
	struct capture_count counts[] = {
		out(100, 3), in(120, 3), out(1500, 7), out(3500, 2), in(3540, 2), out(6000, 50)};
	struct captures captures = {.counts = counts, .n = 6};
	struct arena arena = {0};
	struct traffic *t;
	size_t n;

	(void)state;
	t = traffic_measure(&arena, &captures, &fault, 1, &n);
	assert_int_equal(n, TRAFFIC_STAGES);
	assert_int_equal(t[TRAFFIC_BEFORE].sent, 3);
	assert_int_equal(t[TRAFFIC_BEFORE].bytes, 300);
	assert_int_equal(t[TRAFFIC_BEFORE].crossed, 3);
	assert_int_equal(t[TRAFFIC_DURING].sent, 7);
	assert_int_equal(t[TRAFFIC_DURING].crossed, 0);
	assert_int_equal(t[TRAFFIC_DURING].last_ns, 0);
	assert_int_equal(t[TRAFFIC_AFTER].sent, 2); /* what comes at 6 s is later than 2 s after */
	assert_true(t[TRAFFIC_AFTER].first_ns == 3540 * MS);
	arena_release(&arena);
}

static void packets_of_ours_and_of_other_pairs_do_not_count(void **state)
{
	struct capture_count counts[] = {out(1500, 7), out(1500, 7), out(1500, 7)};
	struct captures captures = {.counts = counts, .n = 3};
	struct arena arena = {0};
	struct traffic *t;
	size_t n;

	(void)state;
	counts[0].owner = CAPTURE_PROBER;
	counts[1].owner = CAPTURE_BEACON;
	counts[2].peer = 2;
	t = traffic_measure(&arena, &captures, &fault, 1, &n);
	assert_int_equal(t[TRAFFIC_DURING].sent, 0);
	arena_release(&arena);
}

static void connections_are_counted_where_they_are_asked_for(void **state)
{
	struct capture_tcp tcp[] = {
		{.at_ns = 1100 * MS, .peer = 1, .way = CAPTURE_OUT, .kind = FLOW_SYN},
		{.at_ns = 1140 * MS,
			.value_ns = 40 * MS,
			.peer = 1,
			.way = CAPTURE_IN,
			.kind = FLOW_HANDSHAKE},
		{.at_ns = 1200 * MS, .peer = 1, .way = CAPTURE_OUT, .kind = FLOW_RETRANSMIT},
		{.at_ns = 1300 * MS, .peer = 1, .way = CAPTURE_OUT, .kind = FLOW_RESET},
		{.at_ns = 1400 * MS, .peer = 1, .way = CAPTURE_IN, .kind = FLOW_SYN},
		{.at_ns = 1400 * MS,
			.value_ns = 1,
			.peer = 1,
			.way = CAPTURE_OUT,
			.kind = FLOW_HANDSHAKE}};
	struct captures captures = {.tcp = tcp, .n_tcp = 6};
	struct arena arena = {0};
	struct traffic *t;
	size_t n;

	(void)state;
	t = traffic_measure(&arena, &captures, &fault, 1, &n);
	assert_int_equal(t[TRAFFIC_DURING].opened, 1);
	assert_int_equal(t[TRAFFIC_DURING].answered, 1);
	assert_true(t[TRAFFIC_DURING].handshake_ns == 40 * MS);
	assert_int_equal(t[TRAFFIC_DURING].retransmissions, 1);
	assert_int_equal(t[TRAFFIC_DURING].resets, 1);
	assert_int_equal(t[TRAFFIC_BEFORE].opened, 0);
	arena_release(&arena);
}

static void fault_that_was_not_undone_has_no_after(void **state)
{
	struct certificate_asked open_end = fault;
	struct captures captures = {0};
	struct arena arena = {0};
	struct traffic *t;
	size_t n;

	(void)state;
	open_end.undo_sent_ns = open_end.undo_acked_ns = 0;
	t = traffic_measure(&arena, &captures, &open_end, 1, &n);
	assert_true(t[TRAFFIC_AFTER].from_ns == t[TRAFFIC_AFTER].to_ns);
	assert_true(t[TRAFFIC_DURING].to_ns == 10000 * MS);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stages_are_told_apart_and_as_long_as_the_fault),
		cmocka_unit_test(packets_of_ours_and_of_other_pairs_do_not_count),
		cmocka_unit_test(connections_are_counted_where_they_are_asked_for),
		cmocka_unit_test(fault_that_was_not_undone_has_no_after),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
