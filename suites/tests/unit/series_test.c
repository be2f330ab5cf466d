/* Series: exact counts, extremes kept, bounded however long the run. */
#include "suites/series.h"
#include "fixtures/base/buf.h"
#include "probes/beacon.h"
#include "reports/writers/writer.h"
#include "suites/tests/helpers/judge_world.h"
#include "suites/tests/helpers/long_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MS WORLD_MS

static struct result fill(struct judge_world *world, double end_ms)
{
	struct result result = {0};

	world->evidence.end_ns = (uint64_t)(end_ms * (double)MS);
	jw_seal(world);
	series_fill(&world->arena, &world->evidence, &result);
	return result;
}

static const struct series_line *line_of(
	const struct result *result, const char *region, bool writes)
{
	for (size_t i = 0; i < result->series.n_lines; i++) {
		if (result->series.lines[i].writes == writes &&
			!strcmp(result->series.lines[i].region, region))
			return &result->series.lines[i];
	}
	fail_msg("no line of %s", region);
	return NULL;
}

static void counts_every_outcome_where_it_was_meant_to_start(void **state)
{
	struct judge_world world;
	struct result result;
	const struct series_stats *buckets;

	(void)state;
	jw_init(&world);
	jw_write(&world, 0, jw_register(1), 1, 5, 6);
	jw_write(&world, 0, jw_register(1), 2, 7, 8)->state = OP_FAIL;
	jw_write(&world, 0, jw_register(1), 3, 95, 99)->state = OP_UNKNOWN;
	jw_write(&world, 0, jw_register(1), 4, 97, 98)->late_us = 90000; /* meant for 7 ms */
	result = fill(&world, 100);
	buckets = line_of(&result, "us-east", true)->buckets;
	assert_int_equal(result.series.bucket_ns, 10 * MS);
	assert_int_equal(buckets[0].ok, 2);
	assert_int_equal(buckets[0].fail, 1);
	assert_int_equal(buckets[0].max_ns, 91 * MS);
	assert_int_equal(buckets[9].unknown, 1);
	assert_int_equal(buckets[9].ok, 0);
	assert_int_equal(result.regions[0].writes.ok, 2);
	assert_int_equal(result.regions[0].reads.ok, 0);
	assert_true(result.regions[0].read_p99_ns < 0);
	jw_release(&world);
}

static void one_slow_operation_among_thousands_stays_visible(void **state)
{
	struct judge_world world;
	struct result result;
	uint64_t slowest = 0, fastest = UINT64_MAX, ok = 0;

	(void)state;
	jw_init(&world);
	for (unsigned i = 0; i < 20000; i++)
		jw_read(&world, 0, jw_register(1), 0, 0, i * 30, i * 30 + 1);
	jw_read(&world, 1, jw_register(1), 0, 0, 300000, 301777);
	result = fill(&world, 600000);
	assert_true(result.series.n_buckets <= SERIES_BUCKETS_MAX);
	for (size_t b = 0; b < result.series.n_buckets; b++) {
		const struct series_stats *stats = &line_of(&result, "us-east", false)->buckets[b];

		ok += stats->ok;
		slowest = stats->max_ns > slowest ? stats->max_ns : slowest;
		fastest = stats->ok && stats->min_ns < fastest ? stats->min_ns : fastest;
	}
	assert_int_equal(ok, 20001);
	assert_int_equal(slowest, 1777 * MS);
	assert_int_equal(fastest, MS);
	jw_release(&world);
}

static void tickers_and_read_backs_are_not_clients(void **state)
{
	struct judge_world world;
	struct result result;

	(void)state;
	jw_init(&world);
	jw_tick(&world, 0, 1000, 20);
	jw_read_back(&world, jw_register(1), 0, 900);
	result = fill(&world, 1000);
	for (size_t r = 0; r < result.n_regions; r++)
		assert_int_equal(result.regions[r].reads.ok + result.regions[r].writes.ok, 0);
	jw_release(&world);
}

static void visibility_is_apart_with_and_without_a_fault(void **state)
{
	struct judge_world world;
	struct result result;
	unsigned with = 0, without = 0;

	(void)state;
	jw_init(&world);
	jw_fault(&world, "cut", 1000, 2000);
	jw_tick(&world, 0, 3000, 20);
	result = fill(&world, 3000);
	for (size_t i = 0; i < result.series.n_visibilities; i++) {
		const struct series_visibility *v = &result.series.visibilities[i];

		with += v->in_fault;
		without += !v->in_fault;
		assert_true(v->n > 0);
		for (size_t s = 0; s < SERIES_SHARES; s++)
			assert_true(v->low_ns[s] <= v->high_ns[s]);
		for (size_t s = 1; s < SERIES_SHARES; s++)
			assert_true(v->high_ns[s - 1] <= v->high_ns[s]);
	}
	assert_int_equal(with, 6);
	assert_int_equal(without, 6);
	jw_release(&world);
}

