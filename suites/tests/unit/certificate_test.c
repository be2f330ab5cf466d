/* What the certificate says of honest faults, and of every way in which one can be none. */
#include "suites/certificate.h"
#include "fixtures/base/arena.h"
#include "fixtures/base/clock.h"
#include "suites/proof/rows.h"
#include "suites/tests/helpers/beacon_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS NSEC_PER_MSEC
#define ON_NS (2 * NSEC_PER_SEC + 2 * MS) /* between two beacons */
#define OFF_NS (6 * NSEC_PER_SEC + 2 * MS)
#define END_NS (9 * NSEC_PER_SEC)
#define COUNTS_MAX 4096

static const char *const regions[] = {"us-east", "eu-west", "ap-south"};
static const struct impairment base = {.delay_ns = 40 * MS};
static const struct impairment cut = {.delay_ns = 40 * MS, .cut = 1};

/* Region 0 is to be cut off from 1 and 2 between ON and OFF; 1 and 2 are each other's control. */
struct bench {
	struct arena arena;
	struct world world;
	struct beacons beacons;
	struct captures captures;
	struct stall stall_list[4];
	struct stalls stalls;
	struct noise noise;
	struct certificate_asked links[4];
	struct certificate_control controls[2];
	struct certificate_input input;
	struct certificate out;
};

static int bench_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	world_init(&b->world, 3, END_NS, 1);
	b->noise = (struct noise){.delay_ns = 150000, .path_ns = 22000, .n = 1000};
	b->stalls.stalls = b->stall_list;
	b->captures.counts = calloc(COUNTS_MAX, sizeof(*b->captures.counts));
	b->captures.covers = calloc(3, sizeof(*b->captures.covers));
	b->input = (struct certificate_input){
		.regions = regions,
		.links = b->links,
		.controls = b->controls,
		.beacons = &b->beacons,
		.stalls = &b->stalls,
		.noise = &b->noise,
		.n_faults = 3,
	};
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

/* The world does from -> to what is asked, in these families and for this long. */
static void happens(struct bench *b, unsigned from, unsigned to, const struct impairment *imp,
	unsigned families, uint64_t off_ns)
{
	world_change(&b->world, from, to, families, ON_NS, imp);
	if (off_ns)
		world_change(&b->world, from, to, families, off_ns, &base);
}

static void ask(struct bench *b, unsigned from, unsigned to, const struct impairment *imp)
{
	b->links[b->input.n_links++] = (struct certificate_asked){
		.from = from,
		.to = to,
		.before = base,
		.asked = *imp,
		.after = base,
		.sent_ns = ON_NS - MS / 2,
		.acked_ns = ON_NS,
		.undo_sent_ns = OFF_NS - MS / 2,
		.undo_acked_ns = OFF_NS,
		.after_to_ns = END_NS,
		.read_back_equal = true,
	};
}

static void start_neutral(struct bench *b)
{
	for (unsigned from = 0; from < 3; from++)
		for (unsigned to = 0; to < 3; to++)
			if (from != to)
				world_change(&b->world, from, to, WORLD_BOTH, 0, &base);
	b->controls[0] = (struct certificate_control){1, 2, base};
	b->controls[1] = (struct certificate_control){2, 1, base};
	b->input.n_controls = 2;
}

static void ask_all(struct bench *b, const struct impairment *imp)
{
	ask(b, 0, 1, imp);
	ask(b, 1, 0, imp);
	ask(b, 0, 2, imp);
	ask(b, 2, 0, imp);
}

static void happens_all(struct bench *b, const struct impairment *imp)
{
	for (size_t i = 0; i < b->input.n_links; i++)
		happens(b, b->links[i].from, b->links[i].to, imp, WORLD_BOTH, OFF_NS);
}

static void judge(struct bench *b)
{
	if (!b->beacons.samples)
		world_make(&b->world, &b->beacons);
	certificate_make(&b->arena, &b->input, &b->out);
	for (size_t i = 0; i < b->out.n_notes; i++)
		print_message("    %s\n", b->out.notes[i]);
}

static void expect_status(struct bench *b, enum certificate_status status, const char *word)
{
	judge(b);
	if (b->out.status != status)
		fail_msg("status is %s: %s", certificate_status_name(b->out.status), b->out.why);
	if (status == CERTIFIED)
		assert_null(b->out.why);
	else if (!b->out.why || !strstr(b->out.why, word))
		fail_msg("'%s' does not say '%s'", b->out.why, word);
}

