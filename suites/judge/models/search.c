/*
 * search: how many configurations the walk keeps, and where it goes back when they die out.
 *
 * A valid history hardly ever needs all of them. So the walk goes on with few, the best; when those
 * die out it goes back some way and passes the place with more, and once it is well beyond, with few again.
 * Only a walk that left none out can say that no order exists: one over the last stretch, with
 * whatever may have been before it (window.h), or over everything.
 */
#include "suites/judge/models/search.h"

#include "suites/judge/models/window.h"

#include <string.h>

#define FEW 64
#define MARKS 64
#define WINDOW_BYTES ((size_t)1 << 20) /* of the first proof that is tried */
#define MOST_TRIES 5 /* at one place, each with four times as many from twice as far back */

struct tracker {
	struct walk walk;
	struct walk_mark start, marks[MARKS]; /* a ring: mark number i is at i % MARKS */
	size_t n_marks, few;
	uint32_t spacing, died_at;
	unsigned tries;
};

static void release(struct tracker *it)
{
	for (size_t i = 0; i < MARKS; i++)
		walk_forget(&it->walk, &it->marks[i]);
	walk_forget(&it->walk, &it->start);
	walk_release(&it->walk);
}

static uint32_t last_marked(const struct tracker *it)
{
	return it->n_marks ? it->marks[(it->n_marks - 1) % MARKS].at : 0;
}

static void mark(struct tracker *it)
{
	struct walk_mark *place = &it->marks[it->n_marks++ % MARKS];

	walk_forget(&it->walk, place);
	walk_save(&it->walk, place);
}

/* To the mark that is `back` marks before the last, or to the start. */
static void go_back(struct tracker *it, size_t back)
{
	size_t kept = it->n_marks < MARKS ? it->n_marks : MARKS;

	for (size_t i = 0; i < back && i < kept; i++)
		walk_forget(&it->walk, &it->marks[--it->n_marks % MARKS]);
	if (back >= kept) {
		it->n_marks = 0;
		walk_restore(&it->walk, &it->start);
	} else {
		walk_restore(&it->walk, &it->marks[(it->n_marks - 1) % MARKS]);
	}
}

/* They died out, and some had been left out. False: there is a proof now that nothing helps. */
static bool try_again(struct tracker *it)
{
	struct walk *walk = &it->walk;
	uint32_t span;

	if (walk->at > it->died_at + 4 * it->spacing)
		it->tries = 0;
	if (walk->at > it->died_at)
		it->died_at = walk->at;
	it->tries++;
	span = it->spacing << (it->tries - 1);
	if (!walk->search->rows && walk->at > span &&
		window_proves(walk, walk->at - span, walk->at, WINDOW_BYTES << 2 * it->tries))
		return false;
	if (it->tries > MOST_TRIES) {
		walk->most = 0;
		go_back(it, SIZE_MAX);
		return true;
	}
	walk->most = it->few << 2 * it->tries;
	go_back(it, (size_t)1 << it->tries);
	return true;
}

static enum search_end track(struct tracker *it)
{
	struct walk *walk = &it->walk;
	enum search_end end = SEARCH_FOUND;

	while (end == SEARCH_FOUND && walk->at < walk->n_events) {
		if (walk->most && walk->at > it->died_at + 2 * it->spacing)
			walk->most = it->few;
		if (walk->most && walk->at >= last_marked(it) + it->spacing)
			mark(it);
		end = walk_step(walk);
		if (end == SEARCH_NONE && walk->has_left && try_again(it))
			end = SEARCH_FOUND;
	}
	return end;
}

enum search_end search_run(struct search *search)
{
	struct tracker it = {.tries = 0};
	enum search_end end;

	search->peak_configs = search->peak_bytes = search->reached = 0;
	search->window = (struct search_window){.ops = NULL};
	walk_init(&it.walk, search);
	it.few = search->few ? search->few : FEW;
	it.walk.most = it.few;
	it.spacing = (uint32_t)it.walk.n_bits + 4;
	walk_save(&it.walk, &it.start);
	end = track(&it);
	release(&it);
	return end;
}
