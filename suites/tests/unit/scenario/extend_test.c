/* Scenarios that say only what is different: merged by key, told where they stand, kept together. */
#include "suites/plan.h"
#include "fixtures/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define BASE                                                                                       \
	"scenario: base\nversion: 1\nseed: 5\n"                                                    \
	"regions: { us: { role: primary }, eu: {}, ap: {} }\n"                                     \
	"links: { us <-> eu: { rtt: 80ms, jitter: 2ms }, us <-> ap: { rtt: 190ms }, "              \
	"eu <-> ap: { rtt: 120ms } }\n"                                                            \
	"system: { recipe: region-store, with: { ack: async } }\n"                                 \
	"clients: [ { name: users, sessions: 2 per region, reads: { rate: 100/s }, "               \
	"writes: { rate: 20/s } } ]\n"                                                             \
	"timeline:\n  - { at: 0s, watch: steady, for: 5s }\n"                                      \
	"  - { at: 5s, partition: us, for: 10s, name: cut }\n"                                     \
	"  - { at: 20s, quiet: settled, for: 5s }\n"                                               \
	"expect:\n  - writes.lost == 0\n  - availability > 99% in steady\n"

static void put(const char *path, const char *text)
{
	struct buf buf = {0};
	struct err err;

	buf_puts(&buf, text);
	if (buf_write_file(&buf, path, &err))
		fail_msg("%s", err.text);
	buf_release(&buf);
}

static struct plan *build(const char *path, struct buf *errors)
{
	const char *root = getenv("REGIONPROOF_ROOT");
	char share[4096];
	struct plan_options options = {.path = path, .share = share};
	struct err err;

	snprintf(share, sizeof(share), "%s/fixtures", root ? root : ".");
	return plan_build(&options, false, &err, errors);
}

static struct plan *assert_built(const char *path)
{
	struct buf errors = {0};
	struct plan *plan = build(path, &errors);

	if (!plan)
		fail_msg("%s", buf_str(&errors));
	buf_release(&errors);
	return plan;
}

static void assert_told(const char *path, const char *golden)
{
	struct buf errors = {0};
	struct plan *plan = build(path, &errors);

	assert_null(plan);
	if (!strstr(buf_str(&errors), golden))
		fail_msg("%s\nis not in\n%s", golden, buf_str(&errors));
	buf_release(&errors);
}

static int set_up(void **state)
{
	(void)state;
	mkdir("dir", 0755);
	mkdir("stored", 0755);
	put("dir/base.yaml", BASE);
	return 0;
}

static void maps_are_merged_and_lists_replaced(void **state)
{
	struct plan *plan;

	(void)state;
	put("dir/t.yaml",
		"extends: base.yaml\nscenario: t\n"
		"links: { us <-> eu: { rtt: 20ms } }\nsystem: { with: { ack: majority } }\n"
		"expect: [ writes.lost == 0 in cut ]\n");
	plan = assert_built("dir/t.yaml");
	assert_string_equal(plan->name, "t");
	assert_int_equal(plan->seed, 5);
	assert_int_equal(plan->links[0 * 3 + 1].delay_ns, 10000000); /* its own */
	assert_true(plan->links[0 * 3 + 1].jitter_ns > 0); /* of the same link, the base's */
	assert_int_equal(plan->links[0 * 3 + 2].delay_ns, 95000000);
	assert_int_equal(plan->n_expects, 1);
	assert_string_equal(plan->expects[0].place.file, "dir/t.yaml");
	assert_string_equal(plan->faults[0].place.file, "dir/base.yaml");
	assert_int_equal(plan->faults[0].place.line, 10);
	assert_int_equal(plan->n_bases, 1);
	assert_string_equal(plan->bases[0], "dir/base.yaml");
	plan_free(plan);
}

/* Variants are merged by their names, like all maps. */
static void variants_are_extended(void **state)
{
	const char *root = getenv("REGIONPROOF_ROOT");
	struct plan_options options = {.path = "dir/t.yaml", .variant = "far"};
	struct buf errors = {0};
	struct plan *plan;
	struct err err;
	char share[4096];

	(void)state;
	snprintf(share, sizeof(share), "%s/fixtures", root ? root : ".");
	options.share = share;
	put("dir/variants.yaml",
		BASE "matrix:\n  far: { seed: 8, links: { us <-> eu: { rtt: 200ms } } }\n");
	put("dir/t.yaml",
		"extends: variants.yaml\nscenario: t\nmatrix: { far: { seed: 9 }, near: {} }\n");
	plan = plan_build(&options, false, &err, &errors);
	if (!plan)
		fail_msg("%s%s", buf_str(&errors), err.text);
	assert_string_equal(plan->name, "t[far]");
	assert_int_equal(plan->seed, 9);
	assert_int_equal(plan->links[0 * 3 + 1].delay_ns, 100000000);
	plan_free(plan);
	buf_release(&errors);
}

