/*
 * checker: the contract of what judges a history.
 *
 * Pure: a function of the evidence and of one question. No clock, no files, no randomness. Each
 * finding carries a minimal witness of 2 to 4 operations and one sentence that says why they cannot
 * go together. Only real time convicts: of two writes the order is certain when the first returned
 * before the second was called; versions that the store reports corroborate only.
 *
 * To add one: copy the smallest (thin_air.c), add a row to checkers.c and one to metric.c, give it a
 * brute-force reference or histories by construction in suites/tests/unit/judge, a plant (below)
 * and a line in suites/tests/selftest/bugs.tsv.
 */
#ifndef SUITES_JUDGE_CHECKER_H
#define SUITES_JUDGE_CHECKER_H

#include "fixtures/base/arena.h"
#include "fixtures/base/rng.h"
#include "suites/judge/evidence.h"
#include "suites/metric.h"

/* One question: an expectation's metric and filters. */
struct question {
	const struct metric *metric;
	enum metric_stat stat;
	enum op_filter filter;
	int group, phase, region, from, to; /* -1: any */
	double bound;      /* what it is compared with, in the metric's base unit; 0: none */
	double confidence; /* of intervals; 0: 95 % */
	bool untainted;    /* leave out operations that overlap a stall */
};

#define WITNESS_OPS_MAX 4

struct finding {
	size_t ops[WITNESS_OPS_MAX]; /* indices into evidence->history.ops, in time order */
	unsigned n_ops;
	const char *reason; /* one sentence, in the arena */
	bool tainted;       /* one of the operations overlaps a stall */
	double severity;    /* findings are kept in this order, the worst first */
};

enum measured {
	MEASURED_VALUE,    /* value holds */
	MEASURED_NOTHING,  /* no data at all: inconclusive, never a pass */
	MEASURED_CENSORED, /* did not happen while we watched: value is a lower bound */
	MEASURED_UNDECIDED /* could not be decided; why says so */
};

/* A part of an RTO and the like; missing is missing, not zero. */
struct measured_part {
	const char *name;
	double value_ns;
	bool has;
};

#define MEASURED_PARTS_MAX 6
#define FINDINGS_MAX 16

struct measurement {
	enum measured status;
	double value;     /* in the metric's base unit (ns, 0..1, count, per second) */
	double value_low; /* where has_value_low: the value of this run lies in value_low .. value */
	bool has_value_low; /* (a probe sees a change only when it looks) */
	double low, high;   /* confidence interval of the population, where has_interval */
	bool has_interval;
	size_t episodes;          /* independent ones behind the interval: blocks, or faults */
	uint64_t n;               /* samples or effective trials behind the value */
	const char *n_what;       /* "effective trials", "reads", "acknowledged ledger writes" */
	const char *note;         /* "would have caught a lag of 40 ms or more"; NULL: none */
	const char *why;          /* for NOTHING, CENSORED and UNDECIDED */
	struct finding *findings; /* worst first; at most FINDINGS_MAX kept */
	size_t n_findings, total_findings;
	struct measured_part parts[MEASURED_PARTS_MAX];
	unsigned n_parts;
	int fault; /* the fault whose certificate the value hangs on, or -1 */
};

struct walker_ops;
struct view;

struct checker_ops {
	const char *name;
	const char *help;
	/* Answer the question. Memory from the arena. *out comes zeroed but for fault = -1. */
	void (*measure)(struct arena *arena, const struct evidence *evidence,
		const struct question *question, struct measurement *out);
	/* For what is judged key by key: many such questions are answered in one walk (lane.h), and
	 * measure is the same for one. NULL: not by key. `walks` says for which metrics; NULL: all. */
	const struct walker_ops *walker;
	bool (*walks)(enum metric_id id);
	/*
	 * Sensitivity: change the copied history so that at least one violation more is in it (of a
	 * size given in ns where that makes sense, else 0), or return false where it offers no place.
	 * The copy holds the operations on a few keys only, `plant_keys` of them, drawn at random: what
	 * a plant changes must lie in them. Operations keep their order by call. NULL: the checker has
	 * no plants (and says why in help).
	 */
	bool (*plant)(struct arena *arena, struct evidence *copy, const struct question *question,
		struct rng *rng, uint64_t size_ns);
	unsigned plant_keys;    /* how many keys a violation needs; 0 counts as 1 */
	unsigned plant_classes; /* bit per enum key_class that it can be planted on; 0: any */
	bool plant_has_size;    /* sizes make sense */
	/*
	 * For what is measured and not found (spoil.h): make one operation of the copy worse in the
	 * sense of the question, or return false where it does not count. Calls must stay; what a read
	 * read may be changed in index->write_of. Asked where there is no plant for what the metric
	 * finds. NULL: none, and help says why.
	 */
	bool (*spoil)(
		struct evidence *copy, struct index *index, const struct view *view, uint32_t i);
	/* The same for what is not measured by operations: one mark of a role, one beacon. */
	bool (*spoil_mark)(struct evidence *copy, const struct view *view, size_t i);
	bool (*spoil_beacon)(struct evidence *copy, const struct view *view, size_t i);
	bool spoils_in_a_row; /* from the first that counts on; else drawn at random */
};

/* The table, NULL-terminated. */
extern const struct checker_ops *const checkers[];
const struct checker_ops *checker_find(const char *name);

static inline bool checker_spoils(const struct checker_ops *checker)
{
	return checker->spoil || checker->spoil_mark || checker->spoil_beacon;
}

/* Certain order in real time. Unknown writes have no return: never certainly before anything. */
static inline bool op_certainly_before(const struct op *a, const struct op *b)
{
	return a->state == OP_OK && a->ret_ns < b->call_ns;
}

#endif
