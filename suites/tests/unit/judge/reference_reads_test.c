/*
 * Staleness, flags, loss, dirty and thin-air reads, resurrections against their definitions.
 *
 * runner: timeout 900
 */
#include "suites/tests/helpers/judge_random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

typedef double plain_fn(const struct judge_world *world);

/* Compare value with the plain count over many histories; it must fire in some and not in all. */
static void compare(struct question question, plain_fn *plain, bool findings)
{
	unsigned fired = 0;

	for (uint64_t seed = 1; seed <= random_histories(); seed++) {
		struct random_shape shape = random_shape_of(seed);
		struct judge_world world;
		struct measurement m;
		double expected, got;

		random_world(&world, seed, &shape);
		expected = plain(&world);
		m = jw_ask(&world, &question);
		got = findings ? (double)m.total_findings : m.n ? m.value * (double)m.n : 0;
		if (fabs(got - expected) > 1)
			fail_msg("seed %llu: %s is %.0f, by its definition %.0f",
				(unsigned long long)seed, question.metric->name, got, expected);
		fired += expected > 0;
		jw_release(&world);
	}
	print_message("%s: %u of %u histories have one\n", question.metric->name, fired,
		random_histories());
	assert_true(fired > random_histories() / 50);
	assert_true(fired < random_histories());
}

static bool survives(const struct judge_world *w, const struct op *u)
{
	if (!w->plan.n_faults)
		return true;
	EACH_OP(w, r)
	{
		bool named = r->node != OP_NODE_UNKNOWN && u->node != OP_NODE_UNKNOWN;

		if (plain_is_ok_read(r) && plain_write(w, r) == u &&
			(named ? r->node != u->node : r->region != u->region))
			return true;
	}
	return false;
}

/* 0: not stale. */
static uint64_t definite_age(const struct judge_world *w, const struct op *r)
{
	uint64_t first = UINT64_MAX;

	EACH_OP(w, u)
	{
		if (plain_is_write(u) && u->state == OP_OK && u->key == r->key &&
			plain_older(w, r, u) && survives(w, u) && u->ret_ns < first)
			first = u->ret_ns;
	}
	return first < r->call_ns ? r->call_ns - first : 0;
}

static bool is_counted(const struct op *r)
{
	return plain_is_session(r) && plain_is_ok_read(r);
}

static double plain_age_sum(const struct judge_world *w)
{
	double sum = 0;

	EACH_OP(w, r)
	sum += is_counted(r) ? (double)definite_age(w, r) : 0;
	return sum;
}

static void staleness_is_its_definition(void **state)
{
	struct question question = jw_question(METRIC_STALENESS);

	(void)state;
	question.stat = STAT_MEAN;
	compare(question, plain_age_sum, false);
}

static double plain_unflagged(const struct judge_world *w)
{
	double n = 0;

	EACH_OP(w, r)
	{
		uint64_t age = is_counted(r) ? definite_age(w, r) : 0;

		n += age > 30 * WORLD_MS && !(r->flags & OP_STALE_MARK) &&
			!(r->flags & OP_AGE_CLAIMED && (r->age_ms + 1) * WORLD_MS >= age);
	}
	return n;
}

static void stale_unflagged_is_its_definition(void **state)
{
	(void)state;
	compare(jw_question(METRIC_STALE_UNFLAGGED), plain_unflagged, true);
}

static bool is_false_flag(const struct judge_world *w, const struct op *r)
{
	uint64_t age = definite_age(w, r), claimed = 0, value_age;
	const struct op *v = NULL;

	if (r->flags & OP_AGE_CLAIMED)
		claimed = r->age_ms * WORLD_MS;
	if (age > 30 * WORLD_MS && r->flags & OP_AGE_CLAIMED && claimed + WORLD_MS < age)
		return true;
	if (r->flags & OP_STALE_MARK && claimed < 30 * WORLD_MS)
		claimed = 30 * WORLD_MS;
	EACH_OP(w, o)
	{
		if (plain_is_write(o) && r->value && o->value == r->value && o->key == r->key &&
			o->call_ns < r->ret_ns)
			v = o;
	}
	if (!v || claimed < 30 * WORLD_MS)
		return false;
	if (w->plan.n_faults && r->ret_ns >= w->evidence.faults[0].in_force_ns)
		return false; /* the ten seconds after the fault cover the rest of these histories */
	value_age = r->ret_ns - v->call_ns;
	return claimed > value_age + WORLD_MS;
}

