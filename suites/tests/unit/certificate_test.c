/* What the certificate says of honest faults, and of every way in which one can be none. */
#include "suites/proof/rows.h"
#include "suites/tests/helpers/certificate_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void honest_cut_is_certified_with_its_instants(void **state)
{
	struct bench *b = *state;

	bench_start_neutral(b);
	bench_ask_all(b, &bench_cut);
	bench_happens_all(b, &bench_cut);
	bench_expect(b, CERTIFIED, NULL);
	assert_in_range(b->out.in_force_ns, ON_NS, ON_NS + WORLD_PERIOD_NS);
	assert_in_range(b->out.gone_ns, OFF_NS, OFF_NS + WORLD_PERIOD_NS);
	assert_in_range(b->out.resolution_ns, 1, WORLD_PERIOD_NS);
	assert_in_range(b->out.drain_ns, 30 * MS, 41 * MS); /* 40 ms of packets were on their way */
	assert_true(b->out.skew_ns <= WORLD_PERIOD_NS);
	assert_int_equal(b->out.links[0].families[BEACON_IP6].during.loss * 100, 100);
}

static void honest_delay_loss_and_jitter_are_certified(void **state)
{
	struct bench *b = *state;
	struct impairment slow = {
		.delay_ns = 150 * MS,
		.jitter_ns = 3 * MS,
		.distribution = DISTRIBUTION_NORMAL,
		.reorder = 1,
		.loss_ppm = 100000,
		.loss_burst = 4,
	};
	const struct certificate_measure *during;

	bench_start_neutral(b);
	bench_ask_all(b, &slow);
	bench_happens_all(b, &slow);
	bench_expect(b, CERTIFIED, NULL);
	during = &b->out.links[0].families[BEACON_IP4].during;
	assert_in_range(during->p50_ns, 149 * MS, 151 * MS);
	assert_in_range(during->jitter_ns, 5 * MS / 2, 7 * MS / 2);
	assert_true(during->loss_low < 0.1 && during->loss_high > 0.1);
	assert_in_range(b->out.in_force_ns, ON_NS, ON_NS + 2 * WORLD_PERIOD_NS);
	assert_false(b->out.links[0].burst_certified);
}

static void fault_without_effect_is_not_in_force(void **state)
{
	struct bench *b = *state;

	bench_start_neutral(b);
	bench_ask_all(b, &bench_cut);
	bench_expect(b, CERTIFICATE_NOT_IN_FORCE, "nothing changed");
	assert_int_equal(b->out.in_force_ns, 0);
}

static void delay_and_loss_without_effect_are_not_in_force(void **state)
{
	struct bench *b = *state;
	struct impairment slow = {.delay_ns = 60 * MS},
			  lossy = {.delay_ns = 40 * MS, .loss_ppm = 100000};

	bench_start_neutral(b);
	bench_ask(b, 0, 1, &slow);
	bench_ask(b, 1, 0, &lossy);
	bench_expect(b, CERTIFICATE_NOT_IN_FORCE, "nothing changed");
}

static void fault_on_the_wrong_link_is_not_in_force_and_the_other_is_named(void **state)
{
	struct bench *b = *state;

	bench_start_neutral(b);
	bench_ask(b, 0, 1, &bench_cut);
	bench_happens(b, 1, 2, &bench_cut, WORLD_BOTH, OFF_NS);
	bench_expect(b, CERTIFICATE_NOT_IN_FORCE, "us-east -> eu-west");
	assert_non_null(
		strstr(b->out.notes[1], "eu-west -> ap-south, which the fault does not touch"));
}

static void fault_that_hits_more_than_asked_is_partial(void **state)
{
	struct bench *b = *state;

	bench_start_neutral(b);
	bench_ask(b, 0, 1, &bench_cut);
	bench_happens(b, 0, 1, &bench_cut, WORLD_BOTH, OFF_NS);
	bench_happens(b, 1, 2, &bench_cut, WORLD_BOTH, OFF_NS);
	bench_expect(b, CERTIFICATE_PARTIAL, "which the fault does not touch");
}

