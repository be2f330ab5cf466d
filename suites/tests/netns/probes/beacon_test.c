/*
 * Beacons between real namespaces: what they show on a clean link, on a cut one, and when they
 * themselves are stopped.
 *
 * runner: timeout 120, alone
 */
#include "fixtures/base/clock.h"
#include "suites/tests/helpers/beacon_lab.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define PERIOD_NS (5 * NSEC_PER_MSEC)

static const struct engine_ops *null_engine(void)
{
	return engine_find("null");
}

struct tally {
	size_t sent, lost;
};

/* Of the packets sent in this time. */
static struct tally tally(const struct beacons *beacons, unsigned from, unsigned to,
	enum beacon_family family, uint64_t from_ns, uint64_t to_ns)
{
	struct tally tally = {0};
	const struct beacon_sample *s;
	size_t n;

	s = beacons_stream(beacons, from, to, family, &n);
	for (size_t i = 0; i < n; i++) {
		if (s[i].sent_ns < from_ns || s[i].sent_ns >= to_ns)
			continue;
		tally.sent++;
		tally.lost += !s[i].recv_ns;
	}
	return tally;
}

static void assert_all_arrived(struct tally tally, size_t at_least)
{
	assert_int_equal(tally.lost, 0);
	assert_true(tally.sent >= at_least);
}

