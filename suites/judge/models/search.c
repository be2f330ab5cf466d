/* search: the walk along the events of one object. */
#include "suites/judge/models/search.h"

#include "fixtures/base/arena.h"
#include "fixtures/base/clock.h"
#include "suites/judge/models/configs.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define CHOICE 4           /* times as many are reached as are kept */
#define LOOK_AT_CLOCK 1024 /* expansions between two looks */
#define NO_SLOT UINT32_MAX
#define MOST_COUNT UINT16_MAX

struct event {
	uint64_t at;
	uint32_t op;
	bool is_return;
};

/* Operations that never return and do the same: interchangeable. */
struct kind {
	const struct step *step;
	uint16_t n_open; /* MOST_COUNT: or more, and then no limit is kept */
};

struct walk {
	struct search *search;
	struct arena arena;
	struct event *events;
	size_t n_events;
	uint32_t *slots; /* per op: its bit, or its kind where it never returns */
	uint32_t *open;  /* per bit: the op, or NO_SLOT */
	size_t n_bits;
	struct kind *kinds;
	size_t n_kinds;
	struct configs now, then, work;
	uint64_t *record; /* scratch */
	uint64_t n_expansions;
	/* Bits of open writes, and of open operations that need a certain state (read, cas). */
	uint64_t *writes, *needs;
	struct configs spare;
	size_t *counts; /* scratch: per hardness */
	size_t most;    /* configurations kept; 0: all */
	bool has_left;  /* some were left out: dying out then proves nothing */
};

static bool returns(const struct search_op *op)
{
	return op->ret != SEARCH_NEVER;
}

/* At one instant calls come first: such operations are concurrent. */
static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->is_return != y->is_return)
		return x->is_return ? 1 : -1;
	return x->op < y->op ? -1 : x->op > y->op;
}

static void list_events(struct walk *walk)
{
	const struct search *search = walk->search;

	walk->events = arena_array(&walk->arena, 2 * search->n + 1, sizeof(*walk->events));
	for (size_t i = 0; i < search->n; i++) {
		const struct search_op *op = &search->ops[i];

		if (!returns(op) && step_observes(&op->step))
			continue; /* says nothing */
		walk->events[walk->n_events++] = (struct event){op->call, (uint32_t)i, false};
		if (returns(op))
			walk->events[walk->n_events++] = (struct event){op->ret, (uint32_t)i, true};
	}
	qsort(walk->events, walk->n_events, sizeof(*walk->events), by_time);
}

/* A bit for each operation while it is open, the lowest that is free. */
static void assign_bits(struct walk *walk)
{
	uint32_t *vacant = arena_array(&walk->arena, walk->search->n + 1, sizeof(*vacant));
	size_t n_vacant = 0;

	for (size_t i = 0; i < walk->n_events; i++) {
		const struct event *event = &walk->events[i];

		if (!returns(&walk->search->ops[event->op]))
			continue;
		if (event->is_return)
			vacant[n_vacant++] = walk->slots[event->op];
		else
			walk->slots[event->op] =
				n_vacant ? vacant[--n_vacant] : (uint32_t)walk->n_bits++;
	}
	walk->open = arena_array(&walk->arena, walk->n_bits + 1, sizeof(*walk->open));
	for (size_t i = 0; i < walk->n_bits; i++)
		walk->open[i] = NO_SLOT;
}

/* Equal ones that never return share a kind. */
static void assign_kinds(struct walk *walk)
{
	const struct search *search = walk->search;
	size_t room = 64;
	uint32_t *table;

	while (room < 2 * search->n)
		room *= 2;
	table = arena_array(&walk->arena, room, sizeof(*table));
	walk->kinds = arena_array(&walk->arena, search->n + 1, sizeof(*walk->kinds));
	for (size_t i = 0; i < search->n; i++) {
		const struct step *step = &search->ops[i].step;
		size_t at = step_hash(step) & (room - 1);

		if (returns(&search->ops[i]) || step_observes(step))
			continue;
		while (table[at] && !step_equal(walk->kinds[table[at] - 1].step, step))
			at = (at + 1) & (room - 1);
		if (!table[at]) {
			walk->kinds[walk->n_kinds++].step = step;
			table[at] = (uint32_t)walk->n_kinds;
		}
		walk->slots[i] = table[at] - 1;
	}
}

static void walk_init(struct walk *walk, struct search *search)
{
	struct shape shape;

	*walk = (struct walk){.search = search};
	walk->slots = arena_array(&walk->arena, search->n + 1, sizeof(*walk->slots));
	list_events(walk);
	assign_bits(walk);
	assign_kinds(walk);
	shape = shape_of(walk->n_bits, walk->n_kinds);
	walk->record = arena_array(&walk->arena, shape.words, sizeof(*walk->record));
	walk->writes = arena_array(&walk->arena, shape.n_bit_words + 1, sizeof(uint64_t));
	walk->needs = arena_array(&walk->arena, shape.n_bit_words + 1, sizeof(uint64_t));
	walk->counts = arena_array(&walk->arena, walk->n_bits + 2, sizeof(*walk->counts));
	configs_init(&walk->spare, shape);
	configs_init(&walk->now, shape);
	configs_init(&walk->then, shape);
	configs_init(&walk->work, shape);
	config_set_state(walk->record, search->initial);
	configs_insert(&walk->now, walk->record);
}

