/*
 * The whole proof on real packets: the wire engine carries faults out, beacons and captures watch,
 * the certificate judges. Once honest, and once with each lie that can be told here.
 *
 * runner: timeout 120, alone
 */
#include "suites/certificate.h"
#include "fixtures/base/arena.h"
#include "fixtures/base/clock.h"
#include "suites/proof/window.h"
#include "suites/tests/helpers/beacon_lab.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MS NSEC_PER_MSEC

static const char *const regions[] = {"us-east", "eu-west", "ap-south"};
static const struct impairment base = {.delay_ns = 20 * MS};
static const struct impairment cut = {.delay_ns = 20 * MS, .cut = 1};

struct trial {
	struct beacon_lab lab;
	struct arena arena;
	struct beacons beacons;
	struct captures captures;
	struct stalls stalls;
	struct noise noise;
	struct certificate_asked links[2];
	struct certificate_control controls[4];
	struct certificate_input input;
	struct certificate out;
	uint64_t base_ns;
};

static void engine_apply(const struct trial *t, unsigned from, unsigned to,
	const struct impairment *imp, uint64_t *sent_ns, uint64_t *acked_ns)
{
	struct engine_change change = {.to = to, .impairment = *imp};
	struct engine *engine = t->lab.net.engines[from];
	struct engine_ack ack;
	struct err err;

	if (engine->ops->apply(engine, &change, 1, 0, &ack, &err) < 0)
		fail_msg("%s", err.text);
	*sent_ns = ack.sent_ns - t->lab.epoch_ns;
	*acked_ns = ack.acked_ns - t->lab.epoch_ns;
}

static bool reads_back(
	const struct trial *t, unsigned from, unsigned to, const struct impairment *imp)
{
	struct engine *engine = t->lab.net.engines[from];
	struct engine_link is;
	struct err err;

	if (engine->ops->read_back(engine, to, &is, &err) < 0)
		fail_msg("%s", err.text);
	return impairment_equal(&is.impairment, imp);
}

static void trial_up(struct trial *t)
{
	uint64_t ignored;

	*t = (struct trial){.input = {.regions = regions, .n_faults = 1}};
	beacon_lab_up(&t->lab, 3, engine_find("wire"));
	for (unsigned from = 0; from < 3; from++)
		for (unsigned to = 0; to < 3; to++)
			if (from != to)
				engine_apply(t, from, to, &base, &ignored, &t->base_ns);
	beacon_lab_run_for_ms(800);
}

/* What is asked of 0 -> 1 and 1 -> 0. The engine really does `done` to the first and `done_back`
 * to the second (NULL: nothing, as an engine that lies). */
static void fault(struct trial *t, const struct impairment *asked, const struct impairment *done,
	const struct impairment *done_back, unsigned ms)
{
	for (unsigned i = 0; i < 2; i++) {
		struct certificate_asked *a = &t->links[i];
		const struct impairment *really = i ? done_back : done;

		*a = (struct certificate_asked){.from = i,
			.to = !i,
			.before = base,
			.asked = *asked,
			.after = base,
			.before_from_ns = t->base_ns};
		engine_apply(t, i, !i, really ? really : &base, &a->sent_ns, &a->acked_ns);
		a->read_back_equal = !really || reads_back(t, i, !i, asked);
	}
	beacon_lab_run_for_ms(ms);
	for (unsigned i = 0; i < 2; i++)
		engine_apply(
			t, i, !i, &base, &t->links[i].undo_sent_ns, &t->links[i].undo_acked_ns);
	beacon_lab_run_for_ms(800);
	for (unsigned i = 0; i < 2; i++)
		t->links[i].after_to_ns = beacon_lab_now_ns(&t->lab);
}

