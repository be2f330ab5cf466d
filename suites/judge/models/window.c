/* window: the operations of a stretch, numbered by its events, and a search that leaves nothing out. */
#include "suites/judge/models/window.h"

#include "fixtures/base/clock.h"

#include <string.h>

#define SHARE 4 /* of the time that is left (and of all memory), one attempt takes one in so many */

struct span {
	uint64_t call, ret;
};

/* Events of each operation; 0 for a call before all of them, SEARCH_NEVER for what does not return. */
static struct span *list_spans(const struct walk *walk, struct arena *arena)
{
	struct span *spans = arena_array(arena, walk->search->n + 1, sizeof(*spans));

	for (size_t i = 0; i < walk->search->n; i++)
		spans[i].ret = SEARCH_NEVER;
	for (uint32_t e = 0; e < walk->n_events; e++) {
		const struct walk_event *event = &walk->events[e];

		if (event->is_return)
			spans[event->op].ret = e + 1;
		else
			spans[event->op].call = e + 1;
	}
	return spans;
}

static void add_state(struct search_window *window, uint32_t state)
{
	for (size_t i = 0; i < window->n_states; i++) {
		if (window->states[i] == state)
			return;
	}
	window->states[window->n_states++] = state;
}

/* States that something asks about, and one for all others. */
static void list_states(struct arena *arena, struct search_window *window)
{
	window->states = arena_array(arena, window->n + 1, sizeof(*window->states));
	add_state(window, SEARCH_OTHER);
	for (size_t i = 0; i < window->n; i++) {
		const struct step *step = &window->ops[i].step;

		if (step->kind != STEP_WRITE && step->a != VALUE_ANY)
			add_state(window, step->a);
	}
}

static void take(struct search_window *window, const struct search_op *op, struct span span,
	uint32_t i, uint32_t from, uint32_t end)
{
	struct search_op *copy = &window->ops[window->n];

	*copy = *op;
	copy->call = span.call;
	copy->ret = span.ret <= end ? span.ret : SEARCH_NEVER;
	copy->is_optional = copy->ret != SEARCH_NEVER && span.call <= from;
	if (step_observes(&op->step) && (copy->is_optional || copy->ret == SEARCH_NEVER))
		return;
	if (!window->n)
		window->first = i;
	window->from[window->n++] = i;
}

static void cut(const struct walk *walk, uint32_t from, uint32_t end, struct arena *arena,
	struct search_window *window)
{
	const struct search *search = walk->search;
	struct span *spans = list_spans(walk, arena);

	window->ops = arena_array(arena, search->n + 1, sizeof(*window->ops));
	window->from = arena_array(arena, search->n + 1, sizeof(*window->from));
	for (uint32_t i = 0; i < search->n; i++) {
		if (spans[i].call && spans[i].call <= end && spans[i].ret > from)
			take(window, &search->ops[i], spans[i], i, from, end);
	}
	list_states(arena, window);
}

/* What is kept of it goes to the arena of the search. */
static void keep(
	struct search *search, const struct search *trial, const struct search_window *window)
{
	struct search_window *out = &search->window;

	search->failed = window->from[trial->failed];
	search->n_states = trial->n_states;
	memcpy(search->states, trial->states, sizeof(search->states));
	if (!search->arena)
		return;
	*out = *window;
	out->ops = arena_array(search->arena, window->n, sizeof(*out->ops));
	out->from = arena_array(search->arena, window->n, sizeof(*out->from));
	out->states = arena_array(search->arena, window->n_states, sizeof(*out->states));
	memcpy(out->ops, window->ops, window->n * sizeof(*out->ops));
	memcpy(out->from, window->from, window->n * sizeof(*out->from));
	memcpy(out->states, window->states, window->n_states * sizeof(*out->states));
}

bool window_proves(const struct walk *walk, uint32_t from, uint32_t end, size_t limit_bytes)
{
	struct search *search = walk->search;
	struct search_window window = {.ops = NULL};
	struct search trial = {.limit_bytes = limit_bytes};
	uint64_t now = clock_now_ns();
	struct arena arena = {0};
	enum search_end got = SEARCH_FOUND;
	struct walk way;

	if (search->deadline_ns)
		trial.deadline_ns =
			search->deadline_ns > now ? now + (search->deadline_ns - now) / SHARE : now;
	if (search->limit_bytes && limit_bytes > search->limit_bytes / SHARE)
		trial.limit_bytes = search->limit_bytes / SHARE;
	cut(walk, from, end, &arena, &window);
	trial.ops = window.ops;
	trial.n = window.n;
	trial.initials = window.states;
	trial.n_initials = window.n_states;
	walk_init(&way, &trial);
	while (got == SEARCH_FOUND && way.at < way.n_events)
		got = walk_step(&way);
	walk_release(&way);
	if (got == SEARCH_NONE)
		keep(search, &trial, &window);
	if (trial.peak_bytes > search->peak_bytes)
		search->peak_bytes = trial.peak_bytes;
	if (trial.peak_configs > search->peak_configs)
		search->peak_configs = trial.peak_configs;
	arena_release(&arena);
	return got == SEARCH_NONE;
}