static void cut_that_is_lifted_half_way_is_partial_with_the_instant(void **state)
{
	struct bench *b = *state;
	uint64_t lifted_ns = 4 * NSEC_PER_SEC;

	bench_start_neutral(b);
	bench_ask_all(b, &bench_cut);
	for (unsigned i = 0; i < 4; i++)
		bench_happens(
			b, b->links[i].from, b->links[i].to, &bench_cut, WORLD_BOTH, lifted_ns);
	bench_expect(b, CERTIFICATE_PARTIAL, "packets sent from 4.00");
	assert_in_range(b->out.gone_ns, lifted_ns, lifted_ns + WORLD_PERIOD_NS);
}

static void delay_that_is_lifted_half_way_is_partial(void **state)
{
	struct bench *b = *state;
	struct impairment slow = {.delay_ns = 90 * MS, .jitter_ns = 2 * MS, .reorder = 1};

	bench_start_neutral(b);
	bench_ask(b, 0, 1, &slow);
	bench_happens(b, 0, 1, &slow, WORLD_BOTH, 5 * NSEC_PER_SEC);
	bench_expect(b, CERTIFICATE_PARTIAL, "as before");
	assert_in_range(b->out.gone_ns, 49 * NSEC_PER_SEC / 10, 53 * NSEC_PER_SEC / 10);
}

static void loss_that_is_lifted_half_way_is_partial(void **state)
{
	struct bench *b = *state;
	struct impairment lossy = {.delay_ns = 40 * MS, .loss_ppm = 300000};

	bench_start_neutral(b);
	bench_ask(b, 0, 1, &lossy);
	bench_happens(b, 0, 1, &lossy, WORLD_BOTH, 5 * NSEC_PER_SEC);
	bench_expect(b, CERTIFICATE_PARTIAL, "as before");
}

static void ip6_left_open_is_partial_and_named(void **state)
{
	struct bench *b = *state;

	bench_start_neutral(b);
	bench_ask_all(b, &bench_cut);
	for (unsigned i = 0; i < 4; i++)
		bench_happens(b, b->links[i].from, b->links[i].to, &bench_cut, WORLD_IP4, OFF_NS);
	bench_expect(b, CERTIFICATE_PARTIAL, "IPv6, unlike IPv4: nothing changed");
	assert_int_equal(b->out.links[0].families[BEACON_IP4].status, CERTIFIED);
}

static void one_open_link_of_four_is_partial_and_named(void **state)
{
	struct bench *b = *state;

	bench_start_neutral(b);
	bench_ask_all(b, &bench_cut);
	for (unsigned i = 0; i < 3; i++)
		bench_happens(b, b->links[i].from, b->links[i].to, &bench_cut, WORLD_BOTH, OFF_NS);
	bench_expect(b, CERTIFICATE_PARTIAL, "ap-south -> us-east");
}

static void wrong_amount_is_partial(void **state)
{
	struct bench *b = *state;
	struct impairment asked = {.delay_ns = 100 * MS}, done = {.delay_ns = 70 * MS};

	bench_start_neutral(b);
	bench_ask(b, 0, 1, &asked);
	bench_happens(b, 0, 1, &done, WORLD_BOTH, OFF_NS);
	bench_expect(b, CERTIFICATE_PARTIAL, "the delay is 70 ms where 100 ms was asked");
}

/* Its beacons went nowhere from the start on; the fault is never undone, so nothing else tells. */
static void link_that_was_silent_before_its_cut_is_not_certified(void **state)
{
	struct bench *b = *state;

	bench_start_neutral(b);
	world_change(&b->world, 0, 1, WORLD_BOTH, 500 * MS, &bench_cut);
	bench_ask_all(b, &bench_cut);
	for (size_t i = 0; i < b->input.n_links; i++) {
		b->links[i].undo_sent_ns = b->links[i].undo_acked_ns = 0;
		if (i)
			bench_happens(
				b, b->links[i].from, b->links[i].to, &bench_cut, WORLD_BOTH, 0);
	}
	bench_expect(b, CERTIFICATE_NO_DATA, "before");
}

