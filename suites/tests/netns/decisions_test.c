/* The log of what engine wire decides: the same seed the same drops, by packet index. */
#include "chaos/engines/decisions.h"
#include "fixtures/base/clock.h"
#include "suites/tests/helpers/net_lab.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define PACKETS 500
#define MS NSEC_PER_MSEC

/* Never more than the counters have seen, so that no packet finds a receive buffer full. */
static void send_packets(struct net_lab *lab, int family, unsigned n)
{
	struct sockaddr_storage to;
	socklen_t len = net_lab_addr(1, family, 4343, &to);
	struct engine_counters counters = {0}, before;
	int tx = net_lab_udp(lab, 0, family, 0);
	uint64_t end_ns = clock_now_ns() + 10 * NSEC_PER_SEC;
	struct err err;

	assert_int_equal(lab->engines[0]->ops->counters(lab->engines[0], 1, &before, &err), 0);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(sendto(tx, "packet", 6, 0, (struct sockaddr *)&to, len), 6);
	while (counters.packets < before.packets + n) {
		assert_true(clock_now_ns() < end_ns);
		assert_int_equal(
			lab->engines[0]->ops->counters(lab->engines[0], 1, &counters, &err), 0);
		usleep(1000); /* between two looks, within a deadline */
	}
	close(tx);
}

/* A lab of that seed carries PACKETS of each family, the second half over a worse link. */
static void keep(const char *path, uint64_t seed, uint64_t limit_bytes)
{
	struct net_lab lab;
	struct err err;

	if (net_lab_up(&lab, 2, engine_find("wire"), seed, &err) ||
		lab.engines[0]->ops->keep_decisions(lab.engines[0], path, limit_bytes, &err))
		fail_msg("%s", err.text);
	net_lab_impair(&lab, 0, 1,
		(struct impairment){.delay_ns = 2 * MS,
			.jitter_ns = MS / 2,
			.loss_ppm = 20000,
			.loss_burst = 3,
			.duplicate_ppm = 20000,
			.corrupt_ppm = 20000});
	send_packets(&lab, AF_INET, PACKETS);
	net_lab_impair(&lab, 0, 1, (struct impairment){.delay_ns = 2 * MS, .loss_ppm = 100000});
	send_packets(&lab, AF_INET6, PACKETS);
	net_lab_down(&lab);
}

static size_t differences(const struct decisions *a, const struct decisions *b, uint8_t what)
{
	size_t n = 0;

	for (uint64_t i = 0; i < a->n && i < b->n; i++) {
		const struct decision *x = &a->records[i], *y = &b->records[i];

		assert_int_equal(x->index, y->index);
		n += (x->what & what) != (y->what & what);
	}
	return n;
}

static size_t lost(const struct decisions *log)
{
	size_t n = 0;

	for (uint64_t i = 0; i < log->n; i++)
		n += log->records[i].what & DECISION_LOST;
	return n;
}

static void skip_where_impossible(void)
{
	if (net_lab_skip_reason()) {
		print_message("skip: %s\n", net_lab_skip_reason());
		skip();
	}
}

static void one_seed_drops_the_same_packets_and_another_seed_others(void **state)
{
	struct decisions logs[3];
	struct err err;

	(void)state;
	skip_where_impossible();
	keep("first", 7, DECISIONS_LIMIT);
	keep("again", 7, DECISIONS_LIMIT);
	keep("other", 8, DECISIONS_LIMIT);
	assert_int_equal(decisions_open(&logs[0], "first", &err), 0);
	assert_int_equal(decisions_open(&logs[1], "again", &err), 0);
	assert_int_equal(decisions_open(&logs[2], "other", &err), 0);
	for (int i = 0; i < 3; i++) {
		assert_true(logs[i].n >= 2 * PACKETS);
		assert_true(lost(&logs[i]) > PACKETS / 20);
		assert_int_equal(logs[i].head->left_out, 0);
	}
	assert_int_equal(differences(&logs[0], &logs[1], UINT8_MAX), 0);
	assert_int_equal(logs[0].n, logs[1].n);
	assert_memory_equal(logs[0].records, logs[1].records, logs[0].n * sizeof(*logs[0].records));
	assert_true(differences(&logs[0], &logs[2], DECISION_LOST) > PACKETS / 20);
	for (int i = 0; i < 3; i++)
		decisions_release(&logs[i]);
}

static void the_log_is_bounded_in_bytes_and_says_what_it_left_out(void **state)
{
	struct decisions log;
	struct err err;
	struct stat st;

	(void)state;
	skip_where_impossible();
	keep("small", 7, 4096);
	assert_int_equal(decisions_open(&log, "small", &err), 0);
	assert_int_equal(log.n, 4096 / sizeof(struct decision));
	assert_true(log.head->left_out >= 2 * PACKETS - log.n);
	assert_return_code(stat("small", &st), errno);
	assert_in_range(st.st_size, 4096, 4096 + sizeof(struct decisions_head));
	decisions_release(&log);
}

static void what_is_no_log_is_refused(void **state)
{
	static const char *const texts[] = {"", "too short",
		"RPFATES1 but of nonsense after that "
		"magic, sixty-four bytes and some more of it to fill the head"};
	struct decisions log;
	struct err err;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		FILE *f = fopen("nonsense", "w");

		assert_non_null(f);
		fputs(texts[i], f);
		fclose(f);
		assert_int_equal(decisions_open(&log, "nonsense", &err), -1);
	}
	assert_int_equal(decisions_open(&log, "not-there", &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_seed_drops_the_same_packets_and_another_seed_others),
		cmocka_unit_test(the_log_is_bounded_in_bytes_and_says_what_it_left_out),
		cmocka_unit_test(what_is_no_log_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
