/*
 * Curves of visibility, per ordered pair of regions, apart for writes acknowledged while a fault
 * was in force. Tickers look often and know the instant well; registers tell where no ticker does.
 */
#include "suites/series.h"
#include "suites/judge/index.h"
#include "suites/judge/visibility.h"

#include <stdlib.h>

struct sample {
	uint32_t curve; /* pair, times two, plus in_fault */
	uint64_t low_ns, high_ns;
};

struct collection {
	struct arena arena; /* scratch */
	const struct evidence *evidence;
	struct sample *samples;
	size_t n;
};

static bool in_fault(const struct evidence *evidence, uint64_t at_ns)
{
	for (size_t f = 0; f < evidence->plan->n_faults; f++) {
		const struct fault_window *window = &evidence->faults[f];

		if (window->in_force_ns && at_ns >= window->in_force_ns &&
			(!window->gone_ns || at_ns < window->gone_ns))
			return true;
	}
	return false;
}

static bool collect(void *context, const struct visibility *v)
{
	struct collection *all = context;
	const struct op *write = &all->evidence->history.ops[v->write];
	size_t n_regions = all->evidence->plan->n_regions;

	if (write->region >= n_regions || write->region == v->to)
		return true;
	*ARENA_PUSH(&all->arena, all->samples, all->n) =
		(struct sample){.curve = (uint32_t)((write->region * n_regions + v->to) * 2 +
					in_fault(all->evidence, write->ret_ns)),
			.low_ns = v->low_ns,
			.high_ns = v->high_ns};
	return true;
}

static int compare_samples(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;

	if (x->curve != y->curve)
		return x->curve < y->curve ? -1 : 1;
	return (x->high_ns > y->high_ns) - (x->high_ns < y->high_ns);
}

static int compare_lows(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;

	return (x->low_ns > y->low_ns) - (x->low_ns < y->low_ns);
}

static size_t place_of(double share, size_t n)
{
	size_t place = (size_t)(share * (double)n);

	return place < n ? place : n - 1;
}

static void fill_curve(
	const struct plan *plan, struct sample *samples, size_t n, struct series_visibility *curve)
{
	uint32_t pair = samples->curve / 2;

	*curve = (struct series_visibility){.from = plan->regions[pair / plan->n_regions].name,
		.to = plan->regions[pair % plan->n_regions].name,
		.in_fault = samples->curve % 2,
		.n = n};
	for (size_t i = 0; i < SERIES_SHARES; i++)
		curve->high_ns[i] = samples[place_of(series_share(i), n)].high_ns;
	for (size_t i = 0; i < n; i++)
		curve->never += samples[i].high_ns == TIME_NEVER;
	qsort(samples, n, sizeof(*samples), compare_lows);
	for (size_t i = 0; i < SERIES_SHARES; i++)
		curve->low_ns[i] = samples[place_of(series_share(i), n)].low_ns;
}

void series_fill_visibility(
	struct arena *arena, const struct evidence *evidence, struct series *out)
{
	struct collection all = {.evidence = evidence};
	struct series_visibility *curves = NULL;

	out->n_visibilities = 0;
	visibility_scan(evidence, evidence->index, true, collect, &all);
	if (!all.n)
		visibility_scan(evidence, evidence->index, false, collect, &all);
	if (all.n)
		qsort(all.samples, all.n, sizeof(*all.samples), compare_samples);
	for (size_t i = 0, end; i < all.n; i = end) {
		for (end = i; end < all.n && all.samples[end].curve == all.samples[i].curve;)
			end++;
		fill_curve(evidence->plan, &all.samples[i], end - i,
			ARENA_PUSH(arena, curves, out->n_visibilities));
	}
	out->visibilities = curves;
	arena_release(&all.arena);
}
