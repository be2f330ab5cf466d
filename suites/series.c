/*
 * Counts and latencies of client sessions, per region and class: over time, per phase, in all.
 *
 * Each is the same question with another grouping: operations are put into groups by a counting
 * sort, the latencies of a group are sorted, and exact order statistics are read off.
 */
#include "suites/series.h"
#include "suites/judge/index.h"
#include "suites/judge/ops.h"
#include "suites/judge/staleness.h"
#include "suites/judge/view.h"

#include <stdlib.h>

#define NO_GROUP SIZE_MAX

struct grouping {
	const struct evidence *evidence;
	const struct read_ages *ages;
	uint64_t start_ns, end_ns; /* of intended starts */
	uint64_t bucket_ns;        /* 0: one bucket */
	size_t n_buckets;
};

/* Two classes per region, each with all buckets. */
static size_t group_of(const struct grouping *grouping, const struct op *op)
{
	uint64_t at_ns = op_intended(op);
	size_t bucket = 0;

	if (!op_is_session(op) || op->region >= grouping->evidence->plan->n_regions ||
		at_ns < grouping->start_ns || at_ns >= grouping->end_ns)
		return NO_GROUP;
	if (grouping->bucket_ns)
		bucket = (size_t)(at_ns / grouping->bucket_ns);
	if (bucket >= grouping->n_buckets)
		bucket = grouping->n_buckets - 1;
	return (op->region * 2u + op_is_write(op)) * grouping->n_buckets + bucket;
}

static void count_op(struct series_stats *stats, const struct op *op)
{
	stats->ok += op->state == OP_OK;
	stats->fail += op->state == OP_FAIL;
	stats->unknown += op->state == OP_UNKNOWN;
	stats->not_sent += op->state == OP_NOT_SENT;
}

