#include "suites/judge/reach.h"

#include <string.h>

struct cut {
	uint8_t from, to;
	uint64_t from_ns, to_ns;
};

struct reach {
	unsigned n_regions;
	uint64_t *delay_ns; /* [from * n_regions + to] */
	struct cut *cuts;
	size_t n_cuts;
	/* scratch of one question */
	uint64_t *known_ns;
	bool *settled;
};

static void measure_delays(struct reach *reach, const struct beacons *beacons)
{
	unsigned n = reach->n_regions;
	bool *seen = reach->settled; /* n * n, cleared afterwards */

	for (size_t i = 0; i < beacons->n; i++) {
		const struct beacon_sample *b = &beacons->samples[i];
		size_t link = b->from * n + b->to;
		uint64_t delay_ns = b->recv_ns > b->sent_ns ? b->recv_ns - b->sent_ns : 0;

		if (!b->recv_ns || b->from >= n || b->to >= n)
			continue;
		if (!seen[link] || delay_ns < reach->delay_ns[link])
			reach->delay_ns[link] = delay_ns;
		seen[link] = true;
	}
	memset(seen, 0, (size_t)n * n * sizeof(*seen));
}

static void add_cuts(struct arena *arena, struct reach *reach, const struct evidence *evidence)
{
	for (size_t f = 0; f < evidence->plan->n_faults; f++) {
		const struct fault_effects *effects = &evidence->plan->faults[f].effects;
		const struct fault_window *w = &evidence->faults[f];

		for (size_t i = 0; i < effects->n_links && w->in_force_ns; i++) {
			const struct link_effect *link = &effects->links[i];

			if (link->impairment.cut)
				*ARENA_PUSH(arena, reach->cuts, reach->n_cuts) = (struct cut){
					(uint8_t)link->from, (uint8_t)link->to, w->in_force_ns,
					w->gone_ns ? w->gone_ns : UINT64_MAX};
		}
	}
}

struct reach *reach_new(struct arena *arena, const struct evidence *evidence)
{
	struct reach *reach = arena_alloc(arena, sizeof(*reach));
	size_t n = evidence->plan->n_regions;

	*reach = (struct reach){.n_regions = (unsigned)n};
	reach->delay_ns = arena_array(arena, n * n, sizeof(*reach->delay_ns));
	reach->known_ns = arena_array(arena, n, sizeof(*reach->known_ns));
	reach->settled = arena_array(arena, n * n, sizeof(*reach->settled));
	measure_delays(reach, &evidence->beacons);
	add_cuts(arena, reach, evidence);
	return reach;
}

/* What is sent on the link at the instant is there then; cuts may follow each other. */
static uint64_t over_link(const struct reach *reach, unsigned from, unsigned to, uint64_t at_ns)
{
	for (size_t i = 0; i < reach->n_cuts; i++) {
		const struct cut *cut = &reach->cuts[i];

		if (cut->from != from || cut->to != to || at_ns < cut->from_ns ||
			at_ns >= cut->to_ns)
			continue;
		if (cut->to_ns == UINT64_MAX)
			return UINT64_MAX;
		at_ns = cut->to_ns;
		i = (size_t)-1; /* another may have begun before this one ended */
	}
	return at_ns + reach->delay_ns[from * reach->n_regions + to];
}

/* The region reached first of those that are not settled yet; n_regions: none. */
static unsigned first_reached(const struct reach *reach)
{
	unsigned best = reach->n_regions;

	for (unsigned r = 0; r < reach->n_regions; r++) {
		if (!reach->settled[r] && reach->known_ns[r] != UINT64_MAX &&
			(best == reach->n_regions || reach->known_ns[r] < reach->known_ns[best]))
			best = r;
	}
	return best;
}

/* Dijkstra over instants: links keep their order, so to be earlier is never worse. */
uint64_t reach_at(const struct reach *reach, unsigned from, unsigned to, uint64_t at_ns)
{
	unsigned n = reach->n_regions, at;

	for (unsigned r = 0; r < n; r++) {
		reach->known_ns[r] = r == from ? at_ns : UINT64_MAX;
		reach->settled[r] = false;
	}
	while ((at = first_reached(reach)) != n && at != to) {
		reach->settled[at] = true;
		for (unsigned r = 0; r < n; r++) {
			uint64_t then_ns;

			if (reach->settled[r])
				continue;
			then_ns = over_link(reach, at, r, reach->known_ns[at]);
			if (then_ns < reach->known_ns[r])
				reach->known_ns[r] = then_ns;
		}
	}
	return reach->known_ns[to];
}
