/*
 * The prober as a process over the null driver: pacing, quiet phases, sweeps, roaming, its end.
 *
 * runner: timeout 60, steady
 */
#include "fixtures/base/clock.h"
#include "probes/marks.h"
#include "suites/tests/helpers/prober_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>

#define SOON (5 * NSEC_PER_SEC)

static const uint8_t regions[] = {0, 1, 2};
static const struct endpoint endpoints[] = {
	{.name = "a/store", .host = "127.0.0.1", .port = 1, .region = 0, .node = 0},
	{.name = "b/store", .host = "127.0.0.1", .port = 2, .region = 1, .node = 1},
	{.name = "c/store", .host = "127.0.0.1", .port = 3, .region = 2, .node = 2},
};

static struct client_group a_group(void)
{
	static struct {
		uint64_t latency_ns, fail_ppm, unknown_ppm;
	} no_options;
	struct client_group group = {0};

	param_set_defaults(group_params, &group);
	group.name = "users";
	group.driver = driver_find("null");
	group.driver_options = &no_options;
	group.regions = regions;
	group.n_regions = 3;
	group.sessions_per_region = 4;
	group.read_rate_uhz = 600 * 1000000ull;
	group.write_rate_uhz = 150 * 1000000ull;
	return group;
}

static struct prober_config config_of(const struct client_group *group, unsigned region)
{
	return (struct prober_config){
		.region = region,
		.n_regions = 3,
		.endpoints = endpoints,
		.n_endpoints = 3,
		.groups = group,
		.n_groups = 1,
		.primary_hint = 0,
		.seed = 7,
		.ticker = 1,
	};
}

/* Start the prober and its clients; returns the instant at which they begin. */
static uint64_t begin(struct prober_rig *rig, const struct prober_config *config)
{
	struct jv *ready;
	uint64_t start;

	prober_rig_start(rig, config);
	ready = prober_rig_await(rig, "ready", SOON);
	assert_non_null(ready);
	jv_free(ready);
	start = clock_now_ns() + 20 * NSEC_PER_MSEC;
	prober_rig_say(rig, "start", start);
	return start;
}

static void stop(struct prober_rig *rig)
{
	struct jv *done;

	prober_rig_say(rig, "stop", 0);
	done = prober_rig_await(rig, "done", SOON);
	assert_non_null(done);
	jv_free(done);
	assert_int_equal(prober_rig_end(rig, false), 0);
}

/* Stop at an instant that is the same for the schedule: no operation begins after it. */
static struct jv *quiet(struct prober_rig *rig, uint64_t at_ns)
{
	struct jv *ledger;

	prober_rig_say(rig, "quiet", at_ns);
	ledger = prober_rig_await(rig, "ledger", SOON);
	assert_non_null(ledger);
	assert_true(clock_now_ns() >= at_ns);
	return ledger;
}

static unsigned count(const struct history *h, enum op_kind kind, uint16_t with, uint16_t without)
{
	unsigned n = 0;

	for (size_t i = 0; i < h->n; i++)
		n += h->ops[i].kind == kind && (h->ops[i].flags & with) == with &&
			!(h->ops[i].flags & without);
	return n;
}

static void rates_are_kept_and_records_are_well_formed(void **state)
{
	struct client_group group = a_group();
	struct prober_config config = config_of(&group, 1);
	struct prober_rig rig;
	struct history h;
	uint64_t start;
	unsigned plain, writes, not_sent = 0;

	(void)state;
	start = begin(&rig, &config);
	jv_free(quiet(&rig, start + 2 * NSEC_PER_SEC));
	stop(&rig);
	assert_int_equal(prober_rig_history(&rig, &h), 0);
	plain = count(&h, OP_READ, 0, OP_TICKER | OP_AFTER_WRITE);
	writes = count(&h, OP_WRITE, 0, OP_TICKER);
	/* a third of 750/s for 2 s, less what was a little behind when the quiet phase began */
	assert_in_range(plain + writes, 485, 502);
	assert_in_range(writes, 93, 104);
	assert_in_range(count(&h, OP_WRITE, OP_TICKER, 0), 35, 41);
	assert_in_range(count(&h, OP_READ, OP_TICKER, 0), 70, 82);
	for (size_t i = 0; i < h.n; i++) {
		const struct op *op = &h.ops[i];

		/* overdue when the quiet phase began, on a busy machine */
		assert_true(op->state == OP_OK || op->state == OP_NOT_SENT);
		not_sent += op->state == OP_NOT_SENT;
		assert_int_equal(op->region, 1);
		assert_true(op->ret_ns >= op->call_ns);
		if (op->kind == OP_WRITE && op->state == OP_OK)
			assert_int_equal(op_value_writer(op->value),
				op->flags & OP_TICKER ? GROUP_TICKER_WRITER(1) : op->session + 1);
	}
	assert_true(not_sent < 50);
	history_release(&h);
	prober_rig_clean(&rig);
}

