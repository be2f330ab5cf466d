/* walk: calls and returns; marks at the end. */
#include "suites/judge/models/walk.h"

#include "fixtures/base/clock.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define CHOICE 4           /* times as many are reached as are kept */
#define LOOK_AT_CLOCK 1024 /* expansions between two looks */

static const struct step *step_at(const struct walk *walk, size_t bit)
{
	return &walk->search->ops[walk->open[bit]].step;
}

/* Open observers that are content with the state take effect. False: there was none. */
static bool settle(struct walk *walk, uint64_t *record)
{
	uint32_t state = config_state(record), next;
	bool any = false;

	for (size_t bit = 0; bit < walk->n_bits; bit++) {
		if (walk->open[bit] == WALK_NO_OP || config_bit(record, bit))
			continue;
		if (step_observes(step_at(walk, bit)) &&
			step_apply(step_at(walk, bit), walk->search->rows, state, &next)) {
			config_flip(record, bit);
			any = true;
		}
	}
	return any;
}

static void put_in_order(struct walk *walk, uint32_t bit)
{
	uint64_t ret = walk->search->ops[walk->open[bit]].ret;
	size_t i = walk->n_in_order++;

	for (; i && walk->search->ops[walk->open[walk->in_order[i - 1]]].ret > ret; i--)
		walk->in_order[i] = walk->in_order[i - 1];
	walk->in_order[i] = bit;
}

static void take_out_of_order(struct walk *walk, uint32_t bit)
{
	size_t i = 0;

	while (walk->in_order[i] != bit)
		i++;
	for (walk->n_in_order--; i < walk->n_in_order; i++)
		walk->in_order[i] = walk->in_order[i + 1];
}

static void call_op(struct walk *walk, uint32_t op)
{
	const struct search_op *search_op = &walk->search->ops[op];
	uint32_t slot = walk->slots[op], next;

	if (!walk_returns(search_op)) {
		walk->kinds[slot].n_open += walk->kinds[slot].n_open < WALK_MOST_COUNT;
		return;
	}
	walk->open[slot] = op;
	walk->called[slot] = walk->at;
	put_in_order(walk, slot);
	if (search_op->step.kind == STEP_WRITE)
		walk->writes[slot / 64] |= UINT64_C(1) << slot % 64;
	else
		walk->needs[slot / 64] |= UINT64_C(1) << slot % 64;
	if (!step_observes(&search_op->step))
		return;
	for (size_t i = 0; i < walk->now.n; i++) {
		uint64_t *record = (uint64_t *)configs_at(&walk->now, i);

		if (record &&
			step_apply(
				&search_op->step, walk->search->rows, config_state(record), &next))
			config_flip(record, slot);
	}
}

/* A write that has not shown by its return can hide behind one that took effect since its call; what is
 * optional need not show at all. */
static bool can_hide(const struct walk *walk, const uint64_t *record, size_t bit)
{
	if (walk->search->ops[walk->open[bit]].is_optional)
		return true;
	return step_at(walk, bit)->kind == STEP_WRITE &&
		config_last_write(record) > walk->called[bit];
}

/* The configuration in walk->record: has it the operation that is to be had? */
static bool reach(struct walk *walk, size_t bit)
{
	if (!config_bit(walk->record, bit))
		return false;
	config_flip(walk->record, bit);
	configs_insert(&walk->then, walk->record);
	return true;
}

/* Is there a cas, or a transaction, that could go on from this state. */
static bool leads_on(struct walk *walk, const uint64_t *record)
{
	uint32_t state = config_state(record), next;

	for (size_t i = 0; i < walk->n_in_order; i++) {
		uint32_t bit = walk->in_order[i];

		if (!config_bit(record, bit) && step_at(walk, bit)->kind != STEP_WRITE &&
			step_apply(step_at(walk, bit), walk->search->rows, state, &next))
			return true;
	}
	for (size_t k = 0; k < walk->n_kinds; k++) {
		if (walk->kinds[k].n_open && walk->kinds[k].step->kind != STEP_WRITE &&
			step_apply(walk->kinds[k].step, walk->search->rows, state, &next))
			return true;
	}
	return false;
}

static bool is_missed(const struct walk *walk, uint32_t value)
{
	return walk_wish_of(walk, value).missed_until > walk->at;
}

/*
 * A write that could hide: does it make a difference that it led from one state to the other? Others may
 * hide behind it; without it the first of them to return shows instead, which only one that says that
 * just this value was not there could tell.
 */
