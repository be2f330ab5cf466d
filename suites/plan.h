/*
 * plan: what will happen in a run, with every name looked up, every time absolute and every limit
 * computed. Pure data: made from a scenario, a seed and the recipe by plan_build(), the same for
 * ever from the same three, so that an agent and a later `judge` build the very same plan again.
 *
 * Times are nanoseconds since the run's zero, the instant at which all regions were ready.
 */
#ifndef SUITES_PLAN_H
#define SUITES_PLAN_H

#include "chaos/engines/engine.h"
#include "chaos/faults/fault.h"
#include "chaos/impairment.h"
#include "fixtures/base/arena.h"
#include "fixtures/base/err.h"
#include "fixtures/node.h"
#include "probes/drivers/driver.h"
#include "probes/group.h"
#include "probes/pcap_sample.h"
#include "suites/metric.h"
#include "suites/scenario/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

struct plan_region {
	const char *name;
	bool primary; /* role: primary */
	struct place place;
	uint32_t mtu; /* of its nodes' links */
};

/* Running containers in place of nodes of our own: one a region, chosen by labels, that clients talk to.
 * Their addresses are known when they have been found (plan_place_container). */
struct plan_containers {
	const char *runtime, *region_label, *allow_label;
	const char *project, *service, *name; /* of compose; a pattern; NULL: any */
	const char *network;                  /* NULL: the one that all share */
	unsigned ip; /* 4 or 6: what clients speak; 0: 4 where a container has it, else 6 */
};

struct plan_node {
	struct node_spec spec;
	unsigned region, host; /* host: number in addr_of() */
	bool endpoint;         /* clients talk to it (others, such as a Sentinel, are only run) */
	int endpoint_index;    /* into plan->endpoints, or -1 */
	bool capped;           /* a fault caps its processors: it lives in a control group */
};

enum phase_kind {
	PHASE_WATCH, /* watch: a named stretch in which nothing is changed */
	PHASE_QUIET, /* quiet: no writes; sweeps until converged */
	PHASE_FAULT, /* from in force to gone; its bounds are certified in the run */
};

/* Half-open by intended start. end_ns 0: until the run ends. */
struct plan_phase {
	const char *name;
	enum phase_kind kind;
	uint64_t start_ns, end_ns; /* planned */
	int fault;                 /* index, for PHASE_FAULT */
	int last_fault;            /* of a fault in stages: the last one; else as fault */
	struct place place;
};

enum until_kind { UNTIL_TIME, UNTIL_FAILED_OVER };

struct plan_fault {
	const char *name;   /* the user's, or the kind with a number; of a stage NAME/1 ... */
	const char *family; /* the same without the stage */
	const struct fault_ops *ops;
	struct fault_effects effects;
	enum until_kind until;
	uint64_t start_ns;
	uint64_t length_ns; /* with UNTIL_FAILED_OVER the longest: `at most` */
	const char *text;   /* "partition us-east from eu-west, ap-south" */
	struct place place;
};

/* What people or programs outside do (suites/run/action.c), and purges of edges. */
enum action_kind { ACTION_DO, ACTION_WEBHOOK, ACTION_WAIT, ACTION_PURGE };

struct plan_action {
	const char *name, *what; /* the command, the URL, what is waited for, whose edges */
	enum action_kind kind;
	uint64_t at_ns, limit_ns; /* limit 0: none */
	int group;                /* of ACTION_PURGE; else -1 */
	struct place place;
};

enum step_kind { STEP_FAULT_ON, STEP_FAULT_OFF, STEP_QUIET, STEP_RESUME, STEP_ACTION, STEP_END };

/* The timeline, sorted by time; OFF before ON at the same instant. */
struct plan_step {
	uint64_t at_ns;
	enum step_kind kind;
	int index; /* of the fault, phase or action; -1 */
};

enum compare { COMPARE_LT, COMPARE_LE, COMPARE_EQ, COMPARE_NE, COMPARE_GE, COMPARE_GT };
enum op_filter { FILTER_ALL, FILTER_READS, FILTER_WRITES, FILTER_GROUP };

/* One line of `expect:`, names looked up. */
struct plan_expect {
	const char *id; /* the normalised text: stable across runs, without measured values */
	const struct metric *metric;
	enum metric_stat stat;
	enum compare compare;
	double value;  /* in the metric's base unit: ns, share 0..1, count */
	bool has_warn; /* passes, but with a warning where `value warn_compare warn_value` does
			     * not hold: always a stricter bound of the same direction */
	enum compare warn_compare;
	double warn_value;
	double confidence; /* 0: observed; 0.95: a claim about the population */
	enum op_filter filter;
	int group;    /* FILTER_GROUP */
	int phase;    /* index, -1: the whole run */
	int region;   /* at REGION, -1: all together */
	int from, to; /* ordered pair of regions, -1 */
	struct place place;
};
/* `at each region` is expanded into one expectation per region. */

/* `safety: { abort-if: }`: how the run does right now that ends it (suites/live/abort_if.h). */
struct plan_abort {
	const char *text;  /* as written */
	int vital, class_; /* enum vital, enum vital_class */
	enum compare compare;
	double value; /* ns or share */
	enum param_type unit;
	int region; /* -1: whichever crosses */
	uint64_t for_ns;
	struct place place;
};