static void honest_cut_is_certified_with_its_instants(void **state)
{
	struct bench *b = *state;

	start_neutral(b);
	ask_all(b, &cut);
	happens_all(b, &cut);
	expect_status(b, CERTIFIED, NULL);
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

	start_neutral(b);
	ask_all(b, &slow);
	happens_all(b, &slow);
	expect_status(b, CERTIFIED, NULL);
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

	start_neutral(b);
	ask_all(b, &cut);
	expect_status(b, CERTIFICATE_NOT_IN_FORCE, "nothing changed");
	assert_int_equal(b->out.in_force_ns, 0);
}

static void delay_and_loss_without_effect_are_not_in_force(void **state)
{
	struct bench *b = *state;
	struct impairment slow = {.delay_ns = 60 * MS},
			  lossy = {.delay_ns = 40 * MS, .loss_ppm = 100000};

	start_neutral(b);
	ask(b, 0, 1, &slow);
	ask(b, 1, 0, &lossy);
	expect_status(b, CERTIFICATE_NOT_IN_FORCE, "nothing changed");
}

static void fault_on_the_wrong_link_is_not_in_force_and_the_other_is_named(void **state)
{
	struct bench *b = *state;

	start_neutral(b);
	ask(b, 0, 1, &cut);
	happens(b, 1, 2, &cut, WORLD_BOTH, OFF_NS);
	expect_status(b, CERTIFICATE_NOT_IN_FORCE, "us-east -> eu-west");
	assert_non_null(
		strstr(b->out.notes[1], "eu-west -> ap-south, which the fault does not touch"));
}

static void fault_that_hits_more_than_asked_is_partial(void **state)
{
	struct bench *b = *state;

	start_neutral(b);
	ask(b, 0, 1, &cut);
	happens(b, 0, 1, &cut, WORLD_BOTH, OFF_NS);
	happens(b, 1, 2, &cut, WORLD_BOTH, OFF_NS);
	expect_status(b, CERTIFICATE_PARTIAL, "which the fault does not touch");
}

static void cut_that_is_lifted_half_way_is_partial_with_the_instant(void **state)
{
	struct bench *b = *state;
	uint64_t lifted_ns = 4 * NSEC_PER_SEC;

	start_neutral(b);
	ask_all(b, &cut);
	for (unsigned i = 0; i < 4; i++)
		happens(b, b->links[i].from, b->links[i].to, &cut, WORLD_BOTH, lifted_ns);
	expect_status(b, CERTIFICATE_PARTIAL, "packets sent from 4.00");
	assert_in_range(b->out.gone_ns, lifted_ns, lifted_ns + WORLD_PERIOD_NS);
}

static void delay_that_is_lifted_half_way_is_partial(void **state)
{
	struct bench *b = *state;
	struct impairment slow = {.delay_ns = 90 * MS, .jitter_ns = 2 * MS, .reorder = 1};

	start_neutral(b);
	ask(b, 0, 1, &slow);
	happens(b, 0, 1, &slow, WORLD_BOTH, 5 * NSEC_PER_SEC);
	expect_status(b, CERTIFICATE_PARTIAL, "as before");
	assert_in_range(b->out.gone_ns, 49 * NSEC_PER_SEC / 10, 53 * NSEC_PER_SEC / 10);
}

static void loss_that_is_lifted_half_way_is_partial(void **state)
{
	struct bench *b = *state;
	struct impairment lossy = {.delay_ns = 40 * MS, .loss_ppm = 300000};

	start_neutral(b);
	ask(b, 0, 1, &lossy);
	happens(b, 0, 1, &lossy, WORLD_BOTH, 5 * NSEC_PER_SEC);
	expect_status(b, CERTIFICATE_PARTIAL, "as before");
}

static void ip6_left_open_is_partial_and_named(void **state)
{
	struct bench *b = *state;

	start_neutral(b);
	ask_all(b, &cut);
	for (unsigned i = 0; i < 4; i++)
		happens(b, b->links[i].from, b->links[i].to, &cut, WORLD_IP4, OFF_NS);
	expect_status(b, CERTIFICATE_PARTIAL, "IPv6, unlike IPv4: nothing changed");
	assert_int_equal(b->out.links[0].families[BEACON_IP4].status, CERTIFIED);
}

