/* What each kind of fault does to links and nodes, and what it refuses. */
#include "chaos/faults/fault.h"
#include "fixtures/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const regions[] = {"us", "eu", "ap"};
static const char *const nodes[] = {"us/db", "us/arbiter", "eu/db", "ap/db"};
static const uint8_t node_regions[] = {0, 0, 1, 2};
static const struct fault_topology topology = {regions, 3, nodes, node_regions, 4};

/* The effects as a text such as "us>eu eu>us", or the refusal. */
static const char *effects_of(const char *kind, const struct fault_words *words)
{
	static char text[1024];
	struct arena arena = {0};
	struct fault_effects out = {0};
	struct err err = {0};

	*text = '\0';
	if (fault_find(kind)->effects(&arena, &topology, words, &out, &err))
		snprintf(text, sizeof(text), "%s", err.text);
	for (size_t i = 0; i < out.n_links && !*err.text; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s>%s", i ? " " : "",
			regions[out.links[i].from], regions[out.links[i].to]);
	for (size_t i = 0; i < out.n_nodes && !*err.text; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s:%d", i ? " " : "",
			nodes[out.nodes[i].node], out.nodes[i].action);
	for (size_t i = 0; i < out.n_regions && !*err.text; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? " " : "",
			regions[out.regions[i]]);
	arena_release(&arena);
	return text;
}

#define WORDS(...)                                                                                 \
	.subject = (const char *const[]){__VA_ARGS__},                                             \
	.n_subject = sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)
#define FROM(...)                                                                                  \
	.from = (const char *const[]){__VA_ARGS__},                                                \
	.n_from = sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)

static void partition_cuts_both_ways_from_all_others(void **state)
{
	(void)state;
	assert_string_equal(effects_of("partition", &(struct fault_words){WORDS("us")}),
		"us>eu eu>us us>ap ap>us");
}

static void partition_of_several_regions_leaves_them_joined(void **state)
{
	(void)state;
	assert_string_equal(effects_of("partition", &(struct fault_words){WORDS("us", "ap")}),
		"us>eu eu>us ap>eu eu>ap");
}

static void partition_goes_one_way_where_asked(void **state)
{
	(void)state;
	assert_string_equal(
		effects_of("partition",
			&(struct fault_words){WORDS("us"), FROM("ap"), .direction = DIRECTION_OUT}),
		"us>ap");
	assert_string_equal(
		effects_of("partition",
			&(struct fault_words){WORDS("us"), FROM("ap"), .direction = DIRECTION_IN}),
		"ap>us");
}

static void partition_drops_everything(void **state)
{
	struct fault_words words = {WORDS("us")};
	struct fault_effects out = {0};
	struct arena arena = {0};
	struct err err;

	(void)state;
	assert_int_equal(
		fault_find("partition")->effects(&arena, &topology, &words, &out, &err), 0);
	for (size_t i = 0; i < out.n_links; i++)
		assert_true(
			impairment_equal(&out.links[i].impairment, &(struct impairment){.cut = 1}));
	arena_release(&arena);
}

static void sides_are_checked(void **state)
{
	static const struct fault_topology one = {regions, 1, nodes, node_regions, 1};
	struct fault_words words = {WORDS("us")};
	struct fault_effects out = {0};
	struct arena arena = {0};
	struct err err;

	(void)state;
	assert_string_equal(effects_of("partition", &(struct fault_words){WORDS("uss")}),
		"there is no region \"uss\"; did you mean \"us\"?");
	assert_string_equal(effects_of("partition", &(struct fault_words){WORDS("us"), FROM("us")}),
		"\"us\" is on both sides; name it once");
	assert_string_equal(effects_of("partition", &(struct fault_words){WORDS("us", "eu", "ap")}),
		"all regions are on one side; leave at least one out");
	assert_int_equal(fault_find("partition")->effects(&arena, &one, &words, &out, &err), -1);
	assert_non_null(strstr(err.text, "there is one region only"));
	arena_release(&arena);
}