static void judge(struct trial *t, bool with_captures)
{
	const struct impairment all[9] = {base, base, base, base, base, base, base, base, base};
	struct err err;

	beacon_lab_stop(&t->lab);
	beacon_lab_load(&t->lab, &t->beacons);
	assert_int_equal(stalls_load_dir(&t->stalls, t->lab.dir, &err), 0);
	assert_int_equal(captures_load_dir(&t->captures, t->lab.dir, &err), 0);
	noise_measure(&t->noise, &t->beacons, &t->stalls, all, 3, t->base_ns + 100 * MS,
		t->links[0].sent_ns);
	t->input.links = t->links;
	t->input.n_links = 2;
	t->input.controls = t->controls;
	for (unsigned i = 0; i < 4; i++)
		t->controls[i] =
			(struct certificate_control){i < 2 ? i : 2, i < 2 ? 2 : i - 2, base};
	t->input.n_controls = 4;
	t->input.beacons = &t->beacons;
	t->input.stalls = &t->stalls;
	t->input.noise = &t->noise;
	t->input.captures = with_captures ? &t->captures : NULL;
	certificate_make(&t->arena, &t->input, &t->out);
	print_message(
		"%s: noise floor %.3f ms, %zu stalls; in force %+.3f ms after the request, gone "
		"%+.3f ms, resolution %.3f ms, drain %.1f ms, skew %.3f ms\n",
		certificate_status_name(t->out.status), (double)t->noise.delay_ns / 1e6,
		t->stalls.n,
		t->out.in_force_ns
			? ((double)t->out.in_force_ns - (double)t->links[1].sent_ns) / 1e6
			: 0,
		t->out.gone_ns ? ((double)t->out.gone_ns - (double)t->links[0].undo_sent_ns) / 1e6
			       : 0,
		(double)t->out.resolution_ns / 1e6, (double)t->out.drain_ns / 1e6,
		(double)t->out.skew_ns / 1e6);
	for (size_t i = 0; i < t->out.n_notes; i++)
		print_message("    %s\n", t->out.notes[i]);
}

static void trial_down(struct trial *t)
{
	beacons_release(&t->beacons);
	captures_release(&t->captures);
	stalls_release(&t->stalls);
	arena_release(&t->arena);
	beacon_lab_down(&t->lab);
}

/* Where the machine was held for much of the time there is nothing to certify, and it says so. */
static void expect_status(struct trial *t, enum certificate_status status)
{
	uint64_t held_ns = stalls_overlap_ns(&t->stalls, t->base_ns, t->links[0].after_to_ns);

	if (t->out.status == CERTIFICATE_NO_DATA && held_ns > 100 * MS) {
		print_message("skip: the machine was held for %.2f s\n", (double)held_ns / 1e9);
		trial_down(t);
		skip();
	}
	if (t->out.status != status)
		fail_msg("status is %s: %s", certificate_status_name(t->out.status), t->out.why);
}

static void cut_by_the_engine_is_certified(void **state)
{
	struct trial t;

	(void)state;
	trial_up(&t);
	fault(&t, &cut, &cut, &cut, 1500);
	judge(&t, false);
	expect_status(&t, CERTIFIED);
	assert_in_range(
		t.out.in_force_ns + 20 * MS, t.links[0].sent_ns, t.links[1].acked_ns + 40 * MS);
	assert_true(t.out.resolution_ns < 40 * MS);
	trial_down(&t);
}

static void delay_and_loss_by_the_engine_are_certified(void **state)
{
	const struct impairment slow = {.delay_ns = 80 * MS, .loss_ppm = 100000, .loss_burst = 4};
	const struct certificate_measure *during;
	struct trial t;

	(void)state;
	trial_up(&t);
	fault(&t, &slow, &slow, &slow, 2000);
	judge(&t, false);
	expect_status(&t, CERTIFIED);
	during = &t.out.links[0].families[BEACON_IP6].during;
	print_message("    IPv6: p50 %.3f p95 %.3f ms, loss %.1f %% (%.1f .. %.1f)\n",
		(double)during->p50_ns / 1e6, (double)during->p95_ns / 1e6, during->loss * 100,
		during->loss_low * 100, during->loss_high * 100);
	trial_down(&t);
}

static void engine_that_acknowledges_and_does_nothing_is_found_out(void **state)
{
	struct trial t;

	(void)state;
	trial_up(&t);
	fault(&t, &cut, NULL, NULL, 1000);
	judge(&t, false);
	expect_status(&t, CERTIFICATE_NOT_IN_FORCE);
	trial_down(&t);
}

static void engine_that_forgets_one_direction_is_found_out(void **state)
{
	struct trial t;

	(void)state;
	trial_up(&t);
	fault(&t, &cut, &cut, NULL, 1000);
	judge(&t, false);
	expect_status(&t, CERTIFICATE_PARTIAL);
	assert_non_null(strstr(t.out.why, "eu-west -> us-east"));
	trial_down(&t);
}

static void cut_that_no_system_runs_into_is_not_exercised(void **state)
{
	struct trial t;

	(void)state;
	trial_up(&t);
	fault(&t, &cut, &cut, &cut, 1000);
	judge(&t, true);
	expect_status(&t, CERTIFICATE_NOT_EXERCISED);
	trial_down(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_by_the_engine_is_certified),
		cmocka_unit_test(delay_and_loss_by_the_engine_are_certified),
		cmocka_unit_test(engine_that_acknowledges_and_does_nothing_is_found_out),
		cmocka_unit_test(engine_that_forgets_one_direction_is_found_out),
		cmocka_unit_test(cut_that_no_system_runs_into_is_not_exercised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
