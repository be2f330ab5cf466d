/*
 * What happens to single packets, asked against measured, the same cases for every engine: duplicated,
 * corrupted, overtaking, counted in cells, held back for slots, refused by a full queue, and, for
 * wire, lost again at the same places.
 *
 *     engine_packets [ENGINE ...]      default: every engine that works here, but null
 *
 * Shares must lie within Z deviations of a binomial; Z makes one false alarm in 10^6.
 *
 * runner: timeout 120, steady
 */
#include "chaos/loss.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/rng.h"
#include "suites/tests/helpers/engine_case.h"

#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define Z 4.9
#define MS NSEC_PER_MSEC
#define N 4000

/* N datagrams in bursts of 16, which the machine takes without loss of its own. */
static struct net_stream run(struct net_lab *lab, int family, size_t payload)
{
	struct net_stream s = case_stream(lab, family, N);

	s.burst = 16;
	s.payload = payload;
	net_stream_run(&s);
	return s;
}

static void assert_share(const char *what, int family, double n, double asked)
{
	double measured = n / N, deviation = sqrt(asked * (1 - asked) / N);

	print_message("# %s %s: %s asked %.2f %%, measured %.2f %%\n", case_engine->name,
		case_family_name(family), what, asked * 100, measured * 100);
	assert_true(fabs(measured - asked) <= Z * deviation);
}

static void duplicates_have_the_stated_share(void **state)
{
	struct impairment imp = {.duplicate_ppm = 100000};
	struct net_lab lab;
	struct err err;

	(void)state;
	if (case_engine->probe(&imp, &err)) {
		print_message("# %s: %s\n", case_engine->name, err.text);
		assert_false(case_is_wire());
		assert_non_null(strstr(err.text, "duplicat"));
		skip(); /* refused by the kernel, so the run takes the other engine */
	}
	case_up(&lab);
	net_lab_impair(&lab, 0, 1, imp);
	for (int i = 0; i < 2; i++) {
		struct net_stream s = run(&lab, case_families[i], 64);

		assert_int_equal(s.received, N);
		assert_share("duplicate", case_families[i], (double)s.duplicates, 0.1);
		net_stream_release(&s);
	}
	net_lab_down(&lab);
}

/* The kernel of the receiver finds the wrong checksum and throws the datagram away. A flip in a MAC,
 * a hop limit or a traffic class is not noticed or hurts nobody, so some fewer may be missing: with
 * this payload at most 3 % of the bits. */
static void corrupt_packets_are_found_by_their_checksum(void **state)
{
	struct net_lab lab;

	(void)state;
	case_up(&lab);
	net_lab_impair(&lab, 0, 1, (struct impairment){.corrupt_ppm = 100000});
	for (int i = 0; i < 2; i++) {
		struct net_stream s = run(&lab, case_families[i], 1000);

		assert_share("corrupt", case_families[i], (double)(N - s.received), 0.0985);
		net_stream_release(&s);
	}
	net_lab_down(&lab);
}

/* Of what overtakes, everything is early by far more than the machine's noise. */
static double early(const struct net_stream *s, uint64_t limit_ns)
{
	double n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->received_ns[i] && s->received_ns[i] - s->sent_ns[i] < limit_ns;
	return n;
}

