/* Plans: times, numbers, order, and that the scenarios we ship are sound. */
#include "suites/plan.h"
#include "fixtures/base/arena.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "suites/tests/helpers/scenario_text.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *root(void)
{
	const char *dir = getenv("REGIONPROOF_ROOT");

	return dir ? dir : ".";
}

static void links_have_half_the_round_trip(void **state)
{
	struct scenario_text text = SCENARIO_TEXT;
	struct plan *plan;

	(void)state;
	text.links = "links:\n  us <-> eu: { rtt: 81ms, jitter: 2ms, distribution: normal }\n"
		     "  us <-> ap: { rtt: 190ms, loss: 1%, loss-burst: 4 }\n"
		     "  eu -> ap: { delay: 62ms }\n  ap -> eu: { delay: 58ms }\n";
	plan = assert_plan(&text);
	assert_int_equal(plan->links[0 * 3 + 1].delay_ns, 40500000);
	assert_int_equal(plan->links[1 * 3 + 0].jitter_ns, 2000000);
	assert_int_equal(plan->links[2 * 3 + 0].loss_burst, 4);
	assert_int_equal(plan->links[1 * 3 + 2].delay_ns, 62000000);
	assert_int_equal(plan->links[2 * 3 + 1].delay_ns, 58000000);
	plan_free(plan);
}

#define OVERTAKEN                                                                                  \
	"timeline:\n  - { at: 0s, watch: steady, for: 5s }\n"                                      \
	"  - { at: 5s, impair: \"us <-> eu\", overtake: 20%, for: 5s, name: cut }\n"               \
	"  - { at: 20s, quiet: settled, for: 5s }\n"

static void packets_are_overtaken_in_the_delay_of_a_round_trip(void **state)
{
	struct scenario_text text = SCENARIO_TEXT;
	struct impairment under;
	struct plan *plan;

	(void)state;
	text.links = "links:\n  us <-> eu: { rtt: 80ms, overtake: 10% }\n"
		     "  us <-> ap: { rtt: 190ms }\n  eu <-> ap: { rtt: 120ms }\n";
	text.timeline = OVERTAKEN;
	plan = assert_plan(&text);
	assert_int_equal(plan->links[0 * 3 + 1].overtake_ppm, 100000);
	under = plan_link_now(plan, 0, 1, 1);
	assert_int_equal(under.overtake_ppm, 280000);
	assert_int_equal(under.delay_ns, 40000000);
	plan_free(plan);
}

static void nobody_is_overtaken_without_delay(void **state)
{
	struct scenario_text text = SCENARIO_TEXT;

	(void)state;
	text.links = "links:\n  us <-> eu: { loss: 1% }\n  us <-> ap: { rtt: 190ms }\n"
		     "  eu <-> ap: { rtt: 120ms }\n";
	text.timeline = OVERTAKEN;
	assert_complaint(&text, "on us -> eu there is nobody to overtake");
	text = (struct scenario_text)SCENARIO_TEXT;
	text.links =
		"links:\n  us <-> eu: { rtt: 0ms, overtake: 10% }\n  us <-> ap: { rtt: 190ms }\n"
		"  eu <-> ap: { rtt: 120ms }\n";
	assert_complaint(&text, "overtake without delay");
}

static void a_preset_fills_what_the_scenario_leaves_out(void **state)
{
	struct scenario_text text = SCENARIO_TEXT;
	struct plan *plan;

	(void)state;
	text.links = "links: { preset: geo-satellite, us -> eu: { delay: 7ms } }\n";
	plan = assert_plan(&text);
	assert_int_equal(plan->links[0 * 3 + 1].delay_ns, 7000000);
	assert_int_equal(plan->links[1 * 3 + 0].delay_ns, 300000000);
	assert_int_equal(plan->links[2 * 3 + 1].delay_ns, 300000000);
	assert_string_equal(plan->links_from, "geo-satellite (2022-05-02)");
	plan_free(plan);
	text.regions = "regions: { us-east-1: { role: primary }, eu-west-1: {}, sa-east-1: {} }\n";
	text.links = "links: { preset: aws }\n";
	text.timeline = "timeline:\n  - { at: 0s, watch: steady, for: 5s }\n"
			"  - { at: 5s, partition: us-east-1, for: 10s, name: cut }\n"
			"  - { at: 20s, quiet: settled, for: 5s }\n";
	plan = assert_plan(&text);
	assert_int_equal(plan->links[0 * 3 + 1].delay_ns, 40275000);
	assert_int_equal(plan->links[2 * 3 + 1].delay_ns, 95650000);
	plan_free(plan);
}