static void nothing_begins_in_a_quiet_phase(void **state)
{
	struct client_group group = a_group();
	struct prober_config config = config_of(&group, 0);
	struct prober_rig rig;
	struct history h;
	uint64_t start, from, until;
	unsigned after = 0;

	(void)state;
	start = begin(&rig, &config);
	from = start + 300 * NSEC_PER_MSEC;
	until = start + 700 * NSEC_PER_MSEC;
	jv_free(quiet(&rig, from));
	prober_rig_say(&rig, "resume", until);
	clock_sleep_until_ns(until + 300 * NSEC_PER_MSEC);
	stop(&rig);
	assert_int_equal(prober_rig_history(&rig, &h), 0);
	for (size_t i = 0; i < h.n; i++) {
		uint64_t call = h.ops[i].call_ns + rig.config.epoch_ns;

		if (h.ops[i].state == OP_NOT_SENT)
			continue;
		assert_true(call < from || call >= until);
		after += call >= until;
	}
	assert_true(after > 20);
	history_release(&h);
	prober_rig_clean(&rig);
}

static struct jv *sweep(struct prober_rig *rig, struct jv *ledger)
{
	struct jv *message = jv_new_object(), *list = jv_new_array(), *swept;
	const struct jv *sessions = jv_get(ledger, "sessions");
	struct err err;

	for (size_t i = 0; i < jv_count(sessions); i++) {
		struct jv *pair = jv_new_array();

		jv_add(pair, jv_new_int(jv_int(jv_at(jv_at(sessions, i), 0), -1)));
		jv_add(pair, jv_new_int(jv_int(jv_at(jv_at(sessions, i), 1), -1)));
		jv_add(list, pair);
	}
	jv_set(message, "type", jv_new_string("sweep"));
	jv_set(message, "id", jv_new_int(3));
	jv_set(message, "ledger", list);
	assert_int_equal(frame_send(rig->fd, message, &err), 0);
	swept = prober_rig_await(rig, "swept", SOON);
	assert_non_null(swept);
	assert_int_equal(jv_int(jv_get(swept, "id"), 0), 3);
	return swept;
}

static const char *digest(const struct jv *swept)
{
	return jv_str(jv_get(swept, "digest"), "");
}

static void equal_states_have_equal_digests_and_others_not(void **state)
{
	struct client_group group = a_group();
	struct prober_config config = config_of(&group, 0);
	struct jv *ledger, *first, *second, *third;
	struct prober_rig rig;
	struct history h;
	uint64_t start;

	(void)state;
	start = begin(&rig, &config);
	ledger = quiet(&rig, start + 300 * NSEC_PER_MSEC);
	first = sweep(&rig, ledger);
	second = sweep(&rig, ledger);
	assert_int_equal(strlen(digest(first)), 16);
	assert_string_equal(digest(first), digest(second));
	assert_int_equal(jv_int(jv_get(first, "keys"), 0), jv_int(jv_get(first, "answered"), 1));
	assert_true(jv_int(jv_get(first, "keys"), 0) > 48 + 3);
	prober_rig_say(&rig, "resume", clock_now_ns());
	clock_sleep_until_ns(clock_now_ns() + 200 * NSEC_PER_MSEC);
	jv_free(quiet(&rig, clock_now_ns()));
	third = sweep(&rig, ledger);
	assert_string_not_equal(digest(first), digest(third));
	stop(&rig);
	assert_int_equal(prober_rig_history(&rig, &h), 0);
	assert_int_equal(count(&h, OP_READ, OP_READBACK, 0), 3 * jv_int(jv_get(first, "keys"), 0));
	history_release(&h);
	jv_free(ledger);
	jv_free(first);
	jv_free(second);
	jv_free(third);
	prober_rig_clean(&rig);
}

static void a_killed_prober_leaves_a_readable_history(void **state)
{
	struct client_group group = a_group();
	struct prober_config config = config_of(&group, 0);
	struct {
		uint64_t latency_ns, fail_ppm, unknown_ppm;
	} slow = {50 * NSEC_PER_MSEC, 0, 0};
	struct prober_rig rig;
	struct history h;
	unsigned unknown = 0;

	(void)state;
	group.driver_options = &slow;
	begin(&rig, &config);
	clock_sleep_until_ns(clock_now_ns() + 400 * NSEC_PER_MSEC);
	prober_rig_end(&rig, true);
	assert_int_equal(prober_rig_history(&rig, &h), 0);
	assert_true(h.n > 20);
	for (size_t i = 0; i < h.n; i++)
		unknown += h.ops[i].state == OP_UNKNOWN && h.ops[i].ret_ns == 0;
	assert_in_range(unknown, 1, 30);
	history_release(&h);
	prober_rig_clean(&rig);
}