struct plan_evidence {
	uint64_t min_reads, min_acked_writes, min_samples; /* min_samples: of any one expectation */
	uint64_t capture;                                  /* enum pcap_keep */
	uint64_t capture_limit;                            /* bytes of pcap a region */
	uint64_t liar; /* 1: a session lies, to see whether it is caught */
};

/* What a recipe needs; package "": it is ours. */
struct plan_program {
	const char *name, *package;
};

struct plan {
	struct arena arena;
	const char *name, *about, *path; /* name: of a variant "SCENARIO[VARIANT]"; path as given */
	const char *scenario, *variant;  /* these two apart; variant NULL: it has no matrix */
	const char *text;                /* the scenario file's own text */
	const char **traces;             /* files of recorded delays that links were read from */
	size_t n_traces;
	const char *const *bases; /* files that the scenario extends */
	size_t n_bases;
	const char *recipe_name, *driver; /* driver: of its endpoints */
	struct plan_program *programs;
	size_t n_programs;
	const char *links_from; /* the preset and its date; NULL: the scenario has all links */
	uint64_t seed;

	struct plan_region *regions;
	size_t n_regions;
	struct impairment *links; /* [from * n_regions + to]: the normal world */
	uint32_t *
		mtus; /* [from * n_regions + to]: the largest IP packet on the way; of own ones too */
	const struct plan_containers *containers; /* NULL: nodes of a recipe */
	bool remote; /* somebody else runs it: clients on this host's own network, no nodes or links */
	struct plan_node *nodes;
	size_t n_nodes;
	struct endpoint *endpoints; /* .node is the index in this array */
	size_t n_endpoints;
	const char *hosts; /* /etc/hosts of every node */
	struct client_group *groups;
	size_t n_groups;
	uint32_t n_sessions;

	struct plan_phase *phases;
	size_t n_phases;
	struct plan_fault *faults;
	size_t n_faults;
	struct plan_step *steps;
	size_t n_steps;
	struct plan_action *actions;
	size_t n_actions;
	uint64_t end_ns;

	struct plan_expect *expects;
	size_t n_expects;
	struct plan_abort *aborts;
	size_t n_aborts;
	struct plan_evidence evidence;
	uint64_t max_duration_ns;
	uint64_t converge_limit_ns; /* a quiet phase may take so long at most (60 s) */
	double steady_share;        /* ok share demanded before the first fault: 0.99 */
	uint64_t repeat;            /* trials; 1 */
};

/* What a command line may change. */
struct plan_options {
	const char *path;
	const char *text;    /* NULL: read path */
	const char *share;   /* directory with systems/, links/ */
	const char *variant; /* of its matrix; NULL: it has none */
	bool has_seed;
	uint64_t seed;
};

/* The names of a scenario's variants, in the arena, NULL behind the last; *n 0 where it has no matrix, or one that cannot be read: then
 * plan_build says why. */
const char *const *plan_variants(
	struct arena *arena, const struct plan_options *options, size_t *n);

/*
 * Parse, look up, compute. On failure NULL and every error found, one per line, as
 * "file:line:column: what was expected; how to mend it" followed by the line and a caret.
 * err->code is EXIT_SCENARIO, EXIT_USAGE where the options' variant and the scenario's matrix do not go together, or
 * EXIT_MACHINE where a program is missing and need_programs.
 */
struct plan *plan_build(const struct plan_options *options, bool need_programs, struct err *err,
	struct buf *errors);
void plan_free(struct plan *plan);
/* Give the endpoint of a region's container its address. */
void plan_place_container(struct plan *plan, unsigned region, const char *address);

/* The impairment of a link while the given faults are on (a bit per fault): base and effects added
 * by impairment_add. Of packets that no fault means in particular. */
struct impairment plan_link_now(
	const struct plan *plan, unsigned from, unsigned to, uint64_t faults_on);
/* The same of packets that faults with this match mean. */
struct impairment plan_matched_now(const struct plan *plan, unsigned from, unsigned to,
	const struct match *match, uint64_t faults_on);
/* All of it: what the engine is told. */
void plan_link(const struct plan *plan, unsigned from, unsigned to, uint64_t faults_on,
	struct engine_link *out);
void plan_link_print(struct buf *out, const struct engine_link *link);

/* Everything planned at from_ns or later moves by so much, because somebody held the run there. Faults that are
 * in force last longer, phases that go on end later. */
void plan_shift(struct plan *plan, uint64_t from_ns, uint64_t by_ns);
void plan_shift_steps(struct plan_step *steps, size_t n, uint64_t from_ns, uint64_t by_ns);

/* Is the claim of this expectation one about runs (a failover happens once in each), and so judged
 * over the trials of `repeat` and not in one of them? */
bool plan_claim_is_of_runs(const struct plan *plan, const struct plan_expect *expect);

/* MTUs other than 1500: "9000 in us-east, 1400 from us-east to eu-west"; nothing where there is none. */
void plan_mtus_print(const struct plan *plan, struct buf *out);

/* The dry run: every change that would be made, and its inverse, absolute times, limits, the
 * smallest effect that each expectation could detect. */
void plan_print(const struct plan *plan, struct buf *out);

#define PLAN_ENV_FIXED 4 /* entries of every node's environment that are not its recipe's */
#define PLAN_FAULTS_MAX 64
#define PLAN_GROUPS_MAX 32
#define PLAN_LAYERS_MAX 5 /* parts of an RTO, beside that of the clients (suites/judge/layers.h) */

#endif