static void count_age(struct series_stats *stats, enum read_age kind)
{
	stats->stale_flagged += kind == AGE_STALE_FLAGGED;
	stats->stale_unflagged += kind == AGE_STALE_UNFLAGGED;
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The smallest value that at least that share (in thousandths) of n sorted ones does not exceed. */
static uint64_t at_share(const uint64_t *sorted, size_t n, size_t thousandths)
{
	return sorted[(n * thousandths + 999) / 1000 - 1];
}

static void fill_latency(struct series_stats *stats, uint64_t *values, size_t n)
{
	if (!n)
		return;
	qsort(values, n, sizeof(*values), compare_u64);
	stats->min_ns = values[0];
	stats->p50_ns = at_share(values, n, 500);
	stats->p99_ns = at_share(values, n, 990);
	stats->max_ns = values[n - 1];
}

static void fill_ages(struct series_stats *stats, uint64_t *values, size_t n)
{
	if (!n)
		return;
	qsort(values, n, sizeof(*values), compare_u64);
	stats->age_p99_ns = at_share(values, n, 990);
	stats->age_max_ns = values[n - 1];
}

/* The values of an operation that count for a group: its latency, or the age of what it read. */
static bool value_of(const struct grouping *grouping, size_t i, bool age, uint64_t *value)
{
	const struct op *op = &grouping->evidence->history.ops[i];

	if (age) {
		*value = grouping->ages->age_ns[i];
		return grouping->ages->kind[i] != AGE_UNKNOWN;
	}
	*value = op_end(op) - op_intended(op);
	return op->state == OP_OK;
}

/* Counting sort: the values of each group stand together, and are handed on group by group. */
static void fill_values(const struct grouping *grouping, struct series_stats *stats, size_t n,
	bool age, void (*fill)(struct series_stats *stats, uint64_t *values, size_t n))
{
	const struct history *history = &grouping->evidence->history;
	struct arena scratch = {0};
	size_t *end = arena_array(&scratch, n + 1, sizeof(*end)), all = 0;
	uint64_t *values, value;

	for (size_t i = 0; i < history->n; i++) {
		size_t group = group_of(grouping, &history->ops[i]);

		if (group != NO_GROUP && value_of(grouping, i, age, &value))
			end[group + 1]++;
	}
	for (size_t g = 0; g < n; g++) {
		all += end[g + 1];
		end[g + 1] = all;
	}
	values = arena_array(&scratch, all + 1, sizeof(*values));
	for (size_t i = 0; i < history->n; i++) {
		size_t group = group_of(grouping, &history->ops[i]);

		if (group != NO_GROUP && value_of(grouping, i, age, &value))
			values[end[group]++] = value;
	}
	for (size_t g = 0; g < n; g++) { /* each start has moved to its end */
		size_t start = g ? end[g - 1] : 0;

		fill(&stats[g], values + start, end[g] - start);
	}
	arena_release(&scratch);
}

/* One for every region, class and bucket. */
static struct series_stats *gather(struct arena *arena, const struct grouping *grouping)
{
	const struct history *history = &grouping->evidence->history;
	size_t n = grouping->evidence->plan->n_regions * 2 * grouping->n_buckets;
	struct series_stats *stats = arena_array(arena, n + 1, sizeof(*stats));

	for (size_t i = 0; i < history->n; i++) {
		size_t group = group_of(grouping, &history->ops[i]);

		if (group == NO_GROUP)
			continue;
		count_op(&stats[group], &history->ops[i]);
		count_age(&stats[group], (enum read_age)grouping->ages->kind[i]);
	}
	fill_values(grouping, stats, n, false, fill_latency);
	fill_values(grouping, stats, n, true, fill_ages);
	return stats;
}

/* 1, 2 or 5 times a power of ten, so that there are few enough buckets. */
uint64_t series_bucket_width(uint64_t length_ns, size_t most)
{
	static const unsigned steps[] = {1, 2, 5};
	uint64_t unit = 10000000; /* 10 ms: finer than the tickers is noise */

	for (;; unit *= 10) {
		for (size_t i = 0; i < 3; i++) {
			if (length_ns / (unit * steps[i]) < most)
				return unit * steps[i];
		}
	}
}

static void fill_lines(struct arena *arena, const struct evidence *evidence,
	const struct read_ages *ages, struct series *out)
{
	const struct plan *plan = evidence->plan;
	struct grouping grouping = {.evidence = evidence, .ages = ages, .end_ns = UINT64_MAX};
	struct series_line *lines = arena_array(arena, plan->n_regions * 2 + 1, sizeof(*lines));
	struct series_stats *stats;

	out->bucket_ns = grouping.bucket_ns =
		series_bucket_width(evidence->end_ns, SERIES_BUCKETS_MAX);
	out->n_buckets = grouping.n_buckets = (size_t)(evidence->end_ns / out->bucket_ns) + 1;
	stats = gather(arena, &grouping);
	for (size_t i = 0; i < plan->n_regions * 2; i++)
		lines[i] = (struct series_line){.region = plan->regions[i / 2].name,
			.writes = i % 2,
			.buckets = stats + i * out->n_buckets,
			.n = out->n_buckets};
	out->lines = lines;
	out->n_lines = plan->n_regions * 2;
}

static void fill_cells(struct arena *arena, const struct evidence *evidence,
	const struct read_ages *ages, struct series *out)
{
	const struct plan *plan = evidence->plan;
	struct series_cell *cells =
		arena_array(arena, plan->n_phases * plan->n_regions * 2 + 1, sizeof(*cells));
	size_t n = 0;

	for (size_t p = 0; p < plan->n_phases; p++) {
		const struct phase_window *window = &evidence->phases[p];
		struct grouping grouping = {.evidence = evidence,
			.ages = ages,
			.start_ns = window->start_ns,
			.end_ns = window->end_ns ? window->end_ns : UINT64_MAX,
			.n_buckets = 1};
		const struct series_stats *stats;

		if (!window->started)
			continue;
		stats = gather(arena, &grouping);
		for (size_t i = 0; i < plan->n_regions * 2; i++)
			cells[n++] = (struct series_cell){.region = plan->regions[i / 2].name,
				.phase = plan->phases[p].name,
				.writes = i % 2,
				.stats = stats[i]};
	}
	out->cells = cells;
	out->n_cells = n;
}

static struct result_counts counts_of(const struct series_stats *stats)
{
	return (struct result_counts){.ok = stats->ok,
		.fail = stats->fail,
		.unknown = stats->unknown,
		.not_sent = stats->not_sent};
}

static void fill_regions(struct arena *arena, const struct evidence *evidence,
	const struct read_ages *ages, struct result *out)
{
	size_t n = evidence->plan->n_regions;
	struct grouping grouping = {
		.evidence = evidence, .ages = ages, .end_ns = UINT64_MAX, .n_buckets = 1};
	const struct series_stats *stats = gather(arena, &grouping);
	struct result_region *regions = arena_array(arena, n + 1, sizeof(*regions));

	for (size_t r = 0; r < n; r++) {
		const struct series_stats *reads = &stats[r * 2], *writes = &stats[r * 2 + 1];

		regions[r] = (struct result_region){.name = evidence->plan->regions[r].name,
			.reads = counts_of(reads),
			.writes = counts_of(writes),
			.read_p99_ns = reads->ok ? (double)reads->p99_ns : -1,
			.write_p99_ns = writes->ok ? (double)writes->p99_ns : -1};
	}
	out->regions = regions;
	out->n_regions = n;
}

static void fill_age_counts(struct arena *arena, const struct evidence *evidence,
	const struct read_ages *ages, struct series *out)
{
	const struct plan *plan = evidence->plan;
	struct series_ages *regions = arena_array(arena, plan->n_regions + 1, sizeof(*regions));

	for (size_t r = 0; r < plan->n_regions; r++)
		regions[r].region = plan->regions[r].name;
	for (size_t i = 0; i < evidence->history.n; i++) {
		const struct op *op = &evidence->history.ops[i];

		if (ages->kind[i] == AGE_UNKNOWN || !op_is_session(op) ||
			op->region >= plan->n_regions)
			continue;
		regions[op->region].counts[series_age_place(ages->age_ns[i])]++;
		regions[op->region].sum_ns += ages->age_ns[i];
	}
	out->ages = regions;
	out->n_ages = plan->n_regions;
}

void series_fill(struct arena *arena, const struct evidence *evidence, struct result *out)
{
	struct arena scratch = {0};
	struct read_ages ages = staleness_of_reads(&scratch, evidence);

	fill_regions(arena, evidence, &ages, out);
	if (evidence->end_ns) {
		fill_lines(arena, evidence, &ages, &out->series);
		fill_cells(arena, evidence, &ages, &out->series);
		fill_age_counts(arena, evidence, &ages, &out->series);
		series_fill_roles(arena, evidence, &out->series);
		series_fill_visibility(arena, evidence, &out->series);
		series_fill_links(arena, evidence, &out->series);
		series_fill_marks(arena, evidence, &out->series);
	}
	arena_release(&scratch);
}