static void a_chain_is_followed(void **state)
{
	struct plan *plan;

	(void)state;
	put("dir/middle.yaml", "extends: base.yaml\nseed: 7\nabout: the middle\n");
	put("dir/t.yaml", "extends: middle.yaml\nscenario: t\nabout: the end\n");
	plan = assert_built("dir/t.yaml");
	assert_int_equal(plan->seed, 7);
	assert_string_equal(plan->about, "the end");
	assert_int_equal(plan->n_bases, 2);
	plan_free(plan);
}

static void mistakes_are_told_where_they_stand(void **state)
{
	(void)state;
	put("dir/wrong.yaml", BASE "sede: 1\n");
	put("dir/t.yaml", "scenario: t\nextends: wrong.yaml\n");
	assert_told("dir/t.yaml", "dir/wrong.yaml:15:1: a scenario has no key \"sede\"");
	assert_told("dir/t.yaml", "sede: 1\n"); /* its line is quoted */
	put("dir/t.yaml", "scenario: t\nextends: base.yaml\nsystem: { recipe: region-stor }\n");
	assert_told("dir/t.yaml", "dir/t.yaml:3:19: ");
}

static void what_cannot_be_extended_is_told(void **state)
{
	(void)state;
	put("dir/t.yaml", "scenario: t\nextends: nothing.yaml\n");
	assert_told("dir/t.yaml", "dir/t.yaml:2:10: there is no file dir/nothing.yaml to extend");
	put("dir/t.yaml", "scenario: t\nextends: t.yaml\n");
	assert_told("dir/t.yaml", "dir/t.yaml:2:10: dir/t.yaml leads back to itself");
	put("dir/a.yaml", "extends: t.yaml\n");
	put("dir/t.yaml", "scenario: t\nextends: a.yaml\n");
	assert_told("dir/t.yaml", "dir/a.yaml:1:10: dir/t.yaml leads back to itself");
	put("dir/t.yaml", "scenario: t\nextends: .\n");
	assert_told("dir/t.yaml", "there is no file dir/. to extend");
	put("dir/t.yaml", "scenario: t\nextends: [base.yaml]\n");
	assert_told("dir/t.yaml", "dir/t.yaml:2:10: extends");
	put("dir/scenario.yaml", BASE);
	put("dir/t.yaml", "scenario: t\nextends: scenario.yaml\n");
	assert_told("dir/t.yaml", "two would be called scenario.yaml there; rename one");
}

/* In the directory of a run the files lie side by side. */
static void a_stored_run_has_what_it_extends(void **state)
{
	struct plan *plan;

	(void)state;
	put("stored/scenario.yaml", "scenario: t\nextends: ../dir/elsewhere/base.yaml\n");
	put("stored/base.yaml", BASE);
	plan = assert_built("stored/scenario.yaml");
	assert_string_equal(plan->bases[0], "stored/base.yaml");
	plan_free(plan);
}

static void the_plan_says_what_it_is_made_of(void **state)
{
	struct buf out = {0};
	struct plan *plan;

	(void)state;
	put("dir/t.yaml", "scenario: t\nextends: base.yaml\n");
	plan = assert_built("dir/t.yaml");
	plan_print(plan, &out);
	assert_non_null(strstr(buf_str(&out), "extends   dir/base.yaml\n"));
	buf_release(&out);
	plan_free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps_are_merged_and_lists_replaced),
		cmocka_unit_test(a_chain_is_followed),
		cmocka_unit_test(variants_are_extended),
		cmocka_unit_test(mistakes_are_told_where_they_stand),
		cmocka_unit_test(what_cannot_be_extended_is_told),
		cmocka_unit_test(a_stored_run_has_what_it_extends),
		cmocka_unit_test(the_plan_says_what_it_is_made_of),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
