#include "suites/tests/helpers/prober_trio.h"
#include "fixtures/base/buf.h"
#include "suites/tests/helpers/talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct client_group prober_trio_group(const struct driver_ops *driver, void *options)
{
	static const uint8_t regions[] = {0, 1, 2};
	struct client_group group = {0};

	param_set_defaults(group_params, &group);
	param_set_defaults(driver->params, options);
	group.driver = driver;
	group.driver_options = options;
	group.regions = regions;
	group.n_regions = 3;
	group.sessions_per_region = 2;
	group.read_rate_uhz = 150 * 1000000ull;
	group.write_rate_uhz = 60 * 1000000ull;
	group.delete_ppm = 100000;
	return group;
}

static struct jv *merged_ledger(struct prober_rig *rigs)
{
	struct jv *list = jv_new_array();

	for (unsigned r = 0; r < 3; r++) {
		struct jv *ledger = prober_rig_await(&rigs[r], "ledger", TALK_SOON_NS);
		const struct jv *sessions = jv_get(ledger, "sessions");

		assert_non_null(ledger);
		for (size_t i = 0; i < jv_count(sessions); i++) {
			struct jv *pair = jv_new_array();

			jv_add(pair, jv_new_int(jv_int(jv_at(jv_at(sessions, i), 0), 0)));
			jv_add(pair, jv_new_int(jv_int(jv_at(jv_at(sessions, i), 1), 0)));
			jv_add(list, pair);
		}
		jv_free(ledger);
	}
	return list;
}

static struct jv *copy_of(const struct jv *value)
{
	struct buf text = {0};
	struct jv *copy;
	struct err err;

	jv_print(value, 0, &text);
	copy = jv_parse(buf_str(&text), text.len, FRAME_MAX, &err);
	buf_release(&text);
	return copy;
}

#define CONVERGED_NS (30 * NSEC_PER_SEC) /* on a busy machine */

/* One sweep in each region; whether all keys were read and are equal. said: what each region found. */
static bool sweep_all(struct prober_rig *rigs, const struct jv *ledger, struct buf *said)
{
	char digests[3][20];
	bool whole = true;

	for (unsigned r = 0; r < 3; r++) {
		struct jv *message = jv_new_object();
		struct err err;

		jv_set(message, "type", jv_new_string("sweep"));
		jv_set(message, "ledger", copy_of(ledger));
		assert_int_equal(frame_send(rigs[r].fd, message, &err), 0);
	}
	for (unsigned r = 0; r < 3; r++) {
		struct jv *swept = prober_rig_await(&rigs[r], "swept", TALK_SOON_NS);

		assert_non_null(swept);
		whole = whole &&
			jv_int(jv_get(swept, "keys"), 0) == jv_int(jv_get(swept, "answered"), 1);
		snprintf(digests[r], sizeof(digests[r]), "%s", jv_str(jv_get(swept, "digest"), ""));
		buf_printf(said, "; region %u: %lld of %lld keys, %s", r,
			(long long)jv_int(jv_get(swept, "answered"), -1),
			(long long)jv_int(jv_get(swept, "keys"), -1), digests[r]);
		jv_free(swept);
	}
	return whole && !strcmp(digests[0], digests[1]) && !strcmp(digests[0], digests[2]);
}

static void expect_convergence(struct prober_rig *rigs, const struct jv *ledger)
{
	uint64_t deadline = clock_now_ns() + CONVERGED_NS;
	struct buf said = {0};

	while (!sweep_all(rigs, ledger, &said)) {
		if (clock_now_ns() > deadline)
			fail_msg("regions do not agree%s", buf_str(&said));
		buf_clear(&said);
	}
	buf_release(&said);
}

static void expect_mostly_ok(struct prober_rig *rig, unsigned region)
{
	unsigned ok = 0, ticks = 0;
	const struct op *bad = NULL;
	struct history h;

	assert_int_equal(prober_rig_history(rig, &h), 0);
	for (size_t i = 0; i < h.n; i++) {
		ok += h.ops[i].state == OP_OK;
		bad = h.ops[i].state == OP_OK ? bad : &h.ops[i];
		ticks += (h.ops[i].flags & OP_TICKER) && h.ops[i].kind == OP_WRITE;
		assert_int_equal(h.ops[i].region, region);
	}
	if (ok < h.n * 9 / 10)
		fail_msg("%u of %zu succeeded; the last that did not: %s, %s, %s", ok, h.n,
			op_kind_name(bad->kind), op_state_name(bad->state),
			op_error_name(bad->error));
	assert_in_range(ticks, 15, 22); /* of 20; a busy machine starts late */
	history_release(&h);
}

void prober_trio_works_and_agrees(const char *driver, const uint16_t *ports, unsigned primary_hint)
{
	static uint64_t options[64];
	struct client_group group = prober_trio_group(driver_find(driver), options);
	struct prober_rig rigs[3];
	struct jv *ledger;
	struct talk talk;
	uint64_t start;

	talk_begin(&talk, driver, ports, 3);
	if (primary_hint > 2)
		talk_agreed_primary(&talk);
	for (unsigned r = 0; r < 3; r++) {
		struct prober_config config = {.region = r,
			.n_regions = 3,
			.endpoints = talk.endpoints,
			.n_endpoints = 3,
			.groups = &group,
			.n_groups = 1,
			.primary_hint = primary_hint,
			.seed = 5,
			.ticker = 1};

		prober_rig_start(&rigs[r], &config);
	}
	for (unsigned r = 0; r < 3; r++) {
		struct jv *ready = prober_rig_await(&rigs[r], "ready", TALK_SOON_NS);

		assert_non_null(ready);
		assert_int_equal(jv_count(jv_get(ready, "nearest")), 3);
		jv_free(ready);
	}
	start = clock_now_ns() + 20 * NSEC_PER_MSEC;
	for (unsigned r = 0; r < 3; r++) {
		prober_rig_say(&rigs[r], "start", start);
		prober_rig_say(&rigs[r], "quiet", start + NSEC_PER_SEC);
	}
	ledger = merged_ledger(rigs);
	expect_convergence(rigs, ledger);
	jv_free(ledger);
	for (unsigned r = 0; r < 3; r++) {
		prober_rig_say(&rigs[r], "stop", 0);
		jv_free(prober_rig_await(&rigs[r], "done", TALK_SOON_NS));
		assert_int_equal(prober_rig_end(&rigs[r], false), 0);
		expect_mostly_ok(&rigs[r], r);
		prober_rig_clean(&rigs[r]);
	}
	talk_end(&talk);
}