static void a_backlog_is_let_go_and_never_sent_in_a_burst(void **state)
{
	struct client_group group = a_group();
	struct prober_config config = config_of(&group, 0);
	struct {
		uint64_t latency_ns, fail_ppm, unknown_ppm;
	} slow = {60 * NSEC_PER_MSEC, 0, 0};
	uint64_t last[4] = {0}, period = 16 * NSEC_PER_MSEC;
	unsigned sent = 0, not_sent = 0;
	struct prober_rig rig;
	struct history h;

	(void)state;
	group.driver_options = &slow; /* 12 sessions for 750/s: one slot every 16 ms, 60 ms each */
	group.timeout_ns = 100 * NSEC_PER_MSEC;
	group.after_write_ppm = 0;
	config.ticker = 0;
	jv_free(quiet(&rig, begin(&rig, &config) + NSEC_PER_SEC));
	stop(&rig);
	assert_int_equal(prober_rig_history(&rig, &h), 0);
	for (size_t i = 0; i < h.n; i++) {
		const struct op *op = &h.ops[i];

		if (op->state == OP_NOT_SENT) {
			not_sent++;
			continue;
		}
		sent++;
		assert_true(op->late_us <= 100000 + 100000);
		assert_true(!last[op->session] || op->call_ns - last[op->session] >= period / 2);
		last[op->session] = op->call_ns;
	}
	assert_in_range(sent, 30, 72);
	assert_in_range(sent + not_sent, 248, 252);
	history_release(&h);
	prober_rig_clean(&rig);
}

static void a_read_after_a_write_is_not_held_back(void **state)
{
	struct client_group group = a_group();
	struct prober_config config = config_of(&group, 0);
	unsigned n = 0, prompt = 0;
	struct prober_rig rig;
	struct history h;

	(void)state;
	group.read_rate_uhz = 0; /* a slot every 300 ms in each session */
	group.write_rate_uhz = 40 * 1000000ull;
	group.after_write_ppm = 1000000;
	config.ticker = 0;
	jv_free(quiet(&rig, begin(&rig, &config) + NSEC_PER_SEC));
	stop(&rig);
	assert_int_equal(prober_rig_history(&rig, &h), 0);
	for (size_t i = 0; i < h.n; i++) {
		n += h.ops[i].flags & OP_AFTER_WRITE ? 1 : 0;
		prompt += h.ops[i].flags & OP_AFTER_WRITE && h.ops[i].late_us < 20000;
	}
	assert_in_range(n, 4, 14);
	assert_true(prompt >= n / 2);
	history_release(&h);
	prober_rig_clean(&rig);
}

static void progress_and_roles_are_reported(void **state)
{
	struct client_group group = a_group();
	struct prober_config config = config_of(&group, 2);
	struct jv *progress, *primary;
	struct prober_rig rig;
	struct marks marks;
	struct err err;

	(void)state;
	begin(&rig, &config);
	primary = prober_rig_await(&rig, "primary", SOON);
	assert_non_null(primary);
	assert_int_equal(jv_int(jv_get(primary, "node"), -1), 0);
	progress = prober_rig_await(&rig, "progress", SOON);
	assert_non_null(progress);
	assert_in_range(jv_int(jv_get(jv_get(progress, "reads"), "ok"), 0), 100, 260);
	assert_true(jv_int(jv_get(jv_get(progress, "reads"), "p99_ns"), 0) > 0);
	stop(&rig);
	assert_int_equal(marks_load_dir(&marks, rig.dir, &err), 0);
	assert_in_range(marks.n, 8, 40);
	assert_int_equal(marks.marks[5].role, ROLE_REPLICA);
	assert_int_equal(marks.marks[5].believed_primary, 0);
	assert_int_equal(marks.marks[5].observer, 2);
	marks_release(&marks);
	jv_free(primary);
	jv_free(progress);
	prober_rig_clean(&rig);
}

/* Carry handovers between two probers until both had their time. */
static unsigned broker(struct prober_rig *rigs, uint64_t until_ns)
{
	unsigned n = 0;

	while (clock_now_ns() < until_ns) {
		for (unsigned r = 0; r < 3; r++) {
			struct jv *message = prober_rig_next(&rigs[r], 5 * NSEC_PER_MSEC);
			struct buf text = {0};
			struct err err;
			struct jv *copy;

			if (!message)
				continue;
			if (!strcmp(jv_str(jv_get(message, "type"), ""), "handover")) {
				int64_t to = jv_int(jv_get(message, "to"), -1);

				jv_print(message, 0, &text);
				copy = jv_parse(buf_str(&text), text.len, FRAME_MAX, &err);
				jv_set(copy, "type", jv_new_string("adopt"));
				assert_in_range(to, 0, 2);
				assert_int_equal(frame_send(rigs[to].fd, copy, &err), 0);
				buf_release(&text);
				n++;
			}
			jv_free(message);
		}
	}
	return n;
}