static bool is_wanted(const struct walk *walk, uint32_t from, uint32_t to)
{
	if (walk->search->rows || walk_wish_of(walk, to).seen_until > walk->at ||
		is_missed(walk, from))
		return true; /* rows: what is appended to it may be looked for */
	for (size_t i = 0; walk->has_refusals && i < walk->n_in_order; i++) {
		const struct step *step = step_at(walk, walk->in_order[i]);

		if (step->kind == STEP_WRITE && is_missed(walk, step->a))
			return true;
	}
	return false;
}

/* The step has taken effect in walk->record, and led to `next`. */
static void arrive(struct walk *walk, const struct step *step, uint32_t next, size_t bit)
{
	bool is_write = step->kind == STEP_WRITE, is_seen;
	bool could_hide = can_hide(walk, walk->record, bit);
	uint32_t before = config_state(walk->record);

	config_set_state(walk->record, next);
	if (is_write)
		config_set_last_write(walk->record, walk->at);
	is_seen = settle(walk, walk->record);
	if (is_write && could_hide && !is_seen && config_bit(walk->record, bit) &&
		!is_wanted(walk, before, next))
		return;
	if (reach(walk, bit))
		return;
	if (!could_hide && can_hide(walk, walk->record, bit))
		configs_insert(&walk->then, walk->record);
	/* What nobody saw may as well hide. */
	if (!is_write || is_seen || leads_on(walk, walk->record))
		configs_insert(&walk->work, walk->record);
}

static void load(struct walk *walk, size_t i)
{
	memcpy(walk->record, walk->work.records + i * walk->work.shape.words,
		walk->work.shape.words * sizeof(uint64_t));
}

/* Let each open operation take effect in configuration i of the work; of equal ones the one that
 * returns first, which leaves the others more time. */
static void expand_open(struct walk *walk, size_t i, size_t bit)
{
	uint32_t state = config_state(configs_at(&walk->work, i)), next;

	walk->n_expansions++;
	for (size_t o = 0; o < walk->n_in_order; o++) {
		uint32_t b = walk->in_order[o], alike = walk->alike[walk->open[b]];

		if (config_bit(walk->work.records + i * walk->work.shape.words, b) ||
			walk->tried[alike] == walk->n_expansions)
			continue;
		walk->tried[alike] = walk->n_expansions;
		if (!step_apply(step_at(walk, b), walk->search->rows, state, &next))
			continue;
		load(walk, i);
		config_flip(walk->record, b);
		arrive(walk, step_at(walk, b), next, bit);
	}
}

/* The same for those that never return. */
static void expand_kinds(struct walk *walk, size_t i, size_t bit)
{
	uint32_t state = config_state(configs_at(&walk->work, i)), next;

	for (size_t k = 0; k < walk->n_kinds; k++) {
		const struct walk_kind *kind = &walk->kinds[k];
		uint16_t *counts;

		if (!kind->n_open || !step_apply(kind->step, walk->search->rows, state, &next))
			continue;
		if (next == state && kind->step->kind != STEP_WRITE)
			continue;
		load(walk, i);
		counts = config_counts(&walk->work.shape, walk->record);
		if (counts[k] >= kind->n_open && counts[k] < WALK_MOST_COUNT)
			continue;
		counts[k] += counts[k] < WALK_MOST_COUNT;
		arrive(walk, kind->step, next, bit);
	}
}

static bool over_limit(struct walk *walk, enum search_end *end)
{
	struct search *search = walk->search;
	size_t bytes = configs_bytes(&walk->now) + configs_bytes(&walk->then) +
		configs_bytes(&walk->work) + configs_bytes(&walk->spare) + walk->mark_bytes +
		(search->rows ? rows_bytes(search->rows) : 0);

	if (bytes > search->peak_bytes)
		search->peak_bytes = bytes;
	/* A table doubles; what it would be then shall still be within the limit. */
	if (search->limit_bytes && bytes > search->limit_bytes / 3 * 2) {
		*end = SEARCH_OUT_OF_MEMORY;
		return true;
	}
	if (search->deadline_ns && walk->n_expansions % LOOK_AT_CLOCK == 0 &&
		clock_now_ns() > search->deadline_ns) {
		*end = SEARCH_OUT_OF_TIME;
		return true;
	}
	return false;
}