/* Those for any pair are planned with the regions at hand; aws names its own. */
static void every_preset_that_is_shipped_can_be_used(void **state)
{
	char pattern[4096];
	glob_t found;

	(void)state;
	snprintf(pattern, sizeof(pattern), "%s/fixtures/links/*.yaml", root());
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 5);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct scenario_text text = SCENARIO_TEXT;
		struct plan *plan;
		char name[256], links[512];

		assert_int_equal(sscanf(strrchr(found.gl_pathv[i], '/'), "/%255[^.]", name), 1);
		if (!strcmp(name, "aws"))
			continue;
		snprintf(links, sizeof(links), "links: { preset: %s }\n", name);
		text.links = links;
		plan = assert_plan(&text);
		assert_true(plan->links[1].delay_ns > 0);
		assert_ptr_equal(strstr(plan->links_from, name), plan->links_from);
		plan_free(plan);
	}
	globfree(&found);
}

static void steps_are_sorted_and_off_comes_before_on(void **state)
{
	static const enum step_kind wanted[] = {STEP_FAULT_ON, STEP_FAULT_OFF, STEP_FAULT_ON,
		STEP_FAULT_OFF, STEP_QUIET, STEP_RESUME, STEP_QUIET, STEP_END};
	struct scenario_text text = SCENARIO_TEXT;
	struct plan *plan;

	(void)state;
	text.timeline = "timeline:\n  - { at: 30s, quiet: second, for: 5s }\n"
			"  - { at: 10s, kill: eu/store, for: 5s }\n"
			"  - { at: 20s, quiet: first, for: 5s }\n"
			"  - { at: 5s, partition: us, for: 5s }\n"
			"  - { at: 0s, watch: steady, for: 5s }\n";
	plan = assert_plan(&text);
	assert_int_equal(plan->n_steps, 8);
	for (size_t i = 0; i < plan->n_steps; i++)
		assert_int_equal(plan->steps[i].kind, wanted[i]);
	assert_string_equal(plan->faults[plan->steps[0].index].name, "partition-2");
	assert_int_equal(plan->steps[1].at_ns, plan->steps[2].at_ns);
	assert_int_equal(plan->end_ns, 35 * NSEC_PER_SEC);
	assert_int_equal(plan->steps[7].at_ns, plan->end_ns);
	plan_free(plan);
}

/* What the read-back after the last fault needs. */
#define QUIET "  - { at: 15s, quiet: settled, for: 5s }\n"

/* The scenario with this entry at 5 s instead of its cut. */
static struct scenario_text with_fault(const char *timeline)
{
	struct scenario_text text = SCENARIO_TEXT;

	text.timeline = timeline;
	return text;
}

static void a_flap_is_cut_by_cut_at_absolute_times(void **state)
{
	struct scenario_text text = with_fault(
		"timeline:\n  - { at: 0s, watch: steady, for: 5s }\n"
		"  - { at: 5s, flap: us, on: 1s, off: 2s, for: 7s, name: flaky }\n" QUIET);
	struct plan *plan = assert_plan(&text);

	(void)state;
	assert_int_equal(plan->n_faults, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(plan->faults[i].start_ns, (5 + 3 * i) * NSEC_PER_SEC);
		assert_int_equal(plan->faults[i].length_ns, NSEC_PER_SEC);
		assert_int_equal(plan->faults[i].effects.n_links, 4);
	}
	assert_string_equal(plan->faults[2].name, "flaky/3");
	assert_string_equal(plan->phases[1].name, "flaky");
	assert_int_equal(plan->phases[1].fault, 0);
	assert_int_equal(plan->phases[1].last_fault, 2);
	plan_free(plan);
}

