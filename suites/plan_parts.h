/*
 * plan_parts: what the files that make a plan share. Each part looks up names, computes, complains at
 * the place of the word, and leaves its piece in the plan; plan.c calls them in order.
 */
#ifndef SUITES_PLAN_PARTS_H
#define SUITES_PLAN_PARTS_H

#include "suites/plan.h"
#include "suites/scenario/recipe.h"
#include "suites/scenario/scenario.h"

struct planner {
	struct plan *plan;
	struct arena *arena; /* the plan's */
	struct scenario scenario;
	struct recipe recipe;
	struct complaints *complaints;
	const struct plan_options *options;
	bool need_programs;
	struct buf *missing;       /* sentences about programs that are not there */
	const char **region_names; /* n_regions */
	/* What the plan's faults were written as, by their index. */
	const struct scenario_entry *fault_entries[PLAN_FAULTS_MAX];
	size_t primary; /* index of the region that is primary at the start */
};

void plan_system(struct planner *p);   /* recipe, nodes, endpoints, hosts */
void plan_mtus(struct planner *p);     /* what regions say of theirs */
void plan_links(struct planner *p);    /* the normal world */
void plan_clients(struct planner *p);  /* groups and sessions */
void plan_timeline(struct planner *p); /* phases, faults, steps, end */
void plan_overlaps(struct planner *p); /* faults at the same time; part of the timeline */
void plan_holes(struct planner *p);    /* faults on packets that no link carries */
void plan_nodes(struct planner *p);    /* what faults need of nodes */
void plan_expects(struct planner *p);  /* names of expectations */
void plan_aborts(struct planner *p);   /* conditions that end a run early */
void plan_refuse(struct planner *p);   /* what could only be green, or never anything else */

/* Index of the word in names, or -1 after "there is no WHAT ...". */
int planner_find(struct planner *p, const struct scenario_word *word, const char *const *names,
	size_t n, const char *what);
/* A setting into the struct of the first table that has its row; tables end with a NULL. */
struct planner_rows {
	const struct param *rows;
	void *into;
};
void planner_set(struct planner *p, const struct scenario_setting *setting,
	const struct planner_rows *tables, const char *what);

/* `mtu`, of a region or of a link. */
struct planner_mtu {
	uint64_t bytes; /* 0: not given */
};
extern const struct param planner_mtu_params[];
/* What a link says of its MTU, on one of its directions; setting NULL: nothing. */
void planner_link_mtu(struct planner *p, const struct scenario_link *link,
	const struct scenario_setting *setting, const struct planner_mtu *mtu, size_t from,
	size_t to);

/* "delay-percentiles.p50" and its like. */
bool planner_is_percentile(const struct scenario_setting *setting);
/* The percentiles of a link, if it has any, into its impairment. */
void planner_percentiles(
	struct planner *p, const struct scenario_link *link, struct impairment *impairment);

/* "distribution.trace" and its like, and what is recorded there into the link's impairment. */
bool planner_is_trace(const struct scenario_setting *setting);
void planner_trace(
	struct planner *p, const struct scenario_link *link, struct impairment *impairment);

/* How many samples or effective trials an expectation can have at most in this plan, estimated
 * from rates and lengths; 0 where nothing can be said. *what: "reads". */
uint64_t plan_planned_samples(
	const struct plan *plan, const struct plan_expect *expect, const char **what);
/* Reads and writes that all groups start in the run; false where a closed loop leaves it open. */
bool plan_planned_operations(const struct plan *plan, double *reads, double *writes);
/* Length of what the expectation looks at: its phase, or the run without its quiet phases. */
uint64_t plan_watched_ns(const struct plan *plan, const struct plan_expect *expect);
/* The fault an expectation hangs on: that of its phase, or the only one; -1. */
int plan_fault_of(const struct plan *plan, const struct plan_expect *expect);

/* The folder with systems/: as given, else beside the program, else ./fixtures. In the arena. */
const char *share_directory(struct arena *arena, const char *given);
/* Absolute path of a program: beside regionproof, then in PATH. NULL where there is none. */
const char *share_find_program(struct arena *arena, const char *name);

const char *compare_text(enum compare compare);

#endif
