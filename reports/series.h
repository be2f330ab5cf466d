/*
 * series: what happened when, small enough to draw whatever the run's length.
 *
 * Time is cut into at most SERIES_BUCKETS_MAX buckets of a round width. Each keeps counts and the
 * fastest, the median, p99 and the slowest, so that nothing extreme is smoothed away. Roles are
 * kept on a finer grid, as the set of roles that a node had in a slot: one that flaps a thousand
 * times cannot make the series longer, and shows that it had both.
 */
#ifndef REPORTS_SERIES_H
#define REPORTS_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERIES_BUCKETS_MAX 240
#define SERIES_ROLE_SLOTS 1000
#define SERIES_SHARES 53 /* points of a visibility curve */

/* Operations of client sessions. Latency is that of those that were ok, from their intended start;
 * all zero where none was. */
struct series_stats {
	uint64_t ok, fail, unknown, not_sent;
	uint64_t min_ns, p50_ns, p99_ns, max_ns;
};

/* One region's clients, reads or writes, by intended start. */
struct series_line {
	const char *region;
	bool writes;
	const struct series_stats *buckets; /* n_buckets of the series */
};

/* The same summed over a phase. */
struct series_cell {
	const char *region, *phase;
	bool writes;
	struct series_stats stats;
};

enum series_role { SERIES_PRIMARY = 1, SERIES_REPLICA = 2, SERIES_ROLE_UNKNOWN = 4 };

/* What a node said that it was, from start to end; several roles: it changed faster than a slot. */
struct series_role_span {
	const char *node, *region;
	uint64_t start_ns, end_ns;
	unsigned roles; /* bits of enum series_role */
};

/*
 * How soon writes of one region could be read in another: that share of them within a time between
 * low_ns and high_ns (a prober sees a change only when it looks). UINT64_MAX: never while we watched.
 */
struct series_visibility {
	const char *from, *to;
	bool in_fault; /* acknowledged while a fault was in force; else while none was */
	uint64_t n, never;
	uint64_t low_ns[SERIES_SHARES], high_ns[SERIES_SHARES];
};

struct series {
	uint64_t bucket_ns; /* 0: nothing was recorded */
	size_t n_buckets;
	const struct series_line *lines;
	size_t n_lines;
	const struct series_cell *cells;
	size_t n_cells;
	const struct series_role_span *roles; /* by node, then by time */
	size_t n_roles;
	const struct series_visibility *visibilities;
	size_t n_visibilities;
};

/* The share that point i of a visibility curve stands for: 0, 0.02, .. 0.98, 0.99, 0.999, 1. */
double series_share(size_t i);

#endif