static void overtaking_has_the_stated_share(void **state)
{
	static const uint64_t gaps[] = {0, 5};
	struct net_lab lab;

	(void)state;
	case_up(&lab);
	for (int i = 0; i < 2; i++) {
		struct net_stream s;

		net_lab_impair(&lab, 0, 1,
			(struct impairment){.delay_ns = 100 * MS,
				.overtake_ppm = 100000,
				.overtake_gap = gaps[i]});
		s = run(&lab, case_families[i], 64);
		assert_int_equal(s.received, N);
		assert_true(s.out_of_order > 0);
		assert_share("overtake", case_families[i], early(&s, 99 * MS), 0.1);
		net_stream_release(&s);
	}
	net_lab_down(&lab);
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Nanoseconds from one packet of a train to the next, the link never being idle: the median of some
 * trains, since a machine that stops for some milliseconds spoils one or two. 30 packets, which the
 * queue of either engine holds (30 full frames, counted in bytes or in packets). */
static double spacing_ns(struct net_lab *lab, int family, size_t payload)
{
	double spacings[5];

	for (int k = 0; k < 5; k++) {
		struct net_stream s = case_stream(lab, family, 30);

		s.burst = 15;
		s.payload = payload;
		net_stream_run(&s);
		assert_int_equal(s.received, s.n);
		spacings[k] =
			(double)(s.received_ns[s.n - 1] - s.received_ns[0]) / (double)(s.n - 1);
		net_stream_release(&s);
	}
	qsort(spacings, 5, sizeof(*spacings), ascending);
	return spacings[2];
}

static void cells_and_overhead_are_counted_by_the_rate(void **state)
{
	struct impairment atm = {
		.rate_bps = 2000000, .rate_overhead = 8, .rate_cell = 48, .rate_cell_overhead = 5};
	struct net_lab lab;

	(void)state;
	case_up(&lab);
	net_lab_impair(&lab, 0, 1, atm);
	for (int i = 0; i < 2; i++) {
		size_t frame = 200 + 14 + 8 + (case_families[i] == AF_INET ? 20 : 40);
		double asked = (double)((frame + 8 + 47) / 48 * 53) * 8e9 / 2e6;
		double measured = spacing_ns(&lab, case_families[i], 200);

		print_message("# %s %s: a packet in cells asked %.0f us, measured %.0f us\n",
			case_engine->name, case_family_name(case_families[i]), asked / 1e3,
			measured / 1e3);
		assert_true(fabs(measured / asked - 1) < 0.03);
	}
	net_lab_down(&lab);
}

/* Two packets a slot, a slot every 10 ms: 30 packets need 15 slots, 14 times 10 ms in 29 steps. */
static void slots_open_as_often_as_stated(void **state)
{
	struct net_lab lab;

	(void)state;
	case_up(&lab);
	net_lab_impair(&lab, 0, 1,
		(struct impairment){
			.slot_min_ns = 10 * MS, .slot_max_ns = 10 * MS, .slot_packets = 2});
	for (int i = 0; i < 2; i++) {
		double measured = spacing_ns(&lab, case_families[i], 64);

		print_message("# %s %s: a packet in slots asked 4.83 ms, measured %.2f ms\n",
			case_engine->name, case_family_name(case_families[i]), measured / 1e6);
		assert_true(fabs(measured / (140e6 / 29) - 1) < 0.1);
	}
	net_lab_down(&lab);
}

static void more_than_the_limit_is_overflow(void **state)
{
	struct net_lab lab;

	(void)state;
	case_up(&lab);
	net_lab_impair(&lab, 0, 1, (struct impairment){.delay_ns = 300 * MS, .limit = 20});
	for (int i = 0; i < 2; i++) {
		struct net_stream s = case_stream(&lab, case_families[i], 60);
		struct engine_counters before = case_counters(&lab, 0, 1), after;

		s.burst = 60;
		net_stream_run(&s);
		after = case_counters(&lab, 0, 1);
		assert_int_equal(s.received, 20);
		if (after.overflow_known) {
			assert_int_equal(after.overflow_packets - before.overflow_packets, 40);
			assert_int_equal(after.dropped_packets, before.dropped_packets);
		}
		net_stream_release(&s);
	}
	net_lab_down(&lab);
}

/* The deviation of the lost share of N packets, from runs of the chain with numbers of its own. */
static double four_state_deviation(const struct loss_chain *chain)
{
	enum { RUNS = 400 };
	double sum = 0, square = 0;

	for (uint64_t run = 0; run < RUNS; run++) {
		unsigned state = loss_state_at(chain, 1, run, N);
		double lost = 0;

		for (uint64_t i = N; i < 2 * N; i++) {
			state = loss_step(chain, state, rng_to_unit(rng_at(1, run, i)));
			lost += loss_is_lost(chain, state);
		}
		sum += lost / N;
		square += lost / N * (lost / N);
	}
	return sqrt(square / RUNS - pow(sum / RUNS, 2));
}

static void four_states_lose_their_mean(void **state)
{
	struct impairment imp = {.loss_p13_ppm = 30000,
		.loss_p31_ppm = 300000,
		.loss_p32_ppm = 200000,
		.loss_p23_ppm = 500000,
		.loss_p14_ppm = 10000};
	struct loss_chain chain = loss_chain_of(&imp);
	double asked = loss_mean(&imp), deviation = four_state_deviation(&chain);
	struct net_lab lab;

	(void)state;
	case_up(&lab);
	net_lab_impair(&lab, 0, 1, imp);
	for (int i = 0; i < 2; i++) {
		struct net_stream s = run(&lab, case_families[i], 64);
		double lost = (double)(N - s.received) / N;

		print_message("# %s %s: four-state loss asked %.2f %% in bursts of %.2f, measured "
			      "%.2f %% in bursts of %.2f\n",
			case_engine->name, case_family_name(case_families[i]), asked * 100,
			loss_mean_burst(&imp), lost * 100,
			lost * N / (double)net_stream_loss_bursts(&s));
		assert_true(fabs(lost - asked) <= Z * deviation);
		net_stream_release(&s);
	}
	net_lab_down(&lab);
}

static int ecn_socket(struct net_lab *lab, unsigned region, int family, uint16_t port)
{
	int fd = net_lab_udp(lab, region, family, port), ect = 2, on = 1;
	int level = family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;

	assert_return_code(
		setsockopt(fd, level, family == AF_INET ? IP_TOS : IPV6_TCLASS, &ect, sizeof(ect)),
		errno);
	assert_return_code(setsockopt(fd, level, family == AF_INET ? IP_RECVTOS : IPV6_RECVTCLASS,
				   &on, sizeof(on)),
		errno);
	return fd;
}

/* The ECN bits of the next datagram, 0 to 3; -1 if none came in time. */
static int receive_ecn(int fd)
{
	char byte, control[64];
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control)};
	struct pollfd ready = {.fd = fd, .events = POLLIN};

	if (poll(&ready, 1, 5000) <= 0 || recvmsg(fd, &msg, 0) != 1)
		return -1;
	assert_non_null(CMSG_FIRSTHDR(&msg));
	return *CMSG_DATA(CMSG_FIRSTHDR(&msg)) & 3;
}