static void one_open_link_of_four_is_partial_and_named(void **state)
{
	struct bench *b = *state;

	start_neutral(b);
	ask_all(b, &cut);
	for (unsigned i = 0; i < 3; i++)
		happens(b, b->links[i].from, b->links[i].to, &cut, WORLD_BOTH, OFF_NS);
	expect_status(b, CERTIFICATE_PARTIAL, "ap-south -> us-east");
}

static void wrong_amount_is_partial(void **state)
{
	struct bench *b = *state;
	struct impairment asked = {.delay_ns = 100 * MS}, done = {.delay_ns = 70 * MS};

	start_neutral(b);
	ask(b, 0, 1, &asked);
	happens(b, 0, 1, &done, WORLD_BOTH, OFF_NS);
	expect_status(b, CERTIFICATE_PARTIAL, "the delay is 70 ms where 100 ms was asked");
}

/* Its beacons went nowhere from the start on; the fault is never undone, so nothing else tells. */
static void link_that_was_silent_before_its_cut_is_not_certified(void **state)
{
	struct bench *b = *state;

	start_neutral(b);
	world_change(&b->world, 0, 1, WORLD_BOTH, 500 * MS, &cut);
	ask_all(b, &cut);
	for (size_t i = 0; i < b->input.n_links; i++) {
		b->links[i].undo_sent_ns = b->links[i].undo_acked_ns = 0;
		if (i)
			happens(b, b->links[i].from, b->links[i].to, &cut, WORLD_BOTH, 0);
	}
	expect_status(b, CERTIFICATE_NO_DATA, "before");
}

static void fault_that_outlives_its_undo_is_partial(void **state)
{
	struct bench *b = *state;

	start_neutral(b);
	ask(b, 0, 1, &cut);
	happens(b, 0, 1, &cut, WORLD_BOTH, 0);
	expect_status(b, CERTIFICATE_PARTIAL, "still there after its undo");
	assert_int_equal(b->out.gone_ns, 0);
}

static void read_back_that_differs_is_partial(void **state)
{
	struct bench *b = *state;

	start_neutral(b);
	ask(b, 0, 1, &cut);
	happens_all(b, &cut);
	b->links[0].read_back_equal = false;
	expect_status(b, CERTIFICATE_PARTIAL, "reads back");
}

static void beacons_switched_off_on_a_link_are_no_data(void **state)
{
	struct bench *b = *state;

	start_neutral(b);
	ask_all(b, &cut);
	happens_all(b, &cut);
	world_make(&b->world, &b->beacons);
	world_forget(&b->beacons, 0, 1, 0, UINT64_MAX);
	expect_status(b, CERTIFICATE_NO_DATA, "us-east -> eu-west");
}

static void no_beacons_at_all_are_no_data(void **state)
{
	struct bench *b = *state;

	start_neutral(b);
	ask_all(b, &cut);
	world_make(&b->world, &b->beacons);
	beacons_release(&b->beacons);
	b->beacons.samples = calloc(1, 1);
	expect_status(b, CERTIFICATE_NO_DATA, "left no file");
}

static void receiver_that_dies_in_the_fault_is_no_data_with_the_instant(void **state)
{
	struct bench *b = *state;

	start_neutral(b);
	ask_all(b, &cut);
	happens_all(b, &cut);
	world_make(&b->world, &b->beacons);
	world_forget(&b->beacons, 3, 1, 4 * NSEC_PER_SEC, UINT64_MAX);
	b->beacons.ends[1].listen_to_ns = 4 * NSEC_PER_SEC;
	expect_status(b, CERTIFICATE_NO_DATA, "receiver of the beacons ended at 4.000 s");
}

static void sender_that_pauses_is_no_loss(void **state)
{
	struct bench *b = *state;
	struct impairment lossy = {.delay_ns = 40 * MS, .loss_ppm = 100000};

	start_neutral(b);
	ask(b, 0, 1, &lossy);
	happens_all(b, &lossy);
	world_make(&b->world, &b->beacons);
	world_forget(&b->beacons, 0, 3, 3 * NSEC_PER_SEC, 33 * NSEC_PER_SEC / 10);
	expect_status(b, CERTIFIED, NULL);
}