static void a_ramp_rises_to_what_was_stated(void **state)
{
	struct scenario_text text = with_fault(
		"timeline:\n  - { at: 0s, watch: steady, for: 5s }\n"
		"  - { at: 5s, ramp: us -> eu, delay: 100ms, loss: 4%, for: 8s }\n" QUIET);
	struct plan *plan = assert_plan(&text);

	(void)state;
	assert_int_equal(plan->n_faults, 4);
	for (unsigned i = 0; i < 4; i++) {
		struct impairment now = plan_link_now(plan, 0, 1, UINT64_C(1) << i);

		assert_int_equal(now.delay_ns, (40 + 25 * (i + 1)) * NSEC_PER_MSEC);
		assert_int_equal(now.loss_ppm, 10000 * (i + 1));
		assert_int_equal(plan_link_now(plan, 1, 0, UINT64_C(1) << i).loss_ppm, 0);
	}
	plan_free(plan);
}

static void a_rolling_outage_leaves_a_pause_between_regions(void **state)
{
	struct scenario_text text =
		with_fault("timeline:\n  - { at: 0s, watch: steady, for: 5s }\n"
			   "  - { at: 5s, rolling: [eu, ap], off: 2s, for: 8s }\n" QUIET);
	struct plan *plan = assert_plan(&text);

	(void)state;
	assert_int_equal(plan->n_faults, 2);
	assert_int_equal(plan->faults[0].length_ns, 3 * NSEC_PER_SEC);
	assert_int_equal(plan->faults[1].start_ns, 10 * NSEC_PER_SEC);
	assert_string_equal(plan->faults[1].text, "rolling ap");
	plan_free(plan);
}

static void stages_too_short_or_too_many_are_refused(void **state)
{
	static const char *const cases[][2] = {
		{"flap: us, on: 2s, off: 2s, for: 3s", "the length has room for 1 cut of"},
		{"flap: us, on: 500ms, off: 500ms, for: 60s", "more than 32 cuts"},
		{"rolling: [eu, ap], off: 2s, for: 2s", "leaves less than 500 ms"},
		{"rolling: eu, for: 9s", "it rolls over 2 to 32 regions"},
		{"ramp: us, delay: 50ms, steps: 8, for: 2s", "steps shorter than 500 ms"},
		{"ramp: us, delay: 50ms, rate: 1mbit, for: 8s", "no matter of degree"},
		{"flap: us, until: failed-over, at-most: 9s", "has a fixed length"},
	};
	char timeline[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct scenario_text text = with_fault(timeline);

		snprintf(timeline, sizeof(timeline),
			"timeline:\n  - { at: 0s, watch: steady, for: 5s }\n  - { at: 5s, %s }\n",
			cases[i][0]);
		assert_complaint(&text, cases[i][1]);
	}
}

static void a_bound_of_one_fault_is_refused_for_many_stages(void **state)
{
	struct scenario_text text = with_fault(
		"timeline:\n  - { at: 0s, watch: steady, for: 5s }\n"
		"  - { at: 5s, flap: us, on: 1s, off: 2s, for: 7s, name: flaky }\n" QUIET);

	(void)state;
	text.expect = "expect: [ failover.rto < 900ms in flaky ]\n";
	assert_complaint(&text, "failover.rto counts from one fault, and \"flaky\" has 3 stages");
}

static void a_fault_of_our_own_nodes_is_refused_on_running_containers(void **state)
{
	struct scenario_text text = with_fault("timeline:\n  - { at: 0s, watch: steady, for: 5s }\n"
					       "  - { at: 5s, link-down: us, for: 5s }\n" QUIET);

	(void)state;
	plan_free(assert_plan(&text));
	text.system = "system: { containers: { runtime: docker, region-label: r, "
		      "allow-label: a=b, driver: redis, port: 6379 } }\n";
	assert_complaint(&text, "link-down acts on nodes of our own only");
}