static void assert_all_lost(struct tally tally, size_t at_least)
{
	assert_int_equal(tally.lost, tally.sent);
	assert_true(tally.sent >= at_least);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t median_delay_ns(const struct beacon_sample *s, size_t n)
{
	uint64_t *delays = calloc(n, sizeof(*delays)), median, p99;

	for (size_t i = 0; i < n; i++)
		delays[i] = s[i].recv_ns - s[i].sent_ns;
	qsort(delays, n, sizeof(*delays), by_value);
	median = delays[n / 2];
	p99 = delays[n * 99 / 100];
	print_message("one-way delay: min %.3f p50 %.3f p99 %.3f ms\n", (double)delays[0] / 1e6,
		(double)median / 1e6, (double)p99 / 1e6);
	free(delays);
	return median;
}

static void every_beacon_arrives_on_a_clean_link(void **state)
{
	struct beacon_lab lab;
	struct beacons beacons;

	(void)state;
	beacon_lab_up(&lab, 3, null_engine());
	beacon_lab_run_for_ms(1000);
	beacon_lab_stop(&lab);
	beacon_lab_load(&lab, &beacons);
	assert_int_equal(beacons.n_regions, 3);
	assert_int_equal(beacons.period_ns, PERIOD_NS);
	assert_int_equal(beacons.unmatched, 0);
	for (unsigned from = 0; from < 3; from++) {
		assert_true(beacons.ends[from].has_sent && beacons.ends[from].has_received);
		for (unsigned to = 0; to < 3; to++) {
			for (int family = 0; family < BEACON_FAMILIES && from != to; family++) {
				size_t n;
				const struct beacon_sample *s =
					beacons_stream(&beacons, from, to, family, &n);

				assert_in_range(n, 100, 260);
				assert_all_arrived(
					tally(&beacons, from, to, family, 0, UINT64_MAX), n);
				for (size_t i = 0; i < n; i++)
					assert_int_equal(s[i].copies, 1);
				assert_in_range(median_delay_ns(s, n), 1000, 5 * NSEC_PER_MSEC);
			}
		}
	}
	beacons_release(&beacons);
	beacon_lab_down(&lab);
}

/* When the last packet that arrived of those sent before this instant was sent. */
static uint64_t last_arrival_before(const struct beacons *beacons, unsigned from, unsigned to,
	enum beacon_family family, uint64_t before_ns)
{
	const struct beacon_sample *s;
	uint64_t last_ns = 0;
	size_t n;

	s = beacons_stream(beacons, from, to, family, &n);
	for (size_t i = 0; i < n && s[i].sent_ns < before_ns; i++)
		if (s[i].recv_ns)
			last_ns = s[i].sent_ns;
	return last_ns;
}

static void cut_uplink_shows_as_loss_in_both_families_until_it_is_back(void **state)
{
	struct beacon_lab lab;
	struct beacons beacons;
	uint64_t cut_ns, back_ns;

	(void)state;
	beacon_lab_up(&lab, 2, null_engine());
	beacon_lab_run_for_ms(500);
	beacon_lab_set_uplink(&lab, 0, false);
	cut_ns = beacon_lab_now_ns(&lab);
	beacon_lab_run_for_ms(400);
	back_ns = beacon_lab_now_ns(&lab);
	beacon_lab_set_uplink(&lab, 0, true);
	beacon_lab_run_for_ms(500);
	beacon_lab_stop(&lab);
	beacon_lab_load(&lab, &beacons);
	for (unsigned from = 0; from < 2; from++) {
		for (int family = 0; family < BEACON_FAMILIES; family++) {
			uint64_t margin_ns = 4 * PERIOD_NS;

			assert_all_arrived(
				tally(&beacons, from, !from, family, 0, cut_ns - margin_ns), 50);
			assert_all_lost(tally(&beacons, from, !from, family, cut_ns, back_ns), 40);
			assert_all_arrived(tally(&beacons, from, !from, family,
						   back_ns + 200 * NSEC_PER_MSEC, UINT64_MAX),
				20);
			/* The last that passed was sent within periods of the instant of the cut. */
			assert_in_range(last_arrival_before(&beacons, from, !from, family, back_ns),
				cut_ns - margin_ns, cut_ns);
		}
	}
	beacons_release(&beacons);
	beacon_lab_down(&lab);
}

static void cut_of_ip6_is_seen_in_one_family_only(void **state)
{
	struct beacon_lab lab;
	struct beacons beacons;
	uint64_t cut_ns;

	(void)state;
	beacon_lab_up(&lab, 2, null_engine());
	beacon_lab_run_for_ms(300);
	beacon_lab_drop_ip6(&lab, 1);
	cut_ns = beacon_lab_now_ns(&lab);
	beacon_lab_run_for_ms(600);
	beacon_lab_stop(&lab);
	beacon_lab_load(&lab, &beacons);
	assert_all_arrived(tally(&beacons, 0, 1, BEACON_IP4, 0, UINT64_MAX), 150);
	assert_all_lost(tally(&beacons, 0, 1, BEACON_IP6, cut_ns, UINT64_MAX), 60);
	beacons_release(&beacons);
	beacon_lab_down(&lab);
}

static void stopped_process_is_a_stall_and_no_loss(void **state)
{
	struct beacon_lab lab;
	struct beacons beacons;
	struct stalls stalls;
	struct err err;
	uint64_t stop_ns, go_ns, longest_gap_ns = 0;
	const struct beacon_sample *s;
	bool found = false;
	size_t n;

	(void)state;
	beacon_lab_up(&lab, 2, null_engine());
	beacon_lab_run_for_ms(300);
	stop_ns = beacon_lab_now_ns(&lab);
	process_signal(&lab.processes[0], SIGSTOP);
	beacon_lab_run_for_ms(300);
	process_signal(&lab.processes[0], SIGCONT);
	go_ns = beacon_lab_now_ns(&lab);
	beacon_lab_run_for_ms(300);
	beacon_lab_stop(&lab);
	beacon_lab_load(&lab, &beacons);
	assert_int_equal(stalls_load_dir(&stalls, lab.dir, &err), 0);
	for (size_t i = 0; i < stalls.n; i++)
		found |= stalls.stalls[i].region == 0 &&
			stalls.stalls[i].length_ns > 280 * NSEC_PER_MSEC &&
			stalls.stalls[i].at_ns < stop_ns + 20 * NSEC_PER_MSEC &&
			stalls.stalls[i].at_ns + stalls.stalls[i].length_ns >
				go_ns - 20 * NSEC_PER_MSEC;
	assert_true(found);
	for (unsigned from = 0; from < 2; from++)
		for (int family = 0; family < BEACON_FAMILIES; family++)
			assert_all_arrived(tally(&beacons, from, !from, family, 0, UINT64_MAX), 50);
	/* What the stopped one sent has a hole, what it received has true delays. */
	s = beacons_stream(&beacons, 0, 1, BEACON_IP4, &n);
	for (size_t i = 1; i < n; i++)
		if (s[i].sent_ns - s[i - 1].sent_ns > longest_gap_ns)
			longest_gap_ns = s[i].sent_ns - s[i - 1].sent_ns;
	assert_in_range(longest_gap_ns, 280 * NSEC_PER_MSEC, 2 * NSEC_PER_SEC);
	s = beacons_stream(&beacons, 1, 0, BEACON_IP4, &n);
	for (size_t i = 0; i < n; i++)
		assert_true(s[i].recv_ns - s[i].sent_ns < 150 * NSEC_PER_MSEC);
	stalls_release(&stalls);
	beacons_release(&beacons);
	beacon_lab_down(&lab);
}

static void dead_receiver_leaves_no_data_instead_of_loss(void **state)
{
	struct beacon_lab lab;
	struct beacons beacons;
	uint64_t dead_ns;

	(void)state;
	beacon_lab_up(&lab, 2, null_engine());
	beacon_lab_run_for_ms(400);
	process_kill(&lab.processes[1]);
	dead_ns = beacon_lab_now_ns(&lab);
	beacon_lab_run_for_ms(400);
	beacon_lab_stop(&lab);
	beacon_lab_load(&lab, &beacons);
	for (int family = 0; family < BEACON_FAMILIES; family++) {
		assert_all_arrived(tally(&beacons, 0, 1, family, 0, UINT64_MAX), 20);
		assert_int_equal(tally(&beacons, 0, 1, family, dead_ns, UINT64_MAX).sent, 0);
	}
	assert_true(beacons.undecided > 100);
	assert_true(beacons.ends[1].listen_to_ns < dead_ns);
	beacons_release(&beacons);
	beacon_lab_down(&lab);
}

static void beacons_begin_at_the_zero_of_the_run(void **state)
{
	const struct beacon_sample *s;
	struct beacon_lab lab;
	struct beacons beacons;
	size_t n;

	(void)state;
	beacon_lab_up_early(&lab, 2, null_engine(), 400);
	beacon_lab_run_for_ms(900);
	beacon_lab_stop(&lab);
	beacon_lab_load(&lab, &beacons);
	s = beacons_stream(&beacons, 0, 1, BEACON_IP4, &n);
	assert_in_range(n, 20, 180);
	assert_true(s[0].sent_ns < 200 * NSEC_PER_MSEC);
	assert_all_arrived(tally(&beacons, 0, 1, BEACON_IP4, 0, UINT64_MAX), 20);
	beacons_release(&beacons);
	beacon_lab_down(&lab);
}

/* CapEff of the process, as the kernel shows it. */
static unsigned long long effective_capabilities(int pid)
{
	unsigned long long caps = ~0ull;
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		sscanf(line, "CapEff: %llx", &caps);
	fclose(file);
	return caps;
}

static void beacon_process_holds_no_capability(void **state)
{
	struct beacon_lab lab;

	(void)state;
	beacon_lab_up(&lab, 2, null_engine());
	assert_true(effective_capabilities(lab.processes[0].pid) == 0);
	beacon_lab_stop(&lab);
	beacon_lab_down(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_beacon_arrives_on_a_clean_link),
		cmocka_unit_test(cut_uplink_shows_as_loss_in_both_families_until_it_is_back),
		cmocka_unit_test(cut_of_ip6_is_seen_in_one_family_only),
		cmocka_unit_test(stopped_process_is_a_stall_and_no_loss),
		cmocka_unit_test(dead_receiver_leaves_no_data_instead_of_loss),
		cmocka_unit_test(beacons_begin_at_the_zero_of_the_run),
		cmocka_unit_test(beacon_process_holds_no_capability),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
