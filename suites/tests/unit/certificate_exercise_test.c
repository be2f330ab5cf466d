/* A fault that the system under test did not run into proves nothing: the certificate and captures. */
#include "suites/proof/refusal.h"
#include "suites/tests/helpers/certificate_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Captures. One bucket every 10 ms in [from_ns, to_ns). */
static void system_sends(
	struct bench *b, unsigned from, unsigned to, uint64_t from_ns, uint64_t to_ns, bool crosses)
{
	for (uint64_t at = from_ns; at < to_ns; at += 100 * MS) {
		b->captures.counts[b->captures.n++] = (struct capture_count){.at_ns = at,
			.packets = 3,
			.region = (uint8_t)from,
			.peer = (uint8_t)to,
			.way = CAPTURE_OUT,
			.owner = CAPTURE_SYSTEM};
		if (crosses)
			b->captures.counts[b->captures.n++] = (struct capture_count){.at_ns = at,
				.packets = 3,
				.region = (uint8_t)to,
				.peer = (uint8_t)from,
				.way = CAPTURE_IN,
				.owner = CAPTURE_SYSTEM};
	}
}

static void watch(struct bench *b)
{
	b->input.captures = &b->captures;
	b->captures.n_covers = 3;
	for (uint32_t r = 0; r < 3; r++)
		b->captures.covers[r] = (struct capture_cover){0, END_NS, 0, r};
}

static void cut_that_the_system_runs_into_is_certified(void **state)
{
	struct bench *b = *state;

	bench_start_neutral(b);
	watch(b);
	bench_ask(b, 0, 1, &bench_cut);
	bench_happens_all(b, &bench_cut);
	system_sends(b, 0, 1, 0, ON_NS, true);
	system_sends(b, 0, 1, ON_NS, END_NS, false);
	bench_expect(b, CERTIFIED, NULL);
	assert_true(b->out.links[0].system_before > 0 && b->out.links[0].system_attempted > 0);
	assert_int_equal(b->out.links[0].exercise, EXERCISE_YES);
}

static void is_refused(struct bench *b, unsigned from, unsigned to, enum capture_owner how)
{
	for (uint64_t at = ON_NS; at < OFF_NS; at += 100 * MS)
		b->captures.counts[b->captures.n++] = (struct capture_count){.at_ns = at,
			.packets = 3,
			.region = (uint8_t)from,
			.peer = (uint8_t)to,
			.way = CAPTURE_IN,
			.owner = (uint8_t)how};
}

static int by_time(const void *a, const void *b)
{
	const struct capture_count *x = a, *y = b;

	return (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns);
}

static void expect_of_refusal(struct bench *b, enum reject asked, enum capture_owner seen,
	enum certificate_status status, const char *word)
{
	struct impairment cut = bench_cut;

	cut.reject = asked;
	bench_start_neutral(b);
	watch(b);
	bench_ask(b, 0, 1, &cut);
	bench_happens_all(b, &bench_cut);
	system_sends(b, 0, 1, 0, ON_NS, true);
	system_sends(b, 0, 1, ON_NS, END_NS, false);
	if (seen != CAPTURE_SYSTEM)
		is_refused(b, 0, 1, seen);
	qsort(b->captures.counts, b->captures.n, sizeof(*b->captures.counts), by_time);
	bench_expect(b, status, word);
}

static void cut_that_refuses_is_certified_by_its_answers(void **state)
{
	struct bench *b = *state;

	expect_of_refusal(b, REJECT_RST, CAPTURE_REFUSAL_RST, CERTIFIED, NULL);
	assert_true(b->out.links[0].refusable > REFUSABLE_MIN);
	assert_true(b->out.links[0].refused_by_rst >= b->out.links[0].refusable);
}

static void cut_that_was_to_refuse_and_is_silent_is_partial(void **state)
{
	expect_of_refusal(
		*state, REJECT_RST, CAPTURE_SYSTEM, CERTIFICATE_PARTIAL, "the others met silence");
}