static struct role_mark mark(unsigned node, uint64_t at_ms, enum node_role role)
{
	return (struct role_mark){
		.after_ns = at_ms * MS, .node = (uint8_t)node, .role = (uint8_t)role};
}

static void a_role_holds_until_the_next_answer(void **state)
{
	struct role_mark marks[] = {mark(0, 0, ROLE_PRIMARY), mark(1, 0, ROLE_REPLICA),
		mark(0, 400, ROLE_UNKNOWN), mark(1, 500, ROLE_PRIMARY)};
	struct judge_world world;
	struct result result;
	const struct series_role_span *spans;

	(void)state;
	jw_init(&world);
	jw_read(&world, 0, jw_register(1), 0, 0, 1, 2);
	world.evidence.marks = (struct marks){marks, 4};
	result = fill(&world, 1000);
	spans = result.series.roles;
	assert_string_equal(spans[0].node, "us-east/store");
	assert_int_equal(spans[0].roles, SERIES_PRIMARY);
	assert_int_equal(spans[0].start_ns, 0);
	assert_true(spans[0].end_ns >= 398 * MS && spans[0].end_ns <= 402 * MS);
	for (size_t i = 0; i < result.series.n_roles; i++) {
		if (!strcmp(spans[i].node, "eu-west/store") && spans[i].roles == SERIES_PRIMARY)
			return jw_release(&world);
	}
	fail_msg("eu-west never was primary");
}

static void one_that_flaps_shows_both_roles_and_stays_small(void **state)
{
	static struct role_mark marks[40000];
	struct judge_world world;
	struct result result;
	size_t mixed = 0;

	(void)state;
	for (size_t i = 0; i < 40000; i++)
		marks[i] = mark(0, i * 10, i % 2 ? ROLE_PRIMARY : ROLE_REPLICA);
	jw_init(&world);
	jw_read(&world, 0, jw_register(1), 0, 0, 1, 2);
	world.evidence.marks = (struct marks){marks, 40000};
	result = fill(&world, 400000);
	assert_true(result.series.n_roles <= SERIES_ROLE_SLOTS);
	for (size_t i = 0; i < result.series.n_roles; i++)
		mixed += result.series.roles[i].roles == (SERIES_PRIMARY | SERIES_REPLICA);
	assert_true(mixed > 0);
	jw_release(&world);
}

static void stale_reads_are_counted_by_whether_they_own_up(void **state)
{
	struct judge_world world;
	struct result result;
	const struct series_stats *buckets;

	(void)state;
	jw_init(&world);
	jw_write(&world, 0, jw_register(1), 1, 1, 2);
	jw_write(&world, 0, jw_register(1), 2, 3, 4);
	jw_read(&world, 4, jw_register(1), 0, 1, 9004, 9005); /* 9 s old, and silent */
	jw_read(&world, 4, jw_register(1), 0, 1, 9004, 9006)->flags |= OP_STALE_MARK;
	jw_read(&world, 4, jw_register(1), 0, 2, 9007, 9008); /* the newest */
	result = fill(&world, 10000);
	buckets = line_of(&result, "eu-west", false)->buckets;
	for (size_t b = 1; b < result.series.n_buckets; b++) {
		assert_true(buckets[b].stale_unflagged <= 1);
		if (!buckets[b].ok)
			continue;
		assert_int_equal(buckets[b].stale_unflagged, 1);
		assert_int_equal(buckets[b].stale_flagged, 1);
		assert_int_equal(buckets[b].age_max_ns, 9000 * MS);
	}
	assert_int_equal(result.series.ages[1].counts[0], 1);
	assert_int_equal(result.series.ages[1].counts[9], 2); /* 5 to 10 s */
	assert_int_equal(result.series.ages[1].sum_ns, 18000 * MS);
	jw_release(&world);
}

static const struct series_mark *mark_of(const struct result *result, enum series_mark_kind kind)
{
	for (size_t i = 0; i < result->series.n_marks; i++) {
		if (result->series.marks[i].kind == kind)
			return &result->series.marks[i];
	}
	return NULL;
}