static void fault_that_outlives_its_undo_is_partial(void **state)
{
	struct bench *b = *state;

	bench_start_neutral(b);
	bench_ask(b, 0, 1, &bench_cut);
	bench_happens(b, 0, 1, &bench_cut, WORLD_BOTH, 0);
	bench_expect(b, CERTIFICATE_PARTIAL, "still there after its undo");
	assert_int_equal(b->out.gone_ns, 0);
}

static void read_back_that_differs_is_partial(void **state)
{
	struct bench *b = *state;

	bench_start_neutral(b);
	bench_ask(b, 0, 1, &bench_cut);
	bench_happens_all(b, &bench_cut);
	b->links[0].read_back_equal = false;
	bench_expect(b, CERTIFICATE_PARTIAL, "reads back");
}

static void beacons_switched_off_on_a_link_are_no_data(void **state)
{
	struct bench *b = *state;

	bench_start_neutral(b);
	bench_ask_all(b, &bench_cut);
	bench_happens_all(b, &bench_cut);
	world_make(&b->world, &b->beacons);
	world_forget(&b->beacons, 0, 1, 0, UINT64_MAX);
	bench_expect(b, CERTIFICATE_NO_DATA, "us-east -> eu-west");
}

static void no_beacons_at_all_are_no_data(void **state)
{
	struct bench *b = *state;

	bench_start_neutral(b);
	bench_ask_all(b, &bench_cut);
	world_make(&b->world, &b->beacons);
	beacons_release(&b->beacons);
	b->beacons.samples = calloc(1, 1);
	bench_expect(b, CERTIFICATE_NO_DATA, "left no file");
}

static void receiver_that_dies_in_the_fault_is_no_data_with_the_instant(void **state)
{
	struct bench *b = *state;

	bench_start_neutral(b);
	bench_ask_all(b, &bench_cut);
	bench_happens_all(b, &bench_cut);
	world_make(&b->world, &b->beacons);
	world_forget(&b->beacons, 3, 1, 4 * NSEC_PER_SEC, UINT64_MAX);
	b->beacons.ends[1].listen_to_ns = 4 * NSEC_PER_SEC;
	bench_expect(b, CERTIFICATE_NO_DATA, "receiver of the beacons ended at 4.000 s");
}

static void sender_that_pauses_is_no_loss(void **state)
{
	struct bench *b = *state;
	struct impairment lossy = {.delay_ns = 40 * MS, .loss_ppm = 100000};

	bench_start_neutral(b);
	bench_ask(b, 0, 1, &lossy);
	bench_happens_all(b, &lossy);
	world_make(&b->world, &b->beacons);
	world_forget(&b->beacons, 0, 3, 3 * NSEC_PER_SEC, 33 * NSEC_PER_SEC / 10);
	bench_expect(b, CERTIFIED, NULL);
}

static void short_stall_of_the_machine_taints_but_does_not_accuse(void **state)
{
	struct bench *b = *state;
	struct impairment slow = {.delay_ns = 60 * MS};

	bench_start_neutral(b);
	bench_ask_all(b, &slow);
	bench_happens_all(b, &slow);
	world_make(&b->world, &b->beacons);
	b->stall_list[0] = (struct stall){3 * NSEC_PER_SEC, 300 * MS, 0};
	b->stalls.n = 1;
	world_stall(&b->beacons, 3 * NSEC_PER_SEC, 300 * MS);
	bench_expect(b, CERTIFIED, NULL);
	assert_int_equal(b->out.stalled_ns, 300 * MS);
	assert_true(b->out.links[0].families[0].during.tainted > 0);
}

