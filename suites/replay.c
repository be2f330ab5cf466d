#include "suites/replay.h"
#include "chaos/engines/decisions.h"
#include "suites/plan.h"

#include <stdio.h>
#include <string.h>

/* The records of one lane of a link in the order of their indices, one after the other. */
struct walk {
	const struct decisions *log;
	uint64_t at;
	unsigned to, lane;
};

static const struct decision *next(struct walk *walk)
{
	while (walk->at < walk->log->n) {
		const struct decision *d = &walk->log->records[walk->at++];

		if (d->to == walk->to && d->what >> DECISION_LANE_SHIFT == walk->lane)
			return d;
	}
	return NULL;
}

static bool same(const struct decision *a, const struct decision *b)
{
	return a->what == b->what && a->delay_ns == b->delay_ns;
}

static void say_where(struct replay *out, const struct plan *plan, unsigned from, unsigned to,
	const struct decision *a, const struct decision *b)
{
	const char *lost = a->what & DECISION_LOST ? "lost" : "kept";
	const char *now = b->what & DECISION_LOST ? "lost" : "kept";

	if (!out->first[0])
		snprintf(out->first, sizeof(out->first),
			"%.40s -> %.40s packet %u: %s, %.3f ms; now %s, %.3f ms",
			plan->regions[from].name, plan->regions[to].name, a->index, lost,
			(double)a->delay_ns / 1e6, now, (double)b->delay_ns / 1e6);
}

static void count(struct replay_count *count, bool equal)
{
	count->common++;
	count->equal += equal;
}

/* changes: of the link. */
static void compare_lane(const struct plan *plan, const struct decisions logs[2], unsigned from,
	unsigned to, unsigned lane, struct replay_count *changes, struct replay *out)
{
	struct walk before = {&logs[0], 0, to, lane}, after = {&logs[1], 0, to, lane};
	const struct decision *a = next(&before), *b = next(&after);

	while (a || b) {
		if (!a || !b || a->index != b->index) {
			bool first = a && (!b || a->index < b->index);

			out->alone++;
			*(first ? &a : &b) = next(first ? &before : &after);
			continue;
		}
		if (a->change != b->change) {
			out->apart++;
		} else {
			count(&out->all, same(a, b));
			count(&changes[a->change < REPLAY_CHANGES ? a->change : REPLAY_CHANGES - 1],
				same(a, b));
			out->dropped += same(a, b) && a->what & DECISION_LOST;
			if (!same(a, b))
				say_where(out, plan, from, to, a, b);
		}
		a = next(&before);
		b = next(&after);
	}
}

static int compare_region(const struct plan *plan, unsigned region, const char *const runs[2],
	struct replay_count *changes, struct replay *out, struct err *err)
{
	struct decisions logs[2] = {{0}, {0}};
	int rc = 0;

	for (int i = 0; i < 2 && !rc; i++) {
		char path[1400];

		snprintf(path, sizeof(path), "%s/record/%s/%s", runs[i], plan->regions[region].name,
			DECISIONS_FILE);
		rc = decisions_open(&logs[i], path, err);
		if (!rc)
			out->left_out += logs[i].head->left_out;
	}
	for (unsigned i = 0; i < plan->n_regions * DECISION_LANES && !rc; i++) {
		unsigned to = i / DECISION_LANES;

		if (to != region)
			compare_lane(plan, logs, region, to, i % DECISION_LANES,
				changes + (region * plan->n_regions + to) * REPLAY_CHANGES, out);
	}
	decisions_release(&logs[0]);
	decisions_release(&logs[1]);
	return rc;
}

int replay_compare(struct arena *arena, const struct plan *plan, const char *before,
	const char *after, struct replay *out, struct err *err)
{
	const char *const runs[2] = {before, after};
	struct replay_count *changes = arena_array(
		arena, plan->n_regions * plan->n_regions * REPLAY_CHANGES, sizeof(*changes));

	*out = (struct replay){.changes = changes};
	for (unsigned r = 0; r < plan->n_regions; r++) {
		if (compare_region(plan, r, runs, changes, out, err))
			return -1;
	}
	return 0;
}

/* The engine counts a link's changes: 1 is the normal world, then each step that makes it another. */
static void add_link(struct replay_count *sum, const struct replay *replay, const struct plan *plan,
	const struct link_effect *link, unsigned fault, const uint64_t *steps, size_t n_steps)
{
	const struct replay_count *changes =
		replay->changes + (link->from * plan->n_regions + link->to) * REPLAY_CHANGES;
	struct engine_link is, next;
	unsigned change = 1;

	plan_link(plan, link->from, link->to, 0, &is);
	for (size_t i = 0; i < n_steps; i++) {
		plan_link(plan, link->from, link->to, steps[i], &next);
		if (engine_links_equal(&is, &next))
			continue;
		is = next;
		if (++change < REPLAY_CHANGES - 1 && steps[i] >> fault & 1) {
			sum->common += changes[change].common;
			sum->equal += changes[change].equal;
		}
	}
}

struct replay_count replay_of_fault(const struct replay *replay, const struct plan *plan,
	unsigned fault, const uint64_t *steps, size_t n_steps)
{
	const struct fault_effects *effects = &plan->faults[fault].effects;
	struct replay_count sum = {0};

	for (size_t i = 0; i < effects->n_links; i++)
		add_link(&sum, replay, plan, &effects->links[i], fault, steps, n_steps);
	return sum;
}

bool replay_holds(const struct replay *replay)
{
	return replay->all.common && replay->all.equal == replay->all.common;
}

void replay_print(const struct replay *replay, char *text, unsigned long size)
{
	int n = snprintf(text, size,
		"replayed: %llu of %llu decisions equal over the common packet indices, %llu "
		"of them drops",
		(unsigned long long)replay->all.equal, (unsigned long long)replay->all.common,
		(unsigned long long)replay->dropped);

	if (replay->first[0] && n > 0 && (unsigned long)n < size)
		n += snprintf(text + n, size - (unsigned long)n, "; first %s", replay->first);
	if (replay->apart + replay->alone && n > 0 && (unsigned long)n < size)
		n += snprintf(text + n, size - (unsigned long)n,
			"; not compared: %llu that a link's change came before in one run only, "
			"%llu of the longer run",
			(unsigned long long)replay->apart, (unsigned long long)replay->alone);
	if (replay->left_out && n > 0 && (unsigned long)n < size)
		snprintf(text + n, size - (unsigned long)n, "; %llu did not fit into the logs",
			(unsigned long long)replay->left_out);
}