static double plain_false_flags(const struct judge_world *w)
{
	double n = 0;

	EACH_OP(w, r)
	n += is_counted(r) && is_false_flag(w, r);
	return n;
}

static void false_flags_are_their_definition(void **state)
{
	(void)state;
	compare(jw_question(METRIC_STALE_FALSE), plain_false_flags, true);
}

/* Does node r say at the end that it has the value: 1, 0, or -1 where it did not answer. */
static int final_answer(const struct judge_world *w, const struct op *write, unsigned node)
{
	const struct op *last = NULL;

	EACH_OP(w, r)
	{
		if (r->flags & OP_READBACK && plain_is_ok_read(r) && r->key == write->key &&
			r->node == node && (!last || r->call_ns > last->call_ns))
			last = r;
	}
	return last ? last->value == write->value : -1;
}

static double plain_fates(const struct judge_world *w, bool lost)
{
	double n = 0;

	EACH_OP(w, o)
	{
		unsigned has = 0, lacks = 0;

		if (op_key_class(o->key) != KEY_LEDGER || o->kind != OP_WRITE || o->state != OP_OK)
			continue;
		for (unsigned r = 0; r < WORLD_REGIONS; r++) {
			has += final_answer(w, o, r) == 1;
			lacks += final_answer(w, o, r) == 0;
		}
		n += lost ? lacks == WORLD_REGIONS : has && lacks;
	}
	return n;
}

static double plain_lost(const struct judge_world *w)
{
	return plain_fates(w, true);
}

static double plain_missing(const struct judge_world *w)
{
	return plain_fates(w, false);
}

static void loss_is_its_definition(void **state)
{
	(void)state;
	compare(jw_question(METRIC_WRITES_LOST), plain_lost, true);
	compare(jw_question(METRIC_WRITES_MISSING), plain_missing, true);
}

static bool is_read_of(const struct op *r, const struct op *o)
{
	return plain_is_write(o) && o->value == r->value;
}

static double plain_dirty(const struct judge_world *w)
{
	double n = 0;

	EACH_OP(w, r)
	{
		EACH_OP(w, o)
		n += plain_is_ok_read(r) && r->value && is_read_of(r, o) && o->state == OP_FAIL &&
			o->key == r->key && o->call_ns < r->ret_ns;
	}
	return n;
}

static double plain_thin_air(const struct judge_world *w)
{
	double n = 0;

	EACH_OP(w, r)
	{
		bool found = false;

		if (!plain_is_ok_read(r) || !r->value)
			continue;
		EACH_OP(w, o)
		found |= is_read_of(r, o) && o->key == r->key && o->call_ns < r->ret_ns;
		n += !found;
	}
	return n;
}

static void dirty_and_thin_air_are_their_definitions(void **state)
{
	(void)state;
	compare(jw_question(METRIC_DIRTY_READS), plain_dirty, true);
	compare(jw_question(METRIC_THIN_AIR_READS), plain_thin_air, true);
}

static bool same_place(const struct op *a, const struct op *b)
{
	if (a->node == OP_NODE_UNKNOWN || b->node == OP_NODE_UNKNOWN)
		return a->node == b->node && a->region == b->region;
	return a->node == b->node;
}

/* Something at the place of `absent`, before it was called, had v or a later version. */
static bool had_it(const struct judge_world *w, const struct op *absent, const struct op *v)
{
	EACH_OP(w, x)
	{
		const struct op *shown = plain_is_ok_read(x) ? plain_write(w, x)
			: x->kind == OP_WRITE && x->state == OP_OK && x->node != OP_NODE_UNKNOWN
			? x
			: NULL;

		if (shown && x->key == absent->key && same_place(x, absent) &&
			x->ret_ns < absent->call_ns && shown->call_ns >= v->call_ns)
			return true;
	}
	return false;
}