static void ecn_marks_where_it_would_lose(void **state)
{
	enum { PACKETS = 1000 };
	struct net_lab lab;

	(void)state;
	case_up(&lab);
	net_lab_impair(&lab, 0, 1, (struct impairment){.loss_ppm = 300000, .ecn = 1});
	for (int i = 0; i < 2; i++) {
		int tx = ecn_socket(&lab, 0, case_families[i], 0);
		int rx = ecn_socket(&lab, 1, case_families[i], 4545);
		double deviation = sqrt(0.3 * 0.7 / PACKETS), marked = 0;
		struct sockaddr_storage to;
		socklen_t len = net_lab_addr(1, case_families[i], 4545, &to);

		for (int k = 0; k < PACKETS; k++) {
			int ecn;

			assert_int_equal(sendto(tx, "x", 1, 0, (struct sockaddr *)&to, len), 1);
			ecn = receive_ecn(rx); /* none is lost */
			assert_true(ecn == 2 || ecn == 3);
			marked += ecn == 3;
		}
		print_message("# %s %s: ECN marks asked 30.00 %%, measured %.2f %%\n",
			case_engine->name, case_family_name(case_families[i]),
			100 * marked / PACKETS);
		assert_true(fabs(marked / PACKETS - 0.3) <= Z * deviation);
		close(tx);
		close(rx);
	}
	net_lab_down(&lab);
}

/* What was lost in one run over a fresh engine, by the index on the link. */
static void lose(bool *lost, const struct impairment *imp)
{
	struct net_stream s;
	struct net_lab lab;
	uint64_t base;

	case_up(&lab);
	net_lab_impair(&lab, 0, 1, *imp);
	base = case_counters(&lab, 0, 1).packets;
	s = run(&lab, AF_INET, 64);
	for (size_t i = 0; i < N; i++)
		lost[base + i] = !s.received_ns[i];
	net_stream_release(&s);
	net_lab_down(&lab);
}

static void two_runs_with_one_seed_lose_the_same_packets(void **state)
{
	struct impairment imp = {.loss_ppm = 50000, .loss_burst = 3};
	bool *runs[2] = {calloc(2 * N, 1), calloc(2 * N, 1)};
	size_t lost = 0, same = 0;

	(void)state;
	if (!case_is_wire()) {
		free(runs[0]);
		free(runs[1]);
		skip(); /* the kernel draws */
	}
	for (int i = 0; i < 2; i++)
		lose(runs[i], &imp);
	for (size_t i = 100; i < N; i++) { /* both runs were under way by then */
		lost += runs[0][i];
		same += runs[0][i] && runs[1][i];
		assert_int_equal(runs[0][i], runs[1][i]);
	}
	print_message("# wire: same packet indices dropped: %zu of %zu\n", same, lost);
	assert_true(lost > 100);
	free(runs[0]);
	free(runs[1]);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(duplicates_have_the_stated_share),
		cmocka_unit_test(corrupt_packets_are_found_by_their_checksum),
		cmocka_unit_test(overtaking_has_the_stated_share),
		cmocka_unit_test(cells_and_overhead_are_counted_by_the_rate),
		cmocka_unit_test(slots_open_as_often_as_stated),
		cmocka_unit_test(more_than_the_limit_is_overflow),
		cmocka_unit_test(four_states_lose_their_mean),
		cmocka_unit_test(ecn_marks_where_it_would_lose),
		cmocka_unit_test(two_runs_with_one_seed_lose_the_same_packets),
	};

	return case_main(argc, argv, cases, sizeof(cases) / sizeof(*cases));
}