static void clients_speak_to_containers_as_the_scenario_says(void **state)
{
	static const struct {
		const char *word;
		unsigned ip;
	} cases[] = {{"", 0}, {", ip: auto", 0}, {", ip: 4", 4}, {", ip: 6", 6}};
	struct scenario_text text = SCENARIO_TEXT;
	char system[200];

	(void)state;
	text.system = system;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct plan *plan;

		snprintf(system, sizeof(system),
			"system: { containers: { runtime: docker, region-label: r, "
			"allow-label: a=b, driver: redis, port: 6379%s } }\n",
			cases[i].word);
		plan = assert_plan(&text);
		assert_int_equal(plan->containers->ip, cases[i].ip);
		plan_free(plan);
	}
	text.system = "system: { containers: { runtime: docker, region-label: r, "
		      "allow-label: a=b, driver: redis, port: 6379, ip: 5 } }\n";
	assert_complaint(&text, "ip is 4, 6 or auto");
}

static void sessions_are_numbered_over_all_groups(void **state)
{
	struct scenario_text text = SCENARIO_TEXT;
	struct plan *plan;

	(void)state;
	text.clients = "clients:\n  - { name: a, sessions: 2 per region, writes: { rate: 5/s } }\n"
		       "  - { name: b, sessions: 3 per region, regions: [ap, us], "
		       "reads: { rate: 5/s } }\n";
	plan = assert_plan(&text);
	assert_int_equal(plan->n_sessions, 12);
	assert_int_equal(plan->groups[1].first_session, 6);
	assert_int_equal(plan->groups[1].n_regions, 2);
	assert_int_equal(plan->groups[1].regions[0], 2);
	assert_int_equal(plan->groups[1].regions[1], 0);
	assert_int_equal(plan->groups[0].registers, 4);
	assert_int_equal(plan->groups[0].timeout_ns, 2 * NSEC_PER_SEC);
	plan_free(plan);
}

static void groups_share_no_keys(void **state)
{
	struct scenario_text text = SCENARIO_TEXT;

	(void)state;
	text.clients =
		"clients:\n  - { name: a, sessions: 2 per region, writes: { rate: 5/s } }\n"
		"  - { name: b, sessions: 2 per region, registers: 8, reads: { rate: 5/s } }\n";
	assert_complaint(&text, "group b has another number of registers than a");
}

/* Groups L1 .. Ln beside the users, each of which asks one layer alone. */
static const char *clients_with_layers(int n)
{
	static char text[2048];
	size_t len = (size_t)snprintf(text, sizeof(text),
		"clients:\n  - { name: users, sessions: 2 per region, writes: { rate: 5/s } }\n");

	for (int i = 1; i <= n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
			"  - { name: L%d, sessions: 1 per region, node: store, layer: part %d,\n"
			"      writes: { rate: 5/s, to: node } }\n",
			i, i);
	return text;
}

static void layers_are_no_more_than_an_rto_has_parts(void **state)
{
	struct scenario_text text = SCENARIO_TEXT;

	(void)state;
	text.clients = clients_with_layers(PLAN_LAYERS_MAX);
	plan_free(assert_plan(&text));
	text.clients = clients_with_layers(PLAN_LAYERS_MAX + 1);
	assert_complaint(&text, "t.yaml:18:61: more than 5 layers; leave out layer:");
}

static void nodes_stand_at_their_addresses(void **state)
{
	struct scenario_text text = SCENARIO_TEXT;
	struct plan *plan;

	(void)state;
	text.system = "system: { recipe: redis-sentinel, with: { min-replicas: 1 } }\n";
	plan = assert_plan(&text);
	assert_int_equal(plan->n_nodes, 6);
	assert_int_equal(plan->n_endpoints, 3);
	assert_string_equal(plan->nodes[3].spec.name, "eu/sentinel");
	assert_int_equal(plan->nodes[3].host, 11);
	assert_int_equal(plan->nodes[3].endpoint_index, -1);
	assert_string_equal(plan->endpoints[1].name, "eu/redis");
	assert_string_equal(plan->endpoints[1].host, "198.18.1.10");
	assert_int_equal(plan->endpoints[1].port, 6379);
	assert_int_equal(plan->endpoints[1].node, 1);
	assert_non_null(strstr(plan->hosts, "198.18.2.11 sentinel.ap\n"));
	assert_non_null(strstr(
		plan->nodes[5].spec.file_texts[0], "sentinel monitor main 198.18.0.10 6379 2\n"));
	plan_free(plan);
}

