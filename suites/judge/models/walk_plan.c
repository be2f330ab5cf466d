/* walk_plan: the events of one object in the order of time, and numbers for what is open at once. */
#include "suites/judge/models/walk.h"

#include <stdlib.h>

/* At one instant calls come first: such operations are concurrent. */
static int by_time(const void *a, const void *b)
{
	const struct walk_event *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->is_return != y->is_return)
		return x->is_return ? 1 : -1;
	return x->op < y->op ? -1 : x->op > y->op;
}

static struct walk_wish *wish_slot(const struct walk *walk, uint32_t value)
{
	size_t at = (value * UINT32_C(0x9e3779b1)) & (walk->wish_room - 1);

	while ((walk->wishes[at].seen_until || walk->wishes[at].missed_until) &&
		walk->wishes[at].value != value)
		at = (at + 1) & (walk->wish_room - 1);
	return &walk->wishes[at];
}

struct walk_wish walk_wish_of(const struct walk *walk, uint32_t value)
{
	return *wish_slot(walk, value);
}

static void wish(struct walk *walk, const struct search_op *op, uint32_t until)
{
	struct walk_wish *slot;

	if ((op->step.kind != STEP_READ && op->step.kind != STEP_CAS &&
		    op->step.kind != STEP_DIFFER) ||
		op->step.a == VALUE_ANY)
		return;
	slot = wish_slot(walk, op->step.a);
	slot->value = op->step.a;
	if (op->step.kind == STEP_DIFFER) {
		slot->missed_until = until > slot->missed_until ? until : slot->missed_until;
		walk->has_refusals = true;
	} else {
		slot->seen_until = until > slot->seen_until ? until : slot->seen_until;
	}
}

/* First for all that may be at any time, before events have numbers. */
static void list_wishes(struct walk *walk)
{
	const struct search *search = walk->search;

	walk->wish_room = 64;
	while (walk->wish_room < 2 * search->n)
		walk->wish_room *= 2;
	walk->wishes = arena_array(&walk->arena, walk->wish_room, sizeof(*walk->wishes));
	for (size_t i = 0; i < search->n; i++) {
		if (walk_returns(&search->ops[i]) || !step_observes(&search->ops[i].step))
			wish(walk, &search->ops[i], walk_returns(&search->ops[i]) ? 1 : UINT32_MAX);
	}
}

/* It never returned, and either changes nothing, or nobody could tell. */
static bool says_nothing(const struct walk *walk, const struct search_op *op)
{
	if (walk_returns(op) || step_observes(&op->step))
		return !walk_returns(op);
	if (walk->has_refusals || walk->search->rows)
		return false;
	return !walk_wish_of(walk, op->step.kind == STEP_CAS ? op->step.b : op->step.a).seen_until;
}

static void list_events(struct walk *walk)
{
	const struct search *search = walk->search;

	walk->events = arena_array(&walk->arena, 2 * search->n + 1, sizeof(*walk->events));
	for (size_t i = 0; i < search->n; i++) {
		const struct search_op *op = &search->ops[i];

		if (says_nothing(walk, op))
			continue;
		walk->events[walk->n_events++] = (struct walk_event){op->call, (uint32_t)i, false};
		if (walk_returns(op))
			walk->events[walk->n_events++] =
				(struct walk_event){op->ret, (uint32_t)i, true};
	}
	qsort(walk->events, walk->n_events, sizeof(*walk->events), by_time);
	for (uint32_t e = 0; e < walk->n_events; e++) {
		if (walk->events[e].is_return)
			wish(walk, &search->ops[walk->events[e].op], e + 1);
	}
}

/* A bit for each operation while it is open, the lowest that is free. */
static void assign_bits(struct walk *walk)
{
	uint32_t *vacant = arena_array(&walk->arena, walk->search->n + 1, sizeof(*vacant));
	size_t n_vacant = 0;

	for (size_t i = 0; i < walk->n_events; i++) {
		const struct walk_event *event = &walk->events[i];

		if (!walk_returns(&walk->search->ops[event->op]))
			continue;
		if (event->is_return)
			vacant[n_vacant++] = walk->slots[event->op];
		else
			walk->slots[event->op] =
				n_vacant ? vacant[--n_vacant] : (uint32_t)walk->n_bits++;
	}
	walk->open = arena_array(&walk->arena, walk->n_bits + 1, sizeof(*walk->open));
	walk->called = arena_array(&walk->arena, walk->n_bits + 1, sizeof(*walk->called));
	walk->in_order = arena_array(&walk->arena, walk->n_bits + 1, sizeof(*walk->in_order));
	for (size_t i = 0; i < walk->n_bits; i++)
		walk->open[i] = WALK_NO_OP;
}

static bool is_alike(const struct search_op *x, const struct search_op *y)
{
	return x->is_optional == y->is_optional && step_equal(&x->step, &y->step);
}

/* Equal steps share a number; those that never return and are alike share a kind. */
static void assign_kinds(struct walk *walk)
{
	const struct search *search = walk->search;
	uint32_t *table, *first, *kind_of;
	size_t room = 64;

	while (room < 2 * search->n)
		room *= 2;
	table = arena_array(&walk->arena, room, sizeof(*table));
	first = arena_array(&walk->arena, search->n + 1, sizeof(*first));
	kind_of = arena_array(&walk->arena, search->n + 1, sizeof(*kind_of));
	walk->alike = arena_array(&walk->arena, search->n + 1, sizeof(*walk->alike));
	walk->kinds = arena_array(&walk->arena, search->n + 1, sizeof(*walk->kinds));
	for (uint32_t i = 0; i < search->n; i++) {
		const struct step *step = &search->ops[i].step;
		size_t at = (step_hash(step) + search->ops[i].is_optional) & (room - 1);
		uint32_t number;

		while (table[at] && !is_alike(&search->ops[first[table[at] - 1]], &search->ops[i]))
			at = (at + 1) & (room - 1);
		if (!table[at]) {
			first[walk->n_alike++] = i;
			table[at] = (uint32_t)walk->n_alike;
		}
		number = walk->alike[i] = table[at] - 1;
		if (walk_returns(&search->ops[i]) || says_nothing(walk, &search->ops[i]))
			continue;
		if (!kind_of[number]) {
			walk->kinds[walk->n_kinds++].step = step;
			kind_of[number] = (uint32_t)walk->n_kinds;
		}
		walk->slots[i] = kind_of[number] - 1;
	}
	walk->tried = arena_array(&walk->arena, walk->n_alike + 1, sizeof(*walk->tried));
}

void walk_plan(struct walk *walk)
{
	walk->slots = arena_array(&walk->arena, walk->search->n + 1, sizeof(*walk->slots));
	list_wishes(walk);
	list_events(walk);
	assign_bits(walk);
	assign_kinds(walk);
}