static void short_stall_of_the_machine_taints_but_does_not_accuse(void **state)
{
	struct bench *b = *state;
	struct impairment slow = {.delay_ns = 60 * MS};

	start_neutral(b);
	ask_all(b, &slow);
	happens_all(b, &slow);
	world_make(&b->world, &b->beacons);
	b->stall_list[0] = (struct stall){3 * NSEC_PER_SEC, 300 * MS, 0};
	b->stalls.n = 1;
	world_stall(&b->beacons, 3 * NSEC_PER_SEC, 300 * MS);
	expect_status(b, CERTIFIED, NULL);
	assert_int_equal(b->out.stalled_ns, 300 * MS);
	assert_true(b->out.links[0].families[0].during.tainted > 0);
}

static void stall_over_most_of_the_fault_is_no_data(void **state)
{
	struct bench *b = *state;

	start_neutral(b);
	ask_all(b, &cut);
	happens_all(b, &cut);
	world_make(&b->world, &b->beacons);
	b->stall_list[0] = (struct stall){3 * NSEC_PER_SEC, 1500 * MS, 0};
	b->stalls.n = 1;
	world_stall(&b->beacons, 3 * NSEC_PER_SEC, 1500 * MS);
	expect_status(b, CERTIFICATE_NO_DATA, "beacons cover");
}

static void stalls_after_the_undo_leave_enough_to_see_it_gone(void **state)
{
	struct bench *b = *state;

	start_neutral(b);
	ask_all(b, &cut);
	happens_all(b, &cut);
	world_make(&b->world, &b->beacons);
	b->stall_list[0] = (struct stall){6500 * MS, 600 * MS, 0};
	b->stalls.n = 1;
	world_stall(&b->beacons, 6500 * MS, 600 * MS);
	expect_status(b, CERTIFIED, NULL);
}

static void stall_over_all_that_follows_the_undo_is_no_data(void **state)
{
	struct bench *b = *state;

	start_neutral(b);
	ask_all(b, &cut);
	happens_all(b, &cut);
	world_make(&b->world, &b->beacons);
	b->stall_list[0] = (struct stall){OFF_NS, END_NS - OFF_NS, 0};
	b->stalls.n = 1;
	world_stall(&b->beacons, OFF_NS, END_NS - OFF_NS);
	expect_status(b, CERTIFICATE_NO_DATA, "whether it was gone");
}

/* From the undo on all links waver, or only those of the fault. */
static void waver_after_the_undo(struct bench *b, bool controls_too)
{
	struct impairment wavering = {.delay_ns = 40 * MS, .jitter_ns = 20 * MS};

	start_neutral(b);
	ask_all(b, &cut);
	for (size_t i = 0; i < b->input.n_links; i++) {
		happens(b, b->links[i].from, b->links[i].to, &cut, WORLD_BOTH, 0);
		world_change(
			&b->world, b->links[i].from, b->links[i].to, WORLD_BOTH, OFF_NS, &wavering);
	}
	for (unsigned i = 0; i < 2 && controls_too; i++)
		world_change(&b->world, 1 + i, 2 - i, WORLD_BOTH, OFF_NS, &wavering);
}

static void busy_machine_after_the_undo_is_no_rest_of_the_fault(void **state)
{
	waver_after_the_undo(*state, true);
	expect_status(*state, CERTIFIED, NULL);
}

static void links_that_alone_waver_after_the_undo_are_partial(void **state)
{
	waver_after_the_undo(*state, false);
	expect_status(*state, CERTIFICATE_PARTIAL, "after its undo the");
}

static void busy_machine_moves_the_control_and_accuses_nobody(void **state)
{
	struct bench *b = *state;
	struct impairment slow = {.delay_ns = 60 * MS}, busy = {.delay_ns = 43 * MS},
			  slow_and_busy = {.delay_ns = 63 * MS};

	start_neutral(b);
	ask_all(b, &slow);
	happens_all(b, &slow_and_busy);
	happens(b, 1, 2, &busy, WORLD_BOTH, OFF_NS);
	happens(b, 2, 1, &busy, WORLD_BOTH, OFF_NS);
	expect_status(b, CERTIFIED, NULL);
}

static void little_loss_in_few_packets_is_no_data_unless_counters_tell(void **state)
{
	struct bench *b = *state;
	struct impairment little = {.delay_ns = 40 * MS, .loss_ppm = 1000};

	start_neutral(b);
	ask(b, 0, 1, &little);
	happens_all(b, &little);
	expect_status(b, CERTIFICATE_NO_DATA, "too few");
	b->links[0].has_counters = true;
	b->links[0].counted_packets = 200000;
	b->links[0].counted_dropped = 203;
	expect_status(b, CERTIFIED, NULL);
	b->links[0].counted_dropped = 0;
	expect_status(b, CERTIFICATE_NO_DATA, "too few");
}

