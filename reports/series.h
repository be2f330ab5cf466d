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
#define SERIES_LINK_BUCKETS_MAX 160

/* Operations of client sessions. Latency is that of those that were ok, from their intended start;
 * all zero where none was. */
struct series_stats {
	uint64_t ok, fail, unknown, not_sent;
	uint64_t min_ns, p50_ns, p99_ns, max_ns;
	/* Of the reads among them those that were surely older than their group's stale-after, by
	 * whether the answer said so; and how old reads surely were. */
	uint64_t stale_flagged, stale_unflagged;
	uint64_t age_p99_ns, age_max_ns;
};

/* One region's clients, reads or writes, by intended start. */
struct series_line {
	const char *region;
	bool writes;
	const struct series_stats *buckets;
	size_t n; /* as all lines: n_buckets of the series */
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

/* Beacons of one ordered pair of regions, by when they were sent. */
struct series_delay {
	uint64_t sent, lost;
	uint64_t min_ns, p50_ns, max_ns; /* one way, of those that arrived; 0 where none did */
};

struct series_link {
	const char *from, *to;
	const struct series_delay *buckets;
	size_t n; /* as all links */
};

/* How old the answers to a region's reads surely were, as a histogram: counts[i] of them above the
 * bound before and up to bound i. */
#define SERIES_AGES 12
struct series_ages {
	const char *region;
	uint64_t counts[SERIES_AGES], sum_ns;
};

/* "0.25": seconds, as metrics name them; the last is "+Inf". */
const char *series_age_bound(unsigned i);
unsigned series_age_place(uint64_t age_ns);

/* An instant that the picture names. */
enum series_mark_kind {
	MARK_CUT,           /* a fault came into force */
	MARK_LAST_ACK,      /* the last write that the old primary acknowledged */
	MARK_DETECT,        /* a node outside the cut no longer named it primary */
	MARK_PROMOTE,       /* another node performed a write */
	MARK_FIRST_SUCCESS, /* of clients outside the cut, after the first failure */
	MARK_HEAL,          /* the fault was told to end */
	MARK_GONE,          /* and was gone */
	MARK_CONVERGED,     /* all regions held the same */
	MARKS
};

struct series_mark {
	uint64_t at_ns;
	enum series_mark_kind kind;
	const char *what; /* the fault, or the phase */
};

/* "last ack"; NULL beyond the last. */
const char *series_mark_name(unsigned kind);

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
	uint64_t link_bucket_ns;
	const struct series_link *links;
	size_t n_links;
	const struct series_mark *marks; /* by time */
	size_t n_marks;
	const struct series_ages *ages;
	size_t n_ages;
};

/* The share that point i of a visibility curve stands for: 0, 0.02, .. 0.98, 0.99, 0.999, 1. */
double series_share(size_t i);

#endif
