/* zones: one pass to find the zone of each value, a sort, and one pass over the sorted ones. */
#include "suites/judge/models/zones.h"

#include "fixtures/base/arena.h"

#include <stdlib.h>

struct zone {
	uint64_t first_return, last_call;
	size_t returned, called, write; /* operations */
	uint32_t value;
	bool is_written, is_read;
};

bool zones_fit(const struct search_op *ops, size_t n, uint32_t initial, uint32_t n_values)
{
	struct arena arena = {0};
	bool *written = arena_array(&arena, n_values + 1, sizeof(*written)), fit = true;

	if (initial < n_values)
		written[initial] = true;
	for (size_t i = 0; i < n && fit; i++) {
		const struct step *step = &ops[i].step;

		if (step->kind == STEP_WRITE) {
			fit = !written[step->a];
			written[step->a] = true;
		} else {
			fit = step->kind == STEP_READ;
		}
	}
	arena_release(&arena);
	return fit;
}

/* Times are shifted by one: 0 is the beginning of everything, before any call at 0. */
static void take_op(struct zone *zone, const struct search_op *op, size_t i)
{
	if (op->ret != SEARCH_NEVER && op->ret + 1 < zone->first_return) {
		zone->first_return = op->ret + 1;
		zone->returned = i;
	}
	if (zone->called == ZONES_NO_OP || op->call + 1 > zone->last_call) {
		zone->last_call = op->call + 1;
		zone->called = i;
	}
}

static struct zone *find_zones(struct arena *arena, const struct search_op *ops, size_t n,
	uint32_t initial, uint32_t n_values)
{
	struct zone *zones = arena_array(arena, n_values + 1, sizeof(*zones));

	for (uint32_t v = 0; v < n_values; v++)
		zones[v] = (struct zone){.first_return = SEARCH_NEVER,
			.returned = ZONES_NO_OP,
			.called = ZONES_NO_OP,
			.write = ZONES_NO_OP,
			.value = v};
	if (initial < n_values) {
		zones[initial].is_written = true;
		zones[initial].first_return = 0;
	}
	for (size_t i = 0; i < n; i++) {
		const struct step *step = &ops[i].step;
		struct zone *zone = &zones[step->a];

		if (step->kind == STEP_READ && (ops[i].ret == SEARCH_NEVER || step->a == VALUE_ANY))
			continue;
		take_op(zone, &ops[i], i);
		if (step->kind == STEP_WRITE) {
			zone->is_written = true;
			zone->write = i;
		} else {
			zone->is_read = true;
		}
	}
	return zones;
}

/* What no order of writes can mend. */
static enum zones_end look_at_reads(
	const struct search_op *ops, size_t n, const struct zone *zones, struct zones_finding *out)
{
	for (size_t i = 0; i < n; i++) {
		const struct step *step = &ops[i].step;
		const struct zone *zone;

		if (step->kind != STEP_READ || ops[i].ret == SEARCH_NEVER || step->a == VALUE_ANY)
			continue;
		zone = &zones[step->a];
		out->ops[0] = i;
		out->ops[1] = zone->write;
		if (!zone->is_written)
			return ZONES_UNWRITTEN;
		if (zone->write != ZONES_NO_OP && ops[i].ret < ops[zone->write].call)
			return ZONES_FUTURE;
	}
	return ZONES_VALID;
}

static int by_first_return(const void *a, const void *b)
{
	const struct zone *x = a, *y = b;

	if (x->first_return != y->first_return)
		return x->first_return < y->first_return ? -1 : 1;
	return x->value < y->value ? -1 : x->value > y->value;
}

static enum zones_end convict(const struct zone *a, const struct zone *b, struct zones_finding *out)
{
	const struct zone *zones[] = {a, b};

	for (int i = 0; i < 2; i++) {
		out->returned[i] = zones[i]->returned;
		out->called[i] = zones[i]->called;
		out->values[i] = zones[i]->value;
	}
	return ZONES_CONFLICT;
}

/* Forward zones to the front, sorted; they must follow one another. */
static enum zones_end look_at_forward(struct zone *zones, size_t n, struct zones_finding *out)
{
	size_t last = 0;

	qsort(zones, n, sizeof(*zones), by_first_return);
	for (size_t i = 1; i < n; i++) {
		if (zones[i].first_return < zones[last].last_call)
			return convict(&zones[last], &zones[i], out);
		last = i;
	}
	return ZONES_VALID;
}

static enum zones_end look_at_backward(const struct zone *forward, size_t n,
	const struct zone *backward, struct zones_finding *out)
{
	size_t low = 0, high = n;

	while (low < high) { /* the first forward zone that begins too late to hold it */
		size_t middle = low + (high - low) / 2;

		if (forward[middle].first_return < backward->last_call)
			low = middle + 1;
		else
			high = middle;
	}
	if (low && backward->first_return < forward[low - 1].last_call)
		return convict(&forward[low - 1], backward, out);
	return ZONES_VALID;
}

enum zones_end zones_judge(const struct search_op *ops, size_t n, uint32_t initial,
	uint32_t n_values, struct zones_finding *out)
{
	struct arena arena = {0};
	struct zone *zones = find_zones(&arena, ops, n, initial, n_values);
	enum zones_end end = look_at_reads(ops, n, zones, out);
	struct zone *forward = arena_array(&arena, n_values + 1, sizeof(*forward));
	size_t n_forward = 0;

	for (uint32_t v = 0; v < n_values; v++) {
		if (zones[v].first_return < zones[v].last_call)
			forward[n_forward++] = zones[v];
	}
	if (end == ZONES_VALID)
		end = look_at_forward(forward, n_forward, out);
	for (uint32_t v = 0; v < n_values && end == ZONES_VALID; v++) {
		bool says_nothing = !zones[v].is_read && zones[v].first_return == SEARCH_NEVER;

		if (zones[v].first_return >= zones[v].last_call && !says_nothing &&
			zones[v].called != ZONES_NO_OP)
			end = look_at_backward(forward, n_forward, &zones[v], out);
	}
	arena_release(&arena);
	return end;
}