static void stall_over_most_of_the_fault_is_no_data(void **state)
{
	struct bench *b = *state;

	bench_start_neutral(b);
	bench_ask_all(b, &bench_cut);
	bench_happens_all(b, &bench_cut);
	world_make(&b->world, &b->beacons);
	b->stall_list[0] = (struct stall){3 * NSEC_PER_SEC, 1500 * MS, 0};
	b->stalls.n = 1;
	world_stall(&b->beacons, 3 * NSEC_PER_SEC, 1500 * MS);
	bench_expect(b, CERTIFICATE_NO_DATA, "beacons cover");
}

static void stalls_after_the_undo_leave_enough_to_see_it_gone(void **state)
{
	struct bench *b = *state;

	bench_start_neutral(b);
	bench_ask_all(b, &bench_cut);
	bench_happens_all(b, &bench_cut);
	world_make(&b->world, &b->beacons);
	b->stall_list[0] = (struct stall){6500 * MS, 600 * MS, 0};
	b->stalls.n = 1;
	world_stall(&b->beacons, 6500 * MS, 600 * MS);
	bench_expect(b, CERTIFIED, NULL);
}

static void stall_over_all_that_follows_the_undo_is_no_data(void **state)
{
	struct bench *b = *state;

	bench_start_neutral(b);
	bench_ask_all(b, &bench_cut);
	bench_happens_all(b, &bench_cut);
	world_make(&b->world, &b->beacons);
	b->stall_list[0] = (struct stall){OFF_NS, END_NS - OFF_NS, 0};
	b->stalls.n = 1;
	world_stall(&b->beacons, OFF_NS, END_NS - OFF_NS);
	bench_expect(b, CERTIFICATE_NO_DATA, "whether it was gone");
}

/* From the undo on all links waver, or only those of the fault. */
static void waver_after_the_undo(struct bench *b, bool controls_too)
{
	struct impairment wavering = {.delay_ns = 40 * MS, .jitter_ns = 20 * MS};

	bench_start_neutral(b);
	bench_ask_all(b, &bench_cut);
	for (size_t i = 0; i < b->input.n_links; i++) {
		bench_happens(b, b->links[i].from, b->links[i].to, &bench_cut, WORLD_BOTH, 0);
		world_change(
			&b->world, b->links[i].from, b->links[i].to, WORLD_BOTH, OFF_NS, &wavering);
	}
	for (unsigned i = 0; i < 2 && controls_too; i++)
		world_change(&b->world, 1 + i, 2 - i, WORLD_BOTH, OFF_NS, &wavering);
}

static void busy_machine_after_the_undo_is_no_rest_of_the_fault(void **state)
{
	waver_after_the_undo(*state, true);
	bench_expect(*state, CERTIFIED, NULL);
}

static void links_that_alone_waver_after_the_undo_are_partial(void **state)
{
	waver_after_the_undo(*state, false);
	bench_expect(*state, CERTIFICATE_PARTIAL, "after its undo the");
}

static void busy_machine_moves_the_control_and_accuses_nobody(void **state)
{
	struct bench *b = *state;
	struct impairment slow = {.delay_ns = 60 * MS}, busy = {.delay_ns = 43 * MS},
			  slow_and_busy = {.delay_ns = 63 * MS};

	bench_start_neutral(b);
	bench_ask_all(b, &slow);
	bench_happens_all(b, &slow_and_busy);
	bench_happens(b, 1, 2, &busy, WORLD_BOTH, OFF_NS);
	bench_happens(b, 2, 1, &busy, WORLD_BOTH, OFF_NS);
	bench_expect(b, CERTIFIED, NULL);
}

static void little_loss_in_few_packets_is_no_data_unless_counters_tell(void **state)
{
	struct bench *b = *state;
	struct impairment little = {.delay_ns = 40 * MS, .loss_ppm = 1000};

	bench_start_neutral(b);
	bench_ask(b, 0, 1, &little);
	bench_happens_all(b, &little);
	bench_expect(b, CERTIFICATE_NO_DATA, "too few");
	b->links[0].has_counters = true;
	b->links[0].counted_packets = 200000;
	b->links[0].counted_dropped = 203;
	bench_expect(b, CERTIFIED, NULL);
	b->links[0].counted_dropped = 0;
	bench_expect(b, CERTIFICATE_NO_DATA, "too few");
}