static void note_states(struct walk *walk)
{
	struct search *search = walk->search;

	search->n_states = 0;
	for (size_t i = 0; i < walk->work.n; i++) {
		const uint64_t *record = configs_at(&walk->work, i);
		bool is_known = !record;

		for (size_t s = 0; !is_known && s < search->n_states && s < SEARCH_STATES; s++)
			is_known = search->states[s] == config_state(record);
		if (is_known)
			continue;
		if (search->n_states < SEARCH_STATES)
			search->states[search->n_states] = config_state(record);
		search->n_states++;
	}
}

/* Enough to choose from? What comes first took the fewest steps. */
static bool is_full(const struct walk *walk)
{
	return walk->most && walk->then.n_alive >= CHOICE * walk->most;
}

/* How hard it is to go on from there: needs that are open still, and writes that were used up. */
static unsigned hardness(const struct walk *walk, const uint64_t *record)
{
	unsigned n = 0;

	for (size_t w = 0; w < walk->now.shape.n_bit_words; w++)
		n += (unsigned)__builtin_popcountll(~record[1 + w] & walk->needs[w]) +
			(unsigned)__builtin_popcountll(record[1 + w] & walk->writes[w]);
	return n;
}

/* The easiest `most` of them. */
static void keep_some(struct walk *walk)
{
	size_t n = 0;
	struct configs swap = walk->then;
	unsigned last = 0;

	memset(walk->counts, 0, (walk->n_bits + 1) * sizeof(*walk->counts));
	for (size_t i = 0; i < walk->then.n; i++) {
		const uint64_t *record = configs_at(&walk->then, i);

		if (record)
			walk->counts[hardness(walk, record)]++;
	}
	while (n + walk->counts[last] < walk->most)
		n += walk->counts[last++];
	configs_clear(&walk->spare);
	for (size_t i = 0; i < walk->then.n; i++) {
		const uint64_t *record = configs_at(&walk->then, i);
		unsigned hard = record ? hardness(walk, record) : UINT_MAX;

		if (hard < last || (hard == last && n++ < walk->most))
			configs_insert(&walk->spare, record);
	}
	walk->then = walk->spare;
	walk->spare = swap;
	walk->has_left = true;
}

static enum search_end return_op(struct walk *walk, uint32_t op)
{
	enum search_end end = SEARCH_FOUND;
	struct configs swap;
	size_t bit = walk->slots[op];

	configs_clear(&walk->then);
	configs_clear(&walk->work);
	for (size_t i = 0; i < walk->now.n; i++) {
		const uint64_t *record = configs_at(&walk->now, i);

		if (!record)
			continue;
		memcpy(walk->record, record, walk->now.shape.words * sizeof(*record));
		if (reach(walk, bit))
			continue;
		if (can_hide(walk, record, bit))
			configs_insert(&walk->then, record);
		configs_insert(&walk->work, walk->record);
	}
	for (size_t i = 0; i < walk->work.n && !is_full(walk); i++) {
		if (over_limit(walk, &end))
			return end;
		if (!configs_at(&walk->work, i))
			continue;
		expand_open(walk, i, bit);
		expand_kinds(walk, i, bit);
	}
	take_out_of_order(walk, (uint32_t)bit);
	walk->open[bit] = WALK_NO_OP;
	walk->writes[bit / 64] &= ~(UINT64_C(1) << bit % 64);
	walk->needs[bit / 64] &= ~(UINT64_C(1) << bit % 64);
	walk->has_left |= is_full(walk);
	if (walk->most && walk->then.n_alive > walk->most)
		keep_some(walk);
	if (!walk->then.n) {
		walk->search->failed = op;
		note_states(walk);
		return SEARCH_NONE;
	}
	if (walk->then.n_alive + walk->work.n_alive > walk->search->peak_configs)
		walk->search->peak_configs = walk->then.n_alive + walk->work.n_alive;
	walk->search->reached++;
	swap = walk->now;
	walk->now = walk->then;
	walk->then = swap;
	return SEARCH_FOUND;
}

enum search_end walk_step(struct walk *walk)
{
	const struct walk_event *event = &walk->events[walk->at++];

	if (event->is_return)
		return return_op(walk, event->op);
	call_op(walk, event->op);
	return SEARCH_FOUND;
}

