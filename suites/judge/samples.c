#include "suites/judge/samples.h"
#include "suites/judge/sort.h"
#include "suites/judge/stat.h"

#include <math.h>
#include <stdlib.h>

void samples_add(
	struct arena *arena, struct samples *samples, uint64_t at_ns, double low, double high)
{
	*ARENA_PUSH(arena, samples->samples, samples->n) = (struct sample){at_ns, low, high};
}

static int compare_instants(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;

	return (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns);
}

/* What was gathered key by key hangs together in time, not in the order of keys. */
static void order_by_time(const struct samples *samples)
{
	for (size_t i = 1; i < samples->n; i++) {
		if (samples->samples[i].at_ns < samples->samples[i - 1].at_ns) {
			qsort(samples->samples, samples->n, sizeof(*samples->samples),
				compare_instants);
			return;
		}
	}
}

/* -1: not a quantile. */
static double quantile_of(enum metric_stat stat)
{
	switch (stat) {
	case STAT_P50:
		return 0.5;
	case STAT_P90:
		return 0.9;
	case STAT_P95:
		return 0.95;
	case STAT_P99:
		return 0.99;
	case STAT_P999:
		return 0.999;
	case STAT_VALUE:
	case STAT_MAX:
		return 1;
	case STAT_MIN:
		return 0;
	case STAT_MEAN:
	case STAT_COUNT:
	case STAT_RATE:
	case STATS:
		break;
	}
	return -1;
}

/* The interval of the quantile: ranks from the independent samples, stretched over all of them. */
static void interval_of(struct arena *arena, const struct samples *samples, const double *lows,
	const double *highs, double quantile, double confidence, struct measurement *out)
{
	bool *above = arena_array(arena, samples->n, sizeof(*above));
	uint64_t low, high, worth;
	double scale;

	order_by_time(samples);
	for (size_t i = 0; i < samples->n; i++)
		above[i] = samples->samples[i].high > out->value;
	worth = (uint64_t)stat_effective_n(above, samples->n, &out->episodes);
	if (!worth)
		return;
	stat_quantile_ranks(worth, quantile, confidence, &low, &high);
	scale = (double)samples->n / (double)worth;
	out->low = low ? lows[(size_t)((double)(low - 1) * scale)] : 0;
	out->high = high <= worth
		? highs[(size_t)fmin((double)samples->n - 1, ceil((double)high * scale) - 1)]
		: INFINITY;
	out->has_interval = true;
}

static void measure_quantile(struct arena *arena, const struct samples *samples,
	const struct question *question, double quantile, struct measurement *out)
{
	double *lows = arena_array(arena, samples->n, sizeof(*lows));
	double *highs = arena_array(arena, samples->n, sizeof(*highs));
	uint64_t rank = stat_quantile_rank(samples->n, quantile);

	for (size_t i = 0; i < samples->n; i++) {
		lows[i] = samples->samples[i].low;
		highs[i] = samples->samples[i].high;
	}
	sort_doubles(lows, samples->n);
	sort_doubles(highs, samples->n);
	out->value = highs[rank - 1];
	out->value_low = lows[rank - 1];
	out->has_value_low = out->value_low < out->value;
	if (quantile > 0 && quantile < 1)
		interval_of(arena, samples, lows, highs, quantile,
			question->confidence > 0 ? question->confidence : 0.95, out);
	if (isinf(out->value)) {
		out->status = MEASURED_CENSORED;
		out->value = out->value_low;
		out->has_value_low = false;
	}
}

static void measure_mean(const struct samples *samples, struct measurement *out)
{
	double low = 0, high = 0;

	for (size_t i = 0; i < samples->n; i++) {
		low += samples->samples[i].low;
		high += samples->samples[i].high;
	}
	out->value = high / (double)samples->n;
	out->value_low = low / (double)samples->n;
	out->has_value_low = low < high;
	if (isinf(high)) {
		out->status = MEASURED_CENSORED;
		out->value = out->value_low;
		out->has_value_low = false;
	}
}

void samples_measure(struct arena *arena, const struct samples *samples,
	const struct question *question, struct measurement *out)
{
	double quantile = quantile_of(question->stat);

	out->status = MEASURED_VALUE;
	out->n = samples->n;
	if (question->stat == STAT_COUNT) {
		out->value = (double)samples->n;
		return;
	}
	if (!samples->n) {
		out->status = MEASURED_NOTHING;
		return;
	}
	if (quantile < 0)
		measure_mean(samples, out);
	else
		measure_quantile(arena, samples, question, quantile, out);
}
