/* What happened when, as it stands in series.json. Buckets are lists, not maps: there are thousands. */
#include "reports/result_shape.h"
#include "reports/series.h"

#define SHAPE(variable, title, type, rows, is_tuple)                                               \
	const struct shape variable = {.name = title,                                              \
		.size = sizeof(type),                                                              \
		.tuple = is_tuple,                                                                 \
		.fields = rows,                                                                    \
		.n = sizeof(rows) / sizeof(*(rows))}
#define ROW(type, member, k, text)                                                                 \
	{                                                                                          \
		.name = #member, .kind = k, .offset = offsetof(struct type, member), .help = text  \
	}
#define LIST(type, member, count, shape, text)                                                     \
	{                                                                                          \
		.name = #member, .kind = FIELD_LIST, .offset = offsetof(struct type, member),      \
		.offset_n = offsetof(struct type, count), .of = &(shape), .help = text             \
	}

#define STATS(member, help) ROW(series_stats, member, FIELD_U64, help)
static const struct field stats_rows[] = {
	STATS(ok, "operations that were ok"),
	STATS(fail, "surely did not happen"),
	STATS(unknown, "nobody knows"),
	STATS(not_sent, "due while the session still waited"),
	STATS(min_ns, "fastest of those that were ok"),
	STATS(p50_ns, "median"),
	STATS(p99_ns, NULL),
	STATS(max_ns, "slowest"),
	STATS(stale_flagged, "reads older than stale-after that said so"),
	STATS(stale_unflagged, "and that did not"),
	STATS(age_p99_ns, "definite age of reads"),
	STATS(age_max_ns, "the oldest"),
};
static SHAPE(stats_shape, "stats", struct series_stats, stats_rows, true);

static const struct field line_rows[] = {
	ROW(series_line, region, FIELD_NAME, NULL),
	ROW(series_line, writes, FIELD_BOOL, "writes, else reads"),
	LIST(series_line, buckets, n, stats_shape, "by intended start"),
};
static SHAPE(line_shape, "line", struct series_line, line_rows, false);

static const struct field cell_rows[] = {
	ROW(series_cell, region, FIELD_NAME, NULL),
	ROW(series_cell, phase, FIELD_NAME, NULL),
	ROW(series_cell, writes, FIELD_BOOL, "writes, else reads"),
	{.name = "stats",
		.kind = FIELD_OBJECT,
		.offset = offsetof(struct series_cell, stats),
		.of = &stats_shape},
};
static SHAPE(cell_shape, "cell", struct series_cell, cell_rows, false);

static const struct field role_rows[] = {
	ROW(series_role_span, node, FIELD_NAME, NULL),
	ROW(series_role_span, region, FIELD_NAME, NULL),
	ROW(series_role_span, start_ns, FIELD_U64, NULL),
	ROW(series_role_span, end_ns, FIELD_U64, NULL),
	ROW(series_role_span, roles, FIELD_UINT, "bits: 1 primary, 2 replica, 4 did not answer"),
};
static SHAPE(role_shape, "role", struct series_role_span, role_rows, false);

#define SHARES(member, text)                                                                       \
	{                                                                                          \
		.name = #member, .kind = FIELD_NEVER,                                              \
		.offset = offsetof(struct series_visibility, member), .many = SERIES_SHARES,       \
		.help = text                                                                       \
	}
static const struct field visibility_rows[] = {
	ROW(series_visibility, from, FIELD_NAME, NULL),
	ROW(series_visibility, to, FIELD_NAME, NULL),
	ROW(series_visibility, in_fault, FIELD_BOOL, "acknowledged while a fault was in force"),
	ROW(series_visibility, n, FIELD_U64, "writes"),
	ROW(series_visibility, never, FIELD_U64, "never seen while we watched"),
	SHARES(low_ns, "at least, for shares of 0, 2 .. 98, 99, 99.9, 100 %; null: never"),
	SHARES(high_ns, "at most; null: never"),
};
static SHAPE(visibility_shape, "visibility", struct series_visibility, visibility_rows, false);

#define DELAY(member, help) ROW(series_delay, member, FIELD_U64, help)
static const struct field delay_rows[] = {
	DELAY(sent, "beacons whose fate is known"),
	DELAY(lost, NULL),
	DELAY(min_ns, "one way"),
	DELAY(p50_ns, NULL),
	DELAY(max_ns, NULL),
};
static SHAPE(delay_shape, "delay", struct series_delay, delay_rows, true);

static const struct field link_rows[] = {
	ROW(series_link, from, FIELD_NAME, NULL),
	ROW(series_link, to, FIELD_NAME, NULL),
	LIST(series_link, buckets, n, delay_shape, "by when they were sent"),
};
static SHAPE(link_shape, "beacons", struct series_link, link_rows, false);

static const struct field mark_rows[] = {
	ROW(series_mark, at_ns, FIELD_U64, NULL),
	{.name = "kind",
		.kind = FIELD_WORD,
		.offset = offsetof(struct series_mark, kind),
		.words = series_mark_name,
		.help = "what happened"},
	ROW(series_mark, what, FIELD_NAME, "the fault or phase it belongs to"),
};
static SHAPE(mark_shape, "mark", struct series_mark, mark_rows, false);

static const struct field ages_rows[] = {
	ROW(series_ages, region, FIELD_NAME, NULL),
	{.name = "counts",
		.kind = FIELD_NEVER,
		.offset = offsetof(struct series_ages, counts),
		.many = SERIES_AGES,
		.help = "up to 0, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30 s and above"},
	ROW(series_ages, sum_ns, FIELD_U64, NULL),
};
static SHAPE(ages_shape, "ages", struct series_ages, ages_rows, false);

static const struct field series_rows[] = {
	ROW(series, bucket_ns, FIELD_U64, "width of the buckets of lines"),
	LIST(series, lines, n_lines, line_shape, "clients of a region over time"),
	LIST(series, cells, n_cells, cell_shape, "the same per phase"),
	LIST(series, roles, n_roles, role_shape, "what nodes said that they were"),
	LIST(series, visibilities, n_visibilities, visibility_shape,
		"how soon a write could be read elsewhere"),
	ROW(series, link_bucket_ns, FIELD_U64, "width of the buckets of links"),
	LIST(series, links, n_links, link_shape, "beacons between regions"),
	LIST(series, marks, n_marks, mark_shape, "instants, by time"),
	LIST(series, ages, n_ages, ages_shape, "how old answers to reads surely were"),
};
SHAPE(series_shape, "series", struct series, series_rows, false);
