/*
 * judge_world: a small plan and a history written by hand, for tests of checkers and verdicts.
 *
 * Times are milliseconds. Region r has node r, named like the region; session s lives in region
 * s / sessions_per_region. Values are numbered by hand, jw_write(w, session, key, 7, ...) writes v7.
 */
#ifndef SUITES_TESTS_HELPERS_JUDGE_WORLD_H
#define SUITES_TESTS_HELPERS_JUDGE_WORLD_H

#include "suites/expect.h"
#include "suites/judge/checker.h"
#include "suites/judge/index.h"

#define WORLD_REGIONS 3
#define WORLD_SESSIONS 4 /* per region */
#define WORLD_MS UINT64_C(1000000)

struct judge_world {
	struct arena arena;
	struct plan plan;
	struct evidence evidence;
	struct op *ops;
	size_t n_ops;
	uint8_t regions[WORLD_REGIONS];
};

void jw_init(struct judge_world *world);
void jw_release(struct judge_world *world);

/* Each returns the record, good until the next is added, to be changed further. */
struct op *jw_op(struct judge_world *world, enum op_kind kind, uint32_t session, uint32_t key,
	uint64_t value, double call_ms, double ret_ms);
struct op *jw_write(struct judge_world *world, uint32_t session, uint32_t key, uint64_t sequence,
	double call_ms, double ret_ms);
/* A read of what `writer` wrote; sequence 0: absent. Served by the node of the session's region. */
struct op *jw_read(struct judge_world *world, uint32_t session, uint32_t key, uint32_t writer,
	uint64_t sequence, double call_ms, double ret_ms);
/* Every region's final answer about a key. */
void jw_read_back(struct judge_world *world, uint32_t key, uint64_t value, double at_ms);
struct op *jw_read_back_in(
	struct judge_world *world, unsigned region, uint32_t key, uint64_t value, double at_ms);
/* Tickers of all regions: written every 50 ms, visible lag_ms later everywhere else. */
void jw_tick(struct judge_world *world, double from_ms, double to_ms, double lag_ms);

uint64_t jw_value(uint32_t session, uint64_t sequence);
uint32_t jw_register(uint32_t number);
uint32_t jw_ledger(uint32_t session, uint32_t sequence);

/* One more group, with a session in each region behind those of the groups before; to be changed further. */
struct client_group *jw_add_group(struct judge_world *world, const char *name);
/* One that looks app.example.test up, at the node of its name. */
struct client_group *jw_add_lookups(struct judge_world *world, const char *name, bool authority);
/* A lookup in region 0: answered at once, with a node and for how long. */
struct op *jw_lookup(
	struct judge_world *world, uint32_t session, unsigned node, unsigned ttl_s, double at_ms);

/* A fault in force between the instants, certified; phase `name` is bound to it. Returns the phase. */
int jw_fault(struct judge_world *world, const char *name, double from_ms, double to_ms);
/* The same, and what it does is that node 0 is killed. */
int jw_death(struct judge_world *world, const char *name, double from_ms, double to_ms);
int jw_phase(struct judge_world *world, const char *name, enum phase_kind kind, double from_ms,
	double to_ms);

/* Sort the history, build the index. Called by the two below when needed. */
void jw_seal(struct judge_world *world);
struct question jw_question(enum metric_id metric);
/* Ask the metric's checker. */
struct measurement jw_ask(struct judge_world *world, const struct question *question);
struct measurement jw_measure(struct judge_world *world, enum metric_id metric);
/* The verdict on `metric OP value`, as expect_judge gives it. */
struct result_expect jw_expect(struct judge_world *world, const struct plan_expect *expect);
struct plan_expect jw_expectation(enum metric_id metric, enum compare compare, double value);

#endif