static void a_roaming_session_goes_on_where_it_arrives(void **state)
{
	struct client_group group = a_group();
	struct prober_rig rigs[3];
	uint64_t start, last = 0, epoch = clock_now_ns();
	unsigned regions_seen = 0, roamed = 0, moves;
	struct history h;
	const char *paths[3];
	char text[3][128];
	struct err err;

	(void)state;
	group.sessions_per_region = 1;
	group.roam_ppm = 1; /* one of the three */
	group.roam_every_ns = 300 * NSEC_PER_MSEC;
	for (unsigned r = 0; r < 3; r++) {
		struct prober_config config = config_of(&group, r);

		config.ticker = 0;
		config.epoch_ns = epoch;
		prober_rig_start(&rigs[r], &config);
	}
	for (unsigned r = 0; r < 3; r++)
		jv_free(prober_rig_await(&rigs[r], "ready", SOON));
	start = clock_now_ns() + 20 * NSEC_PER_MSEC;
	for (unsigned r = 0; r < 3; r++)
		prober_rig_say(&rigs[r], "start", start);
	moves = broker(rigs, start + 1500 * NSEC_PER_MSEC);
	assert_in_range(moves, 3, 6);
	for (unsigned r = 0; r < 3; r++)
		stop(&rigs[r]);
	for (uint32_t i = 0; i < 3; i++) {
		if (!group_roams(&group, i, 7))
			continue;
		for (unsigned r = 0; r < 3; r++) {
			snprintf(text[r], sizeof(text[r]), "%s/session-%u.ops", rigs[r].dir, i);
			paths[r] = text[r];
		}
	}
	assert_int_equal(history_load(&h, paths, 3, &err), 0);
	assert_in_range(h.n, 360, 450); /* 250/s without a gap, and what follows writes */
	for (size_t i = 0; i < h.n; i++) {
		regions_seen |= 1u << h.ops[i].region;
		roamed += !!(h.ops[i].flags & OP_ROAMED);
		if (h.ops[i].kind != OP_WRITE)
			continue;
		assert_int_equal(op_value_sequence(h.ops[i].value), last + 1);
		last++;
	}
	assert_int_equal(regions_seen, 7);
	assert_true(roamed > 100 && roamed < h.n);
	history_release(&h);
	for (unsigned r = 0; r < 3; r++)
		prober_rig_clean(&rigs[r]);
}

static void a_message_that_nobody_knows_is_an_error(void **state)
{
	struct client_group group = a_group();
	struct prober_config config = config_of(&group, 0);
	struct prober_rig rig;
	struct jv *error;

	(void)state;
	begin(&rig, &config);
	prober_rig_say(&rig, "dance", 0);
	error = prober_rig_await(&rig, "error", SOON);
	assert_non_null(error);
	assert_non_null(strstr(jv_str(jv_get(error, "sentence"), ""), "dance"));
	jv_free(error);
	assert_int_equal(prober_rig_end(&rig, false), 70);
	prober_rig_clean(&rig);
}

static void the_end_of_the_socket_ends_the_prober(void **state)
{
	struct client_group group = a_group();
	struct prober_config config = config_of(&group, 0);
	struct prober_rig rig;
	uint64_t before;

	(void)state;
	begin(&rig, &config);
	jv_free(prober_rig_await(&rig, "primary", SOON));
	assert_int_equal(shutdown(rig.fd, SHUT_RDWR), 0);
	before = clock_now_ns();
	assert_int_equal(prober_rig_end(&rig, false), 70);
	assert_true(clock_now_ns() - before < SOON);
	prober_rig_clean(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_are_kept_and_records_are_well_formed),
		cmocka_unit_test(nothing_begins_in_a_quiet_phase),
		cmocka_unit_test(equal_states_have_equal_digests_and_others_not),
		cmocka_unit_test(a_killed_prober_leaves_a_readable_history),
		cmocka_unit_test(a_backlog_is_let_go_and_never_sent_in_a_burst),
		cmocka_unit_test(a_read_after_a_write_is_not_held_back),
		cmocka_unit_test(progress_and_roles_are_reported),
		cmocka_unit_test(a_roaming_session_goes_on_where_it_arrives),
		cmocka_unit_test(a_message_that_nobody_knows_is_an_error),
		cmocka_unit_test(the_end_of_the_socket_ends_the_prober),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