static void rate_alone_is_certified_by_read_back(void **state)
{
	struct bench *b = *state;
	struct impairment limited = {.delay_ns = 40 * MS, .rate_bps = 10000000};

	bench_start_neutral(b);
	bench_ask(b, 0, 1, &limited);
	bench_expect(b, CERTIFIED, NULL);
	b->links[0].read_back_equal = false;
	bench_expect(b, CERTIFICATE_NO_DATA, "");
}

static void fault_without_links_is_no_data(void **state)
{
	struct bench *b = *state;

	bench_start_neutral(b);
	bench_expect(b, CERTIFICATE_NO_DATA, "no links");
}

static const char *region_name(const void *arg, unsigned region)
{
	return ((const char *const *)arg)[region];
}

static void rows_set_asked_against_measured(void **state)
{
	struct bench *b = *state;
	struct impairment slow = {.delay_ns = 60 * MS};
	struct result_fault fault = {0};

	bench_start_neutral(b);
	bench_ask(b, 0, 1, &slow);
	bench_ask(b, 1, 0, &bench_cut);
	bench_happens(b, 0, 1, &slow, WORLD_BOTH, OFF_NS);
	bench_expect(b, CERTIFICATE_PARTIAL, "eu-west -> us-east");
	certificate_rows(&b->arena, &b->out, region_name, bench_regions, &fault);
	assert_int_equal(fault.n_links, 4);
	assert_string_equal(fault.links[1].family, "IPv6");
	assert_string_equal(fault.links[1].asked, "delay 60ms");
	assert_non_null(strstr(fault.links[1].measured, "delay p50 60 ms, p95 60"));
	assert_true(fault.links[1].ok);
	assert_string_equal(fault.links[2].from, "eu-west");
	assert_string_equal(fault.links[2].measured, "0 of 792 lost");
	assert_false(fault.links[2].ok);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(honest_cut_is_certified_with_its_instants),
		bench_test(honest_delay_loss_and_jitter_are_certified),
		bench_test(fault_without_effect_is_not_in_force),
		bench_test(delay_and_loss_without_effect_are_not_in_force),
		bench_test(fault_on_the_wrong_link_is_not_in_force_and_the_other_is_named),
		bench_test(fault_that_hits_more_than_asked_is_partial),
		bench_test(cut_that_is_lifted_half_way_is_partial_with_the_instant),
		bench_test(delay_that_is_lifted_half_way_is_partial),
		bench_test(loss_that_is_lifted_half_way_is_partial),
		bench_test(ip6_left_open_is_partial_and_named),
		bench_test(one_open_link_of_four_is_partial_and_named),
		bench_test(wrong_amount_is_partial),
		bench_test(link_that_was_silent_before_its_cut_is_not_certified),
		bench_test(fault_that_outlives_its_undo_is_partial),
		bench_test(read_back_that_differs_is_partial),
		bench_test(beacons_switched_off_on_a_link_are_no_data),
		bench_test(no_beacons_at_all_are_no_data),
		bench_test(receiver_that_dies_in_the_fault_is_no_data_with_the_instant),
		bench_test(sender_that_pauses_is_no_loss),
		bench_test(short_stall_of_the_machine_taints_but_does_not_accuse),
		bench_test(stall_over_most_of_the_fault_is_no_data),
		bench_test(stalls_after_the_undo_leave_enough_to_see_it_gone),
		bench_test(stall_over_all_that_follows_the_undo_is_no_data),
		bench_test(busy_machine_after_the_undo_is_no_rest_of_the_fault),
		bench_test(links_that_alone_waver_after_the_undo_are_partial),
		bench_test(busy_machine_moves_the_control_and_accuses_nobody),
		bench_test(little_loss_in_few_packets_is_no_data_unless_counters_tell),
		bench_test(rate_alone_is_certified_by_read_back),
		bench_test(fault_without_links_is_no_data),
		bench_test(rows_set_asked_against_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
