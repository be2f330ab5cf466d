/*
 * Truth by construction: histories of a store without a fault, into which a known number of
 * violations of each kind is put; the checker finds exactly those.
 */
#include "suites/tests/helpers/judge_store.h"
#include "suites/judge/ops.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SEEDS 10
#define PLANTED 7

static const enum metric_id found[] = {METRIC_READ_YOUR_WRITES, METRIC_MONOTONIC_READS,
	METRIC_MONOTONIC_WRITES, METRIC_WRITES_FOLLOW_READS, METRIC_STALE_UNFLAGGED,
	METRIC_STALE_FALSE, METRIC_WRITES_LOST, METRIC_WRITES_MISSING, METRIC_RESURRECTIONS,
	METRIC_DIRTY_READS, METRIC_THIN_AIR_READS, METRIC_SPLIT_BRAIN_WINDOW,
	METRIC_DIVERGENCE_KEYS};
#define N_FOUND (sizeof(found) / sizeof(*found))

static uint64_t findings(struct judge_world *world, enum metric_id metric)
{
	return jw_measure(world, metric).total_findings;
}

/* On one copy no read can miss an own write, and no write of this one fails: those have no trials. */
static void faultless_store_is_silent_everywhere(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct judge_world world;

		jw_init(&world);
		store_run(&world, seed, &STORE_SHAPE);
		for (size_t i = 0; i < N_FOUND; i++) {
			struct measurement m = jw_measure(&world, found[i]);

			if (m.total_findings)
				fail_msg("seed %llu: %s: %s", (unsigned long long)seed,
					metrics[found[i]].name, m.findings[0].reason);
			if (m.status != MEASURED_VALUE && found[i] != METRIC_READ_YOUR_WRITES &&
				found[i] != METRIC_DIRTY_READS)
				fail_msg("seed %llu: %s was not measured: %s",
					(unsigned long long)seed, metrics[found[i]].name, m.why);
		}
		assert_true(jw_measure(&world, METRIC_STALENESS).value == 0);
		jw_release(&world);
	}
}

/* Puts one violation at the operation, where it offers a place; true: done. */
typedef bool put_fn(struct judge_world *world, size_t op);

/* One violation on each of PLANTED different keys (or sessions), so that none hides another. */
static unsigned put_apart(struct judge_world *world, put_fn *put)
{
	uint32_t used[PLANTED];
	unsigned n = 0;

	for (size_t i = world->n_ops / 3; i < world->n_ops && n < PLANTED; i++) {
		bool again = false;

		for (unsigned k = 0; k < n; k++)
			again |= used[k] == world->ops[i].key;
		if (again || !put(world, i))
			continue;
		used[n++] = world->ops[i].key;
	}
	return n;
}

static void expect_exactly(enum metric_id metric, put_fn *put)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct judge_world world;
		struct store_shape shape = STORE_SHAPE;
		unsigned n;

		shape.delete_pct = metric == METRIC_RESURRECTIONS ? 10 : 0;
		jw_init(&world);
		store_run(&world, seed, &shape);
		n = put_apart(&world, put);
		assert_true(n >= 3);
		world.evidence.index = index_build(&world.arena, &world.evidence, NULL);
		if (findings(&world, metric) != n)
			fail_msg("seed %llu: %llu of %s, and %u were put there",
				(unsigned long long)seed,
				(unsigned long long)findings(&world, metric), metrics[metric].name,
				n);
		jw_release(&world);
	}
}

/* The last operation of the kind by the same session on the same key that returned before. */
static const struct op *before(const struct judge_world *w, const struct op *r, bool write)
{
	for (const struct op *op = r; op > w->ops; op--) {
		const struct op *o = op - 1;

		if (o->session == r->session && o->key == r->key && o->state == OP_OK &&
			o->ret_ns < r->call_ns && op_is_session(o) && op_is_write(o) == write)
			return o;
	}
	return NULL;
}

static bool is_register_read(const struct op *op)
{
	return op_is_ok_read(op) && op_is_session(op) && op_key_class(op->key) == KEY_REGISTER;
}

static bool put_own_write_missed(struct judge_world *w, size_t i)
{
	if (!is_register_read(&w->ops[i]) || !before(w, &w->ops[i], true))
		return false;
	w->ops[i].value = 0;
	return true;
}

static bool put_falling_back(struct judge_world *w, size_t i)
{
	const struct op *r = is_register_read(&w->ops[i]) ? before(w, &w->ops[i], false) : NULL;

	if (!r || !r->value)
		return false;
	w->ops[i].value = 0;
	return true;
}

static bool put_old_value(struct judge_world *w, size_t i)
{
	struct op *op = &w->ops[i];

	if (!is_register_read(op))
		return false;
	for (size_t j = 0; j < i; j++) {
		const struct op *u = &w->ops[j];

		if (u->kind == OP_WRITE && u->state == OP_OK && u->key == op->key &&
			u->ret_ns + 1001 * WORLD_MS < op->call_ns) {
			op->value = 0;
			return true;
		}
	}
	return false;
}