static void impair_takes_links_or_regions(void **state)
{
	static const struct impairment slow = {.delay_ns = 10 * NSEC_PER_MSEC};

	(void)state;
	assert_string_equal(
		effects_of("impair", &(struct fault_words){WORDS("us <-> eu"), .impairment = slow}),
		"us>eu eu>us");
	assert_string_equal(
		effects_of("impair",
			&(struct fault_words){WORDS("us -> eu", "ap->us"), .impairment = slow}),
		"us>eu ap>us");
	assert_string_equal(
		effects_of("impair", &(struct fault_words){WORDS("ap"), .impairment = slow}),
		"ap>us us>ap ap>eu eu>ap");
	assert_string_equal(
		effects_of("impair",
			&(struct fault_words){WORDS("us -> eu", "ap"), .impairment = slow}),
		"links and regions are mixed; name either");
	assert_string_equal(
		effects_of("impair",
			&(struct fault_words){WORDS("us -> eu", "us <-> eu"), .impairment = slow}),
		"link us -> eu is named twice");
	assert_string_equal(
		effects_of("impair",
			&(struct fault_words){WORDS("us -> eu"), FROM("ap"), .impairment = slow}),
		"a link names both its ends; leave \"from\" and \"direction\" out");
	assert_string_equal(effects_of("impair", &(struct fault_words){WORDS("us")}),
		"nothing is impaired; give it delay, loss, rate or another (explain impair)");
}

static void node_faults_take_a_node_or_all_of_a_region(void **state)
{
	char wanted[64];

	(void)state;
	snprintf(wanted, sizeof(wanted), "eu/db:%d", NODE_KILL);
	assert_string_equal(effects_of("kill", &(struct fault_words){WORDS("eu/db")}), wanted);
	snprintf(wanted, sizeof(wanted), "us/db:%d us/arbiter:%d", NODE_PAUSE, NODE_PAUSE);
	assert_string_equal(effects_of("pause", &(struct fault_words){WORDS("us")}), wanted);
	snprintf(wanted, sizeof(wanted), "ap/db:%d", NODE_RESTART);
	assert_string_equal(effects_of("restart", &(struct fault_words){WORDS("ap/db")}), wanted);
	snprintf(wanted, sizeof(wanted), "eu/db:%d", NODE_UNPLUG);
	assert_string_equal(effects_of("link-down", &(struct fault_words){WORDS("eu/db")}), wanted);
	assert_string_equal(effects_of("kill", &(struct fault_words){WORDS("us/bd")}),
		"there is no node \"us/bd\"; did you mean \"us/db\"?");
	assert_string_equal(effects_of("kill", &(struct fault_words){WORDS("us/db", "us")}),
		"node \"us/db\" is named twice");
	assert_string_equal(effects_of("kill", &(struct fault_words){WORDS("us/db"), FROM("eu")}),
		"a fault of a node has no other side; leave \"from\" and \"direction\" out");
}

static void an_isolated_region_does_not_reach_the_other_one_either(void **state)
{
	(void)state;
	assert_string_equal(effects_of("isolate", &(struct fault_words){WORDS("us", "ap")}),
		"us>eu eu>us ap>eu eu>ap us>ap ap>us");
	assert_string_equal(effects_of("isolate", &(struct fault_words){WORDS("us"), FROM("eu")}),
		"an isolated region reaches nobody; leave \"from\" and \"direction\" out, or write "
		"partition");
}

static void split_cuts_between_groups_and_never_inside(void **state)
{
	(void)state;
	assert_string_equal(effects_of("split", &(struct fault_words){WORDS("us + ap", "eu")}),
		"us>eu eu>us eu>ap ap>eu");
	assert_string_equal(effects_of("split", &(struct fault_words){WORDS("us+ap", "us")}),
		"\"us\" is named twice; a region is in one group");
	assert_string_equal(effects_of("split", &(struct fault_words){WORDS("us + eu + ap")}),
		"all regions are in one group; name at least two groups");
}

static void faults_of_nodes_take_their_amounts_along(void **state)
{
	struct fault_words words = {WORDS("us"), .setting = {.cap_ppm = 50000}};
	struct arena arena = {0};
	struct fault_effects out = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(fault_find("slow-cpu")->effects(&arena, &topology, &words, &out, &err), 0);
	assert_int_equal(out.n_nodes, 2);
	assert_int_equal(out.nodes[1].action, NODE_SLOW);
	assert_int_equal(out.nodes[1].setting.cap_ppm, 50000);
	assert_int_equal(out.n_links, 0);
	arena_release(&arena);
}