static void rate_alone_is_certified_by_read_back(void **state)
{
	struct bench *b = *state;
	struct impairment limited = {.delay_ns = 40 * MS, .rate_bps = 10000000};

	start_neutral(b);
	ask(b, 0, 1, &limited);
	expect_status(b, CERTIFIED, NULL);
	b->links[0].read_back_equal = false;
	expect_status(b, CERTIFICATE_NO_DATA, "");
}

static void fault_without_links_is_no_data(void **state)
{
	struct bench *b = *state;

	start_neutral(b);
	expect_status(b, CERTIFICATE_NO_DATA, "no links");
}

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

	start_neutral(b);
	watch(b);
	ask(b, 0, 1, &cut);
	happens_all(b, &cut);
	system_sends(b, 0, 1, 0, ON_NS, true);
	system_sends(b, 0, 1, ON_NS, END_NS, false);
	expect_status(b, CERTIFIED, NULL);
	assert_true(b->out.links[0].system_before > 0 && b->out.links[0].system_attempted > 0);
	assert_int_equal(b->out.links[0].exercise, EXERCISE_YES);
}

static void link_that_the_system_does_not_use_is_not_exercised(void **state)
{
	struct bench *b = *state;

	start_neutral(b);
	watch(b);
	ask(b, 0, 1, &cut);
	happens_all(b, &cut);
	system_sends(b, 0, 2, 0, END_NS, true);
	expect_status(b, CERTIFICATE_NOT_EXERCISED,
		"the system sent nothing between the regions of us-east -> eu-west before the fault");
}

static void system_that_stops_before_the_fault_is_not_exercised(void **state)
{
	struct bench *b = *state;

	start_neutral(b);
	watch(b);
	ask(b, 0, 1, &cut);
	happens_all(b, &cut);
	system_sends(b, 0, 1, 0, ON_NS - 100 * MS, true);
	expect_status(b, CERTIFICATE_NOT_EXERCISED, "while the fault was in force");
}

static void missing_capture_is_no_data_where_use_was_to_be_shown(void **state)
{
	struct bench *b = *state;

	start_neutral(b);
	b->input.captures = &b->captures;
	ask(b, 0, 1, &cut);
	happens_all(b, &cut);
	expect_status(b, CERTIFICATE_NO_DATA, "there is no capture");
}

static void filter_that_cuts_only_beacons_is_partial(void **state)
{
	struct bench *b = *state;

	start_neutral(b);
	watch(b);
	ask(b, 0, 1, &cut);
	happens_all(b, &cut);
	system_sends(b, 0, 1, 0, END_NS, true);
	expect_status(b, CERTIFICATE_PARTIAL, "packets of the system crossed the cut");
}

static void long_bursts_are_certified_when_beacons_are_alone_and_enough(void **state)
{
	struct bench *b = *state;
	struct impairment lossy = {.delay_ns = 40 * MS, .loss_ppm = 100000, .loss_burst = 4};

	world_init(&b->world, 3, 120 * NSEC_PER_SEC, 5);
	start_neutral(b);
	watch(b);
	ask(b, 0, 1, &lossy);
	b->links[0].undo_sent_ns = 118 * NSEC_PER_SEC - MS;
	b->links[0].undo_acked_ns = 118 * NSEC_PER_SEC;
	b->links[0].after_to_ns = 120 * NSEC_PER_SEC;
	happens(b, 0, 1, &lossy, WORLD_BOTH, 118 * NSEC_PER_SEC);
	system_sends(b, 0, 1, 0, 3 * NSEC_PER_SEC, true);
	for (uint32_t r = 0; r < 3; r++)
		b->captures.covers[r].to_ns = 120 * NSEC_PER_SEC;
	expect_status(b, CERTIFIED, NULL);
	assert_true(b->out.links[0].burst_certified);
	assert_true(b->out.links[0].mean_burst > 3.5 && b->out.links[0].mean_burst < 4.5);
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

	start_neutral(b);
	ask(b, 0, 1, &slow);
	ask(b, 1, 0, &cut);
	happens(b, 0, 1, &slow, WORLD_BOTH, OFF_NS);
	expect_status(b, CERTIFICATE_PARTIAL, "eu-west -> us-east");
	certificate_rows(&b->arena, &b->out, region_name, regions, &fault);
	assert_int_equal(fault.n_links, 4);
	assert_string_equal(fault.links[1].family, "IPv6");
	assert_string_equal(fault.links[1].asked, "delay 60ms");
	assert_non_null(strstr(fault.links[1].measured, "delay p50 60 ms, p95 60"));
	assert_true(fault.links[1].ok);
	assert_string_equal(fault.links[2].from, "eu-west");
	assert_string_equal(fault.links[2].measured, "0 of 792 lost");
	assert_false(fault.links[2].ok);
}