static bool put_false_flag(struct judge_world *w, size_t i)
{
	if (!is_register_read(&w->ops[i]) || !w->ops[i].value)
		return false;
	w->ops[i].flags |= OP_AGE_CLAIMED;
	w->ops[i].age_ms = 1000000;
	return true;
}

static unsigned blank(struct judge_world *w, uint32_t key, uint64_t value, unsigned nodes)
{
	unsigned n = 0;

	for (size_t i = 0; i < w->n_ops; i++) {
		struct op *op = &w->ops[i];

		if (op->flags & OP_READBACK && op->key == key && op->value == value &&
			op->node < nodes) {
			op->value = 0;
			n++;
		}
	}
	return n;
}

static bool is_kept_ledger(const struct op *op)
{
	return op->kind == OP_WRITE && op->state == OP_OK && op_key_class(op->key) == KEY_LEDGER;
}

static bool put_loss(struct judge_world *w, size_t i)
{
	return is_kept_ledger(&w->ops[i]) &&
		blank(w, w->ops[i].key, w->ops[i].value, WORLD_REGIONS) > 0;
}

static bool put_missing(struct judge_world *w, size_t i)
{
	return is_kept_ledger(&w->ops[i]) && blank(w, w->ops[i].key, w->ops[i].value, 1) > 0;
}

static bool put_thin_air(struct judge_world *w, size_t i)
{
	if (!is_register_read(&w->ops[i]))
		return false;
	w->ops[i].value = op_value(0xabcde, i + 1);
	return true;
}

/* The only reader of a value makes its write fail. */
static bool put_dirty(struct judge_world *w, size_t i)
{
	struct op *write = NULL;
	unsigned readers = 0;

	if (!is_register_read(&w->ops[i]) || !w->ops[i].value)
		return false;
	for (size_t j = 0; j < w->n_ops; j++) {
		if (w->ops[j].value != w->ops[i].value)
			continue;
		if (op_is_write(&w->ops[j]))
			write = &w->ops[j];
		else
			readers++;
	}
	if (readers != 1 || !write)
		return false;
	write->state = OP_FAIL;
	return true;
}

/* A read after an acknowledged delete returns what was deleted, at a node that had shown both. */
static bool put_resurrection(struct judge_world *w, size_t i)
{
	struct op *r = &w->ops[i], *gone = NULL, *had = NULL;
	const struct op *deleted = NULL;

	if (!is_register_read(r))
		return false;
	for (size_t j = 0; j < i; j++) {
		struct op *o = &w->ops[j];

		if (o->key != r->key || o->ret_ns >= r->call_ns || o->state != OP_OK)
			continue;
		if (is_register_read(o) && o->node == r->node && o->value)
			had = o, deleted = NULL, gone = NULL;
		else if (o->kind == OP_DELETE && had && o->call_ns > had->ret_ns)
			deleted = o;
		else if (is_register_read(o) && o->node == r->node && deleted && !o->value &&
			o->call_ns > deleted->ret_ns)
			gone = o;
	}
	if (!gone)
		return false;
	for (size_t j = 0; j < i; j++) {
		const struct op *o = &w->ops[j];

		if (o->value == had->value && o->kind == OP_WRITE && o->state == OP_OK &&
			o->ret_ns < deleted->call_ns) {
			r->value = had->value;
			return true;
		}
	}
	return false;
}

static bool put_divergence(struct judge_world *w, size_t i)
{
	struct op *op = &w->ops[i];

	if (!(op->flags & OP_READBACK) || op->call_ns < w->evidence.quiet_ns + 500 * WORLD_MS)
		return false;
	op->value = op->value ? 0 : op_value(0xabcde, i + 1);
	return true;
}

/* Another node acknowledges in an older term. */
static bool put_second_primary(struct judge_world *w, size_t i)
{
	if (!op_is_write(&w->ops[i]) || w->ops[i].state != OP_OK || !op_is_session(&w->ops[i]))
		return false;
	w->ops[i].node = 2;
	w->ops[i].epoch = 0;
	return true;
}

static void planted_violations_are_found_exactly(void **state)
{
	(void)state;
	expect_exactly(METRIC_READ_YOUR_WRITES, put_own_write_missed);
	expect_exactly(METRIC_MONOTONIC_READS, put_falling_back);
	expect_exactly(METRIC_STALE_UNFLAGGED, put_old_value);
	expect_exactly(METRIC_STALE_FALSE, put_false_flag);
	expect_exactly(METRIC_WRITES_LOST, put_loss);
	expect_exactly(METRIC_WRITES_MISSING, put_missing);
	expect_exactly(METRIC_THIN_AIR_READS, put_thin_air);
	expect_exactly(METRIC_DIRTY_READS, put_dirty);
	expect_exactly(METRIC_RESURRECTIONS, put_resurrection);
	expect_exactly(METRIC_DIVERGENCE_KEYS, put_divergence);
	expect_exactly(METRIC_SPLIT_BRAIN_WINDOW, put_second_primary);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faultless_store_is_silent_everywhere),
		cmocka_unit_test(planted_violations_are_found_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