static bool was_deleted(const struct judge_world *w, const struct op *r)
{
	EACH_OP(w, d)
	{
		if (d->kind == OP_DELETE && d->state == OP_OK && d->key == r->key &&
			plain_older(w, r, d) && d->ret_ns < r->call_ns)
			return true;
	}
	return false;
}

static bool is_resurrected(const struct judge_world *w, const struct op *r)
{
	const struct op *v = plain_write(w, r);

	if (!plain_is_ok_read(r) || !v || v->state != OP_OK || !was_deleted(w, r))
		return false;
	EACH_OP(w, absent)
	{
		if (plain_is_ok_read(absent) && !absent->value && absent->key == r->key &&
			same_place(absent, r) && absent->ret_ns < r->call_ns &&
			had_it(w, absent, v))
			return true;
	}
	return false;
}

static double plain_resurrections(const struct judge_world *w)
{
	double n = 0;

	EACH_OP(w, r)
	n += is_resurrected(w, r);
	return n;
}

static void resurrections_are_their_definition(void **state)
{
	(void)state;
	compare(jw_question(METRIC_RESURRECTIONS), plain_resurrections, true);
}

static double plain_diverged(const struct judge_world *w)
{
	double n = 0;

	EACH_OP(w, first)
	{
		const struct op *last[WORLD_REGIONS] = {NULL};
		bool is_first = first->flags & OP_READBACK && plain_is_ok_read(first);

		EACH_OP(w, r)
		{
			if (!(r->flags & OP_READBACK) || !plain_is_ok_read(r) ||
				r->key != first->key)
				continue;
			is_first &= r >= first;
			last[r->node] = r;
		}
		n += is_first && last[0] && last[1] && last[2] &&
			(last[0]->value != last[1]->value || last[0]->value != last[2]->value);
	}
	return n;
}

static void divergence_is_its_definition(void **state)
{
	(void)state;
	compare(jw_question(METRIC_DIVERGENCE_KEYS), plain_diverged, true);
}

/* The longest overhang of one node's acknowledgement over the first of another in a term not
 * older. */
static double plain_split(const struct judge_world *w)
{
	double n = 0;

	EACH_OP(w, a)
	{
		bool convicted = false;

		EACH_OP(w, b)
		{
			convicted |= plain_is_write(a) && a->state == OP_OK &&
				a->node < WORLD_REGIONS && plain_is_write(b) && b->state == OP_OK &&
				b->node < WORLD_REGIONS && a->node != b->node &&
				b->epoch >= a->epoch && b->ret_ns < a->call_ns;
		}
		n += convicted;
	}
	return n;
}

static bool all_acks_have_terms(const struct judge_world *w)
{
	EACH_OP(w, o)
	{
		if (plain_is_write(o) && o->state == OP_OK && !(o->flags & OP_HAS_EPOCH))
			return false;
	}
	return true;
}

static double plain_split_with_terms(const struct judge_world *w)
{
	struct judge_world *mutable = (struct judge_world *)w;

	/* Ledger writes of these histories carry no term: give them one. */
	for (size_t i = 0; i < w->n_ops; i++)
		mutable->ops[i].flags |= plain_is_write(&w->ops[i]) ? OP_HAS_EPOCH : 0;
	assert_true(all_acks_have_terms(w));
	return plain_split(w);
}

static void split_brain_is_its_definition(void **state)
{
	(void)state;
	compare(jw_question(METRIC_SPLIT_BRAIN_WINDOW), plain_split_with_terms, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(staleness_is_its_definition),
		cmocka_unit_test(stale_unflagged_is_its_definition),
		cmocka_unit_test(false_flags_are_their_definition),
		cmocka_unit_test(loss_is_its_definition),
		cmocka_unit_test(dirty_and_thin_air_are_their_definitions),
		cmocka_unit_test(resurrections_are_their_definition),
		cmocka_unit_test(divergence_is_its_definition),
		cmocka_unit_test(split_brain_is_its_definition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