static void only_replicas_follow_the_primary(void **state)
{
	struct scenario_text text = SCENARIO_TEXT;
	struct plan *plan;

	(void)state;
	text.system = "system: { recipe: redis-sentinel }\n";
	plan = assert_plan(&text);
	for (size_t i = 0; i < plan->n_nodes; i += 2) {
		bool follows = false, guarded = false;

		for (size_t k = 0; plan->nodes[i].spec.argv[k]; k++) {
			follows |= !strcmp(plan->nodes[i].spec.argv[k], "--replicaof");
			guarded |= !strcmp(plan->nodes[i].spec.argv[k], "--min-replicas-to-write");
		}
		assert_int_equal(follows, i > 0);
		assert_false(guarded);
	}
	plan_free(plan);
}

static void the_same_text_gives_the_same_plan(void **state)
{
	struct scenario_text text = SCENARIO_TEXT;
	struct buf first = {0}, second = {0};
	struct plan *plan;

	(void)state;
	plan = assert_plan(&text);
	plan_print(plan, &first);
	plan_free(plan);
	plan = assert_plan(&text);
	plan_print(plan, &second);
	plan_free(plan);
	assert_string_equal(buf_str(&first), buf_str(&second));
	buf_release(&first);
	buf_release(&second);
}

static void the_dry_run_says_what_many_claims_are_worth_together(void **state)
{
	struct scenario_text text = SCENARIO_TEXT;
	struct plan *plan = assert_plan(&text);
	struct plan_expect expects[2] = {plan->expects[0], plan->expects[0]};
	struct buf out = {0};

	(void)state;
	plan->expects = expects;
	plan->n_expects = 2;
	plan_print(plan, &out);
	assert_null(strstr(buf_str(&out), "claims in one run"));
	expects[0].confidence = expects[1].confidence = 0.95;
	buf_clear(&out);
	plan_print(plan, &out);
	assert_non_null(strstr(buf_str(&out),
		"2 claims in one run: at least one is wrong by chance in up to 9.8 % of runs; at "
		"97.5 % each it would be 5 %"));
	buf_release(&out);
	plan_free(plan);
}

static void the_dry_run_shows_changes_and_inverses(void **state)
{
	static const char *const golden[] = {
		"us -> eu   delay 40ms  =>  delay 40ms, cut\n",
		"us -> eu   delay 40ms, cut  =>  delay 40ms\n",
		"  5.000 s  fault cut: partition us\n",
		"15.000 s  inverse of cut",
		"writes.lost == 0\n      a share of 2.5 % or more of about 120 writes of ledger keys (at 95 %)",
		"about 2000 reads and 400 writes",
	};
	struct scenario_text text = SCENARIO_TEXT;
	struct plan *plan = assert_plan(&text);
	struct buf out = {0};

	(void)state;
	plan_print(plan, &out);
	for (size_t i = 0; i < sizeof(golden) / sizeof(*golden); i++) {
		if (!strstr(buf_str(&out), golden[i]))
			fail_msg("no \"%s\" in \"%s\"", golden[i], buf_str(&out));
	}
	buf_release(&out);
	plan_free(plan);
}

static void a_missing_program_is_the_machines_fault(void **state)
{
	char path[512], share[] = "/tmp/plan_testXXXXXX";
	struct plan_options options = {.path = "t.yaml", .share = share};
	struct buf recipe = {0}, text = {0}, errors = {0};
	struct err err = {0};
	struct plan *plan;

	(void)state;
	assert_non_null(mkdtemp(share));
	snprintf(path, sizeof(path), "mkdir %s/systems", share);
	assert_int_equal(system(path), 0);
	buf_puts(&recipe,
		"recipe: x\nversion: 1\ndriver: null\n"
		"needs: { programs: { no-such-program: some-package } }\n"
		"nodes: [ { name: n, port: 1, endpoint: yes, command: [no-such-program] } ]\n");
	snprintf(path, sizeof(path), "%s/systems/x.yaml", share);
	assert_int_equal(buf_write_file(&recipe, path, &err), 0);
	buf_puts(&text,
		"scenario: t\nversion: 1\nregions: { us: { role: primary } }\n"
		"system: { recipe: x }\n"
		"clients: [ { name: u, sessions: 1 per region, reads: { rate: 10/s } } ]\n"
		"timeline: [ { at: 0s, watch: steady, for: 5s } ]\nexpect: [ latency.p99 < 1s ]\n");
	options.text = buf_str(&text);
	plan = plan_build(&options, false, &err, &errors);
	assert_non_null(plan);
	assert_string_equal(plan->nodes[0].spec.argv[0], "no-such-program");
	plan_free(plan);
	assert_null(plan_build(&options, true, &err, &errors));
	assert_int_equal(err.code, EXIT_MACHINE);
	assert_string_equal(err.text,
		"recipe x needs the program \"no-such-program\", which is not "
		"installed; install the Debian package some-package");
	snprintf(path, sizeof(path), "rm -r %s", share);
	assert_int_equal(system(path), 0);
	buf_release(&recipe);
	buf_release(&text);
	buf_release(&errors);
}

