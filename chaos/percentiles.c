#include "chaos/percentiles.h"

#include <math.h>

#define UNITS 3.9998 /* from the mean, so many are the farthest an int16_t can say */

static int check(const struct percentile *p, size_t n, struct err *err)
{
	if (n < 2)
		return err_set(
			err, "a distribution needs two percentiles at least, as p50 and p99");
	for (size_t i = 1; i < n; i++) {
		if (p[i].at <= p[i - 1].at)
			return err_set(err,
				"p%g comes after p%g; write percentiles in ascending order",
				p[i].at, p[i - 1].at);
		if (p[i].delay_ns < p[i - 1].delay_ns)
			return err_set(err, "p%g is less than p%g; no distribution has that",
				p[i].at, p[i - 1].at);
	}
	if (p[0].at > 50 || p[n - 1].at < 50)
		return err_set(err, "the median is not among the percentiles; give p50");
	if (p[0].delay_ns == p[n - 1].delay_ns)
		return err_set(err, "all percentiles are the same; that is a delay without jitter");
	return 0;
}

static double value_at(const struct percentile *p, size_t n, double at)
{
	size_t i = 0;

	while (i < n && p[i].at < at)
		i++;
	if (!i || i == n)
		return (double)p[i ? n - 1 : 0].delay_ns;
	return (double)p[i - 1].delay_ns +
		((double)p[i].delay_ns - (double)p[i - 1].delay_ns) * (at - p[i - 1].at) /
		(p[i].at - p[i - 1].at);
}

/* Of the line through the quantiles that an impairment keeps. */
static void moments(const double *v, double *mean, double *deviation)
{
	double first = 0, second = 0;

	for (int i = 1; i < IMPAIRMENT_QUANTILES; i++) {
		double share = impairment_quantile_at[i] - impairment_quantile_at[i - 1];

		first += share * (v[i - 1] + v[i]) / 2;
	}
	for (int i = 1; i < IMPAIRMENT_QUANTILES; i++) {
		double share = impairment_quantile_at[i] - impairment_quantile_at[i - 1];
		double a = v[i - 1] - first, b = v[i] - first;

		second += share * (a * a + a * b + b * b) / 3;
	}
	*mean = first;
	*deviation = sqrt(second);
}

int percentiles_set(
	const struct percentile *points, size_t n, struct impairment *out, struct err *err)
{
	double v[IMPAIRMENT_QUANTILES], mean, deviation, farthest, unit;

	if (check(points, n, err))
		return -1;
	for (int i = 0; i < IMPAIRMENT_QUANTILES; i++)
		v[i] = value_at(points, n, 100 * impairment_quantile_at[i]);
	moments(v, &mean, &deviation);
	farthest = fmax(v[IMPAIRMENT_QUANTILES - 1] - mean, mean - v[0]);
	unit = fmax(deviation, farthest / UNITS);
	if (unit < 1 || unit > 2e9)
		return err_set(err, "the delays are spread by %.3g s; jitter can be 1 ns to 2 s",
			unit / 1e9);
	out->delay_ns = (uint64_t)llround(mean);
	out->jitter_ns = (uint64_t)llround(unit);
	out->distribution = DISTRIBUTION_TABLE;
	for (int i = 0; i < IMPAIRMENT_QUANTILES; i++)
		out->quantiles[i] =
			(int16_t)lround((v[i] - mean) / unit * IMPAIRMENT_QUANTILE_SCALE);
	return 0;
}