static struct impairment random_impairment(struct rng *rng, unsigned kind)
{
	struct impairment imp = base;

	switch (kind) {
	case 0:
		imp.cut = 1;
		break;
	case 1:
		imp.delay_ns = (1 + rng_below(rng, 200)) * MS;
		break;
	case 2:
		imp.delay_ns = (50 + rng_below(rng, 100)) * MS;
		imp.jitter_ns = (1 + rng_below(rng, 10)) * MS;
		imp.distribution = rng_below(rng, 2);
		imp.reorder = rng_below(rng, 2);
		break;
	default:
		imp.loss_ppm = 1000 + rng_below(rng, 300000);
		imp.loss_burst = 1 + rng_below(rng, 8);
	}
	return imp;
}

/* One link, 600 ms before, 1 s of fault, 600 ms after. */
static enum certificate_status try_honest(unsigned i, struct arena *arena, const char **why)
{
	struct stalls stalls = {0};
	struct noise noise = {.delay_ns = 150000, .path_ns = 22000, .n = 1000};
	struct certificate_asked asked = {
		.to = 1,
		.before = base,
		.after = base,
		.read_back_equal = true,
		.sent_ns = 600 * MS,
		.acked_ns = 601 * MS,
		.undo_sent_ns = 1600 * MS,
		.undo_acked_ns = 1601 * MS,
		.after_to_ns = 2200 * MS,
	};
	struct certificate out;
	struct beacons beacons;
	struct world world;
	struct certificate_input input = {
		.regions = regions,
		.links = &asked,
		.n_links = 1,
		.beacons = &beacons,
		.stalls = &stalls,
		.noise = &noise,
		.n_faults = 1,
	};

	world_init(&world, 2, 2200 * MS, 1000 + i);
	asked.asked = random_impairment(&world.rng, i % 4);
	world_change(&world, 0, 1, WORLD_BOTH, 0, &base);
	world_change(&world, 0, 1, WORLD_BOTH, 600 * MS + rng_below(&world.rng, MS), &asked.asked);
	world_change(&world, 0, 1, WORLD_BOTH, 1600 * MS + rng_below(&world.rng, MS), &base);
	world_make(&world, &beacons);
	certificate_make(arena, &input, &out);
	beacons_release(&beacons);
	*why = out.why;
	return out.status;
}

static void ten_thousand_honest_faults_never_make_it_cry_wolf(void **state)
{
	unsigned certified[4] = {0}, n = 10000;

	(void)state;
	for (unsigned i = 0; i < n; i++) {
		struct arena arena = {0};
		const char *why;
		enum certificate_status status = try_honest(i, &arena, &why);

		if (status == CERTIFIED)
			certified[i % 4]++;
		else if (status != CERTIFICATE_NO_DATA)
			fail_msg(
				"honest fault %u: %s: %s", i, certificate_status_name(status), why);
		arena_release(&arena);
	}
	print_message("certified of %u each: cut %u, delay %u, jitter %u, loss %u\n", n / 4,
		certified[0], certified[1], certified[2], certified[3]);
	assert_int_equal(certified[0], n / 4);
	assert_true(certified[1] >= n / 4 * 98 / 100); /* 40 ms itself is no change */
	assert_int_equal(certified[2], n / 4);
	assert_true(certified[3] >= n / 4 * 70 / 100);
}

#define bench_test(f) cmocka_unit_test_setup_teardown(f, bench_up, bench_down)

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
		bench_test(cut_that_the_system_runs_into_is_certified),
		bench_test(link_that_the_system_does_not_use_is_not_exercised),
		bench_test(system_that_stops_before_the_fault_is_not_exercised),
		bench_test(missing_capture_is_no_data_where_use_was_to_be_shown),
		bench_test(filter_that_cuts_only_beacons_is_partial),
		bench_test(long_bursts_are_certified_when_beacons_are_alone_and_enough),
		bench_test(rows_set_asked_against_measured),
		cmocka_unit_test(ten_thousand_honest_faults_never_make_it_cry_wolf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