static void passes_check(const struct plan_options *options)
{
	struct buf errors = {0};
	struct err err = {{0}, 0};
	struct plan *plan = plan_build(options, false, &err, &errors);

	if (!plan)
		fail_msg("%s: %s", err.text, buf_str(&errors));
	plan_free(plan);
	buf_release(&errors);
}

static void every_scenario_we_ship_passes_check(void **state)
{
	char pattern[512], share[512];
	glob_t found;

	(void)state;
	snprintf(pattern, sizeof(pattern), "%s/suites/scenarios/*.yaml", root());
	snprintf(share, sizeof(share), "%s/fixtures", root());
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 4);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct plan_options options = {.path = found.gl_pathv[i], .share = share};
		struct arena arena = {0};
		size_t n;
		const char *const *variants = plan_variants(&arena, &options, &n);

		if (!n)
			passes_check(&options);
		for (size_t v = 0; v < n; v++) {
			options.variant = variants[v];
			passes_check(&options);
		}
		arena_release(&arena);
	}
	globfree(&found);
}

static void a_file_that_is_not_there_is_an_invalid_scenario(void **state)
{
	struct plan_options options = {.path = "/no/such/file.yaml"};
	struct buf errors = {0};
	struct err err = {0};

	(void)state;
	assert_null(plan_build(&options, false, &err, &errors));
	assert_int_equal(err.code, EXIT_SCENARIO);
	assert_non_null(strstr(err.text, "/no/such/file.yaml"));
	buf_release(&errors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_have_half_the_round_trip),
		cmocka_unit_test(packets_are_overtaken_in_the_delay_of_a_round_trip),
		cmocka_unit_test(nobody_is_overtaken_without_delay),
		cmocka_unit_test(a_preset_fills_what_the_scenario_leaves_out),
		cmocka_unit_test(every_preset_that_is_shipped_can_be_used),
		cmocka_unit_test(steps_are_sorted_and_off_comes_before_on),
		cmocka_unit_test(a_flap_is_cut_by_cut_at_absolute_times),
		cmocka_unit_test(a_ramp_rises_to_what_was_stated),
		cmocka_unit_test(a_rolling_outage_leaves_a_pause_between_regions),
		cmocka_unit_test(stages_too_short_or_too_many_are_refused),
		cmocka_unit_test(a_bound_of_one_fault_is_refused_for_many_stages),
		cmocka_unit_test(a_fault_of_our_own_nodes_is_refused_on_running_containers),
		cmocka_unit_test(clients_speak_to_containers_as_the_scenario_says),
		cmocka_unit_test(sessions_are_numbered_over_all_groups),
		cmocka_unit_test(groups_share_no_keys),
		cmocka_unit_test(layers_are_no_more_than_an_rto_has_parts),
		cmocka_unit_test(nodes_stand_at_their_addresses),
		cmocka_unit_test(only_replicas_follow_the_primary),
		cmocka_unit_test(the_same_text_gives_the_same_plan),
		cmocka_unit_test(the_dry_run_says_what_many_claims_are_worth_together),
		cmocka_unit_test(the_dry_run_shows_changes_and_inverses),
		cmocka_unit_test(a_missing_program_is_the_machines_fault),
		cmocka_unit_test(every_scenario_we_ship_passes_check),
		cmocka_unit_test(a_file_that_is_not_there_is_an_invalid_scenario),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