static void answers_of_the_wrong_kind_are_none(void **state)
{
	expect_of_refusal(*state, REJECT_ICMP, CAPTURE_REFUSAL_RST, CERTIFICATE_PARTIAL,
		"refused with ICMP 0 were");
}

/* Silence is what a cut is by default. */
static void silent_cut_needs_no_answers(void **state)
{
	expect_of_refusal(*state, REJECT_NONE, CAPTURE_SYSTEM, CERTIFIED, NULL);
}

static void link_that_the_system_does_not_use_is_not_exercised(void **state)
{
	struct bench *b = *state;

	bench_start_neutral(b);
	watch(b);
	bench_ask(b, 0, 1, &bench_cut);
	bench_happens_all(b, &bench_cut);
	system_sends(b, 0, 2, 0, END_NS, true);
	bench_expect(b, CERTIFICATE_NOT_EXERCISED,
		"the system sent nothing between the regions of us-east -> eu-west before the fault");
}

static void system_that_stops_before_the_fault_is_not_exercised(void **state)
{
	struct bench *b = *state;

	bench_start_neutral(b);
	watch(b);
	bench_ask(b, 0, 1, &bench_cut);
	bench_happens_all(b, &bench_cut);
	system_sends(b, 0, 1, 0, ON_NS - 100 * MS, true);
	bench_expect(b, CERTIFICATE_NOT_EXERCISED, "while the fault was in force");
}

static void missing_capture_is_no_data_where_use_was_to_be_shown(void **state)
{
	struct bench *b = *state;

	bench_start_neutral(b);
	b->input.captures = &b->captures;
	bench_ask(b, 0, 1, &bench_cut);
	bench_happens_all(b, &bench_cut);
	bench_expect(b, CERTIFICATE_NO_DATA, "there is no capture");
}

static void filter_that_cuts_only_beacons_is_partial(void **state)
{
	struct bench *b = *state;

	bench_start_neutral(b);
	watch(b);
	bench_ask(b, 0, 1, &bench_cut);
	bench_happens_all(b, &bench_cut);
	system_sends(b, 0, 1, 0, END_NS, true);
	bench_expect(b, CERTIFICATE_PARTIAL, "packets of the system crossed the cut");
}

static void long_bursts_are_certified_when_beacons_are_alone_and_enough(void **state)
{
	struct bench *b = *state;
	struct impairment lossy = {.delay_ns = 40 * MS, .loss_ppm = 100000, .loss_burst = 4};

	world_init(&b->world, 3, 120 * NSEC_PER_SEC, 5);
	bench_start_neutral(b);
	watch(b);
	bench_ask(b, 0, 1, &lossy);
	b->links[0].undo_sent_ns = 118 * NSEC_PER_SEC - MS;
	b->links[0].undo_acked_ns = 118 * NSEC_PER_SEC;
	b->links[0].after_to_ns = 120 * NSEC_PER_SEC;
	bench_happens(b, 0, 1, &lossy, WORLD_BOTH, 118 * NSEC_PER_SEC);
	system_sends(b, 0, 1, 0, 3 * NSEC_PER_SEC, true);
	for (uint32_t r = 0; r < 3; r++)
		b->captures.covers[r].to_ns = 120 * NSEC_PER_SEC;
	bench_expect(b, CERTIFIED, NULL);
	assert_true(b->out.links[0].burst_certified);
	assert_true(b->out.links[0].mean_burst > 3.5 && b->out.links[0].mean_burst < 4.5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(cut_that_the_system_runs_into_is_certified),
		bench_test(cut_that_refuses_is_certified_by_its_answers),
		bench_test(cut_that_was_to_refuse_and_is_silent_is_partial),
		bench_test(answers_of_the_wrong_kind_are_none),
		bench_test(silent_cut_needs_no_answers),
		bench_test(link_that_the_system_does_not_use_is_not_exercised),
		bench_test(system_that_stops_before_the_fault_is_not_exercised),
		bench_test(missing_capture_is_no_data_where_use_was_to_be_shown),
		bench_test(filter_that_cuts_only_beacons_is_partial),
		bench_test(long_bursts_are_certified_when_beacons_are_alone_and_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