static void a_failover_is_marked_only_where_another_node_took_over(void **state)
{
	(void)state;
	for (int taken = 0; taken < 2; taken++) {
		struct judge_world world;
		struct result result;

		jw_init(&world);
		jw_fault(&world, "cut", 1000, 9000);
		jw_tick(&world, 0, 10000, 5);
		jw_write(&world, 0, jw_ledger(0, 1), 1, 990, 995);
		jw_write(&world, 0, jw_ledger(0, 2), 2, 1100, 1105); /* still acknowledged */
		for (size_t i = 0; i < world.n_ops; i++) {
			struct op *op = &world.ops[i];

			if (op->kind == OP_WRITE && op->flags & OP_TICKER)
				op->node = taken && op->call_ns > 3000 * MS ? 1 : 0;
			if (op->flags & OP_TICKER && op->kind == OP_WRITE &&
				op->call_ns > 1200 * MS && op->call_ns <= 3000 * MS)
				op->state = OP_FAIL;
		}
		result = fill(&world, 10000);
		assert_non_null(mark_of(&result, MARK_CUT));
		assert_int_equal(mark_of(&result, MARK_CUT)->at_ns, 1000 * MS);
		assert_non_null(mark_of(&result, MARK_GONE));
		assert_int_equal(mark_of(&result, MARK_PROMOTE) != NULL, taken);
		assert_int_equal(mark_of(&result, MARK_LAST_ACK) != NULL, taken);
		if (taken)
			assert_true(mark_of(&result, MARK_PROMOTE)->at_ns > 3000 * MS);
		jw_release(&world);
	}
}

static void delays_keep_what_was_lost_and_what_was_slow(void **state)
{
	struct beacon_sample samples[1000];
	struct beacon_end ends[WORLD_REGIONS] = {{0}};
	struct judge_world world;
	struct result result;
	const struct series_link *link;
	uint64_t sent = 0, lost = 0, slowest = 0;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		samples[i] = (struct beacon_sample){.sent_ns = i * 10 * MS + 1,
			.recv_ns = i % 4 ? i * 10 * MS + 1 + (i == 501 ? 900 : 40) * MS : 0,
			.seq = i,
			.from = 0,
			.to = 1};
	jw_init(&world);
	world.evidence.beacons = (struct beacons){
		.samples = samples, .n = 1000, .ends = ends, .n_regions = WORLD_REGIONS};
	jw_write(&world, 0, jw_register(1), 1, 5, 6);
	result = fill(&world, 10000);
	assert_int_equal(result.series.n_links, WORLD_REGIONS * (WORLD_REGIONS - 1));
	link = &result.series.links[0];
	for (size_t b = 0; b < link->n; b++) {
		sent += link->buckets[b].sent;
		lost += link->buckets[b].lost;
		slowest = link->buckets[b].max_ns > slowest ? link->buckets[b].max_ns : slowest;
	}
	assert_int_equal(sent, 1000);
	assert_int_equal(lost, 250);
	assert_int_equal(slowest, 900 * MS);
	assert_true(link->n <= SERIES_LINK_BUCKETS_MAX);
	world.evidence.beacons = (struct beacons){0};
	jw_release(&world);
}

/* However long the run: every file of the report together under 3 MB, and the one operation of a
 * million that took longest is there. */
static void a_million_operations_make_a_small_report(void **state)
{
	static const char *const files[] = {"html", "html-zoom", "json", "series"};
	const struct writer_options plain = {0};
	struct judge_world world;
	struct result result = {.scenario = "s", .path = "s.yaml", .run = "r", .tool_version = "0"};
	uint64_t slowest_ns = 0;
	size_t all = 0;

	(void)state;
	long_run_init(&world, 1000000);
	world.ops[500010].ret_ns += 77777 * MS;
	series_fill(&world.arena, &world.evidence, &result);
	for (size_t i = 0; i < result.series.n_lines; i++) {
		for (size_t b = 0; b < result.series.n_buckets; b++) {
			if (result.series.lines[i].buckets[b].max_ns > slowest_ns)
				slowest_ns = result.series.lines[i].buckets[b].max_ns;
		}
	}
	assert_true(slowest_ns > 77777 * MS && slowest_ns < 77780 * MS);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct buf text = {0};

		writer_find(files[i])->write(&result, &plain, &text);
		all += text.len;
		buf_release(&text);
	}
	assert_true(all > 100000 && all < 3000000);
	jw_release(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_every_outcome_where_it_was_meant_to_start),
		cmocka_unit_test(one_slow_operation_among_thousands_stays_visible),
		cmocka_unit_test(tickers_and_read_backs_are_not_clients),
		cmocka_unit_test(visibility_is_apart_with_and_without_a_fault),
		cmocka_unit_test(a_role_holds_until_the_next_answer),
		cmocka_unit_test(stale_reads_are_counted_by_whether_they_own_up),
		cmocka_unit_test(a_failover_is_marked_only_where_another_node_took_over),
		cmocka_unit_test(delays_keep_what_was_lost_and_what_was_slow),
		cmocka_unit_test(one_that_flaps_shows_both_roles_and_stays_small),
		cmocka_unit_test(a_million_operations_make_a_small_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