static void walk_release(struct walk *walk)
{
	configs_release(&walk->spare);
	configs_release(&walk->now);
	configs_release(&walk->then);
	configs_release(&walk->work);
	arena_release(&walk->arena);
}

static const struct step *step_at(const struct walk *walk, size_t bit)
{
	return &walk->search->ops[walk->open[bit]].step;
}

/* Open observers that are content with the state take effect. */
static void settle(struct walk *walk, uint64_t *record)
{
	uint32_t state = config_state(record), next;

	for (size_t bit = 0; bit < walk->n_bits; bit++) {
		if (walk->open[bit] == NO_SLOT || config_bit(record, bit))
			continue;
		if (step_observes(step_at(walk, bit)) &&
			step_apply(step_at(walk, bit), walk->search->rows, state, &next))
			config_flip(record, bit);
	}
}

static void call_op(struct walk *walk, uint32_t op)
{
	const struct search_op *search_op = &walk->search->ops[op];
	uint32_t slot = walk->slots[op], next;

	if (!returns(search_op)) {
		walk->kinds[slot].n_open += walk->kinds[slot].n_open < MOST_COUNT;
		return;
	}
	walk->open[slot] = op;
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

/* The configuration in walk->record, reached while `bit` is to be had. */
static void reach(struct walk *walk, size_t bit)
{
	if (config_bit(walk->record, bit)) {
		config_flip(walk->record, bit);
		configs_insert(&walk->then, walk->record);
	} else {
		configs_insert(&walk->work, walk->record);
	}
}

static void load(struct walk *walk, size_t i)
{
	memcpy(walk->record, walk->work.records + i * walk->work.shape.words,
		walk->work.shape.words * sizeof(uint64_t));
}

/* Let each open operation take effect in configuration i of the work. */
static void expand(struct walk *walk, size_t i, size_t bit)
{
	uint32_t state = config_state(configs_at(&walk->work, i)), next;
	struct rows *rows = walk->search->rows;

	for (size_t b = 0; b < walk->n_bits; b++) {
		if (walk->open[b] == NO_SLOT ||
			config_bit(walk->work.records + i * walk->work.shape.words, b) ||
			!step_apply(step_at(walk, b), rows, state, &next))
			continue;
		load(walk, i);
		config_set_state(walk->record, next);
		config_flip(walk->record, b);
		settle(walk, walk->record);
		reach(walk, bit);
	}
	for (size_t k = 0; k < walk->n_kinds; k++) {
		uint16_t *counts;

		if (!walk->kinds[k].n_open ||
			!step_apply(walk->kinds[k].step, rows, state, &next) || next == state)
			continue;
		load(walk, i);
		counts = config_counts(&walk->work.shape, walk->record);
		if (counts[k] >= walk->kinds[k].n_open && counts[k] < MOST_COUNT)
			continue;
		counts[k] += counts[k] < MOST_COUNT;
		config_set_state(walk->record, next);
		settle(walk, walk->record);
		reach(walk, bit);
	}
}

static bool over_limit(struct walk *walk, enum search_end *end)
{
	struct search *search = walk->search;
	size_t bytes = configs_bytes(&walk->now) + configs_bytes(&walk->then) +
		configs_bytes(&walk->work) + (search->rows ? rows_bytes(search->rows) : 0);

	if (bytes > search->peak_bytes)
		search->peak_bytes = bytes;
	/* A table doubles; what it would be then shall still be within the limit. */
	if (search->limit_bytes && bytes > search->limit_bytes / 3 * 2) {
		*end = SEARCH_OUT_OF_MEMORY;
		return true;
	}
	if (search->deadline_ns && walk->n_expansions++ % LOOK_AT_CLOCK == 0 &&
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
		reach(walk, bit);
	}
	for (size_t i = 0; i < walk->work.n && !is_full(walk); i++) {
		if (over_limit(walk, &end))
			return end;
		if (configs_at(&walk->work, i))
			expand(walk, i, bit);
	}
	walk->open[bit] = NO_SLOT;
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

static enum search_end walk_along(struct search *search, size_t most, bool *has_left)
{
	enum search_end end = SEARCH_FOUND;
	struct walk walk;

	search->reached = 0;
	walk_init(&walk, search);
	walk.most = most;
	for (size_t i = 0; i < walk.n_events && end == SEARCH_FOUND; i++) {
		if (walk.events[i].is_return)
			end = return_op(&walk, walk.events[i].op);
		else
			call_op(&walk, walk.events[i].op);
	}
	*has_left = walk.has_left;
	walk_release(&walk);
	return end;
}

enum search_end search_run(struct search *search)
{
	static const size_t most[] = {64, 1024, 16384, 0};
	enum search_end end = SEARCH_NONE;
	bool has_left = true;

	search->peak_configs = search->peak_bytes = 0;
	for (size_t i = 0; end == SEARCH_NONE && has_left; i++)
		end = walk_along(search, most[i], &has_left);
	return end;
}