static void a_slow_disk_is_slow_by_something(void **state)
{
	struct fault_words words = {WORDS("us/db")};

	(void)state;
	assert_non_null(strstr(effects_of("slow-disk", &words), "say how slow"));
	words.setting.io_bytes = 1024;
	assert_non_null(strstr(effects_of("slow-disk", &words), "at least 16kb"));
	words.setting.io_bytes = 1 << 20;
	assert_string_equal(effects_of("slow-disk", &words), "us/db:9");
	words = (struct fault_words){WORDS("us"), .setting = {.io_delay_ns = NSEC_PER_MSEC}};
	assert_string_equal(effects_of("slow-disk", &words), "us/db:9 us/arbiter:9");
}

static void a_wrong_clock_is_either_ahead_or_behind(void **state)
{
	struct fault_words words = {WORDS("us/db")};

	(void)state;
	assert_non_null(strstr(effects_of("clock-offset", &words), "either"));
	words.setting.ahead_ns = words.setting.behind_ns = NSEC_PER_SEC;
	assert_non_null(strstr(effects_of("clock-offset", &words), "either"));
	words.setting.ahead_ns = 0;
	assert_string_equal(effects_of("clock-offset", &words), "us/db:7");
	assert_int_equal(node_setting_offset_ns(&words.setting), -(int64_t)NSEC_PER_SEC);
}

static void a_lie_says_what_it_needs_and_no_more(void **state)
{
	struct fault_words words = {WORDS("eu/db")};

	(void)state;
	assert_non_null(strstr(effects_of("dns-lie", &words), "say what it answers"));
	words.setting.answer = ORDER_ELSEWHERE;
	assert_non_null(strstr(effects_of("dns-lie", &words), "\"to\" names the region"));
	words.setting.to = "eu-west";
	assert_non_null(strstr(effects_of("dns-lie", &words), "no region \"eu-west\""));
	words.setting.to = "us";
	assert_string_equal(effects_of("dns-lie", &words), "eu/db:8");
	words.setting.answer_delay_ns = NSEC_PER_SEC;
	assert_non_null(strstr(effects_of("dns-lie", &words), "answer: slow"));
}

static void every_row_is_complete(void **state)
{
	(void)state;
	for (size_t i = 0; faults[i]; i++) {
		assert_non_null(faults[i]->help);
		assert_non_null(faults[i]->subject_help);
		assert_ptr_equal(fault_find(faults[i]->name), faults[i]);
	}
	assert_null(fault_find("meteorite"));
}

static void what_is_declared_does_nothing_but_name_regions(void **state)
{
	(void)state;
	assert_string_equal(
		effects_of("declared", &(struct fault_words){WORDS("us", "ap")}), "us ap");
	assert_non_null(strstr(effects_of("declared", &(struct fault_words){WORDS("us/db")}),
		"no region \"us/db\""));
	assert_non_null(strstr(
		effects_of("declared", &(struct fault_words){WORDS("us", "us")}), "named twice"));
	assert_non_null(
		strstr(effects_of("declared", &(struct fault_words){WORDS("us"), FROM("eu")}),
			"leave \"from\""));
	assert_non_null(
		strstr(effects_of("declared", &(struct fault_words){WORDS("us", "eu", "ap")}),
			"no region is left"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(partition_cuts_both_ways_from_all_others),
		cmocka_unit_test(partition_of_several_regions_leaves_them_joined),
		cmocka_unit_test(partition_goes_one_way_where_asked),
		cmocka_unit_test(partition_drops_everything),
		cmocka_unit_test(sides_are_checked),
		cmocka_unit_test(impair_takes_links_or_regions),
		cmocka_unit_test(node_faults_take_a_node_or_all_of_a_region),
		cmocka_unit_test(an_isolated_region_does_not_reach_the_other_one_either),
		cmocka_unit_test(what_is_declared_does_nothing_but_name_regions),
		cmocka_unit_test(split_cuts_between_groups_and_never_inside),
		cmocka_unit_test(every_row_is_complete),
		cmocka_unit_test(faults_of_nodes_take_their_amounts_along),
		cmocka_unit_test(a_slow_disk_is_slow_by_something),
		cmocka_unit_test(a_wrong_clock_is_either_ahead_or_behind),
		cmocka_unit_test(a_lie_says_what_it_needs_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