void walk_init(struct walk *walk, struct search *search)
{
	struct shape shape;

	*walk = (struct walk){.search = search};
	walk_plan(walk);
	shape = shape_of(walk->n_bits, walk->n_kinds);
	walk->record = arena_array(&walk->arena, shape.words, sizeof(*walk->record));
	walk->writes = arena_array(&walk->arena, shape.n_bit_words + 1, sizeof(uint64_t));
	walk->needs = arena_array(&walk->arena, shape.n_bit_words + 1, sizeof(uint64_t));
	walk->counts = arena_array(&walk->arena, walk->n_bits + 2, sizeof(*walk->counts));
	configs_init(&walk->spare, shape);
	configs_init(&walk->now, shape);
	configs_init(&walk->then, shape);
	configs_init(&walk->work, shape);
	for (size_t i = 0; i < (search->initials ? search->n_initials : 1); i++) {
		config_set_state(
			walk->record, search->initials ? search->initials[i] : search->initial);
		configs_insert(&walk->now, walk->record);
	}
}

void walk_release(struct walk *walk)
{
	configs_release(&walk->spare);
	configs_release(&walk->now);
	configs_release(&walk->then);
	configs_release(&walk->work);
	arena_release(&walk->arena);
}

/* In one piece of memory, one array behind the other. */
static void *piece(struct walk_mark *mark, uint8_t *memory, size_t n, size_t size)
{
	void *at = memory ? memory + mark->bytes : NULL;

	mark->bytes += (n * size + 7) / 8 * 8;
	return at;
}

static void lay_out(const struct walk *walk, struct walk_mark *mark, uint8_t *memory)
{
	const struct shape *shape = &walk->now.shape;

	mark->bytes = 0;
	mark->records = piece(mark, memory, walk->now.n_alive * shape->words, sizeof(uint64_t));
	mark->writes = piece(mark, memory, 2 * shape->n_bit_words, sizeof(uint64_t));
	mark->open = piece(mark, memory, walk->n_bits, sizeof(uint32_t));
	mark->called = piece(mark, memory, walk->n_bits, sizeof(uint32_t));
	mark->in_order = piece(mark, memory, walk->n_in_order, sizeof(uint32_t));
	mark->kinds = piece(mark, memory, walk->n_kinds, sizeof(uint16_t));
}

void walk_save(struct walk *walk, struct walk_mark *mark)
{
	size_t words = walk->now.shape.words, bits = walk->now.shape.n_bit_words;
	uint8_t *memory;

	*mark = (struct walk_mark){.at = walk->at,
		.n_in_order = walk->n_in_order,
		.reached = walk->search->reached,
		.has_left = walk->has_left};
	lay_out(walk, mark, NULL);
	memory = malloc(mark->bytes + 8);
	if (!memory)
		abort(); /* as in buf.h; the search stays far below by its own limit */
	lay_out(walk, mark, memory);
	for (size_t i = 0; i < walk->now.n; i++) {
		const uint64_t *record = configs_at(&walk->now, i);

		if (record)
			memcpy(mark->records + mark->n_records++ * words, record,
				words * sizeof(*record));
	}
	memcpy(mark->writes, walk->writes, bits * sizeof(uint64_t));
	memcpy(mark->writes + bits, walk->needs, bits * sizeof(uint64_t));
	memcpy(mark->open, walk->open, walk->n_bits * sizeof(uint32_t));
	memcpy(mark->called, walk->called, walk->n_bits * sizeof(uint32_t));
	memcpy(mark->in_order, walk->in_order, walk->n_in_order * sizeof(uint32_t));
	for (size_t k = 0; k < walk->n_kinds; k++)
		mark->kinds[k] = walk->kinds[k].n_open;
	walk->mark_bytes += mark->bytes;
}

void walk_restore(struct walk *walk, const struct walk_mark *mark)
{
	size_t words = walk->now.shape.words, bits = walk->now.shape.n_bit_words;

	configs_clear(&walk->now);
	for (size_t i = 0; i < mark->n_records; i++)
		configs_insert(&walk->now, mark->records + i * words);
	memcpy(walk->writes, mark->writes, bits * sizeof(uint64_t));
	memcpy(walk->needs, mark->writes + bits, bits * sizeof(uint64_t));
	memcpy(walk->open, mark->open, walk->n_bits * sizeof(uint32_t));
	memcpy(walk->called, mark->called, walk->n_bits * sizeof(uint32_t));
	memcpy(walk->in_order, mark->in_order, mark->n_in_order * sizeof(uint32_t));
	for (size_t k = 0; k < walk->n_kinds; k++)
		walk->kinds[k].n_open = mark->kinds[k];
	walk->n_in_order = mark->n_in_order;
	walk->at = mark->at;
	walk->search->reached = mark->reached;
	walk->has_left = mark->has_left;
}

void walk_forget(struct walk *walk, struct walk_mark *mark)
{
	walk->mark_bytes -= mark->bytes;
	free(mark->records);
	*mark = (struct walk_mark){0};
}
