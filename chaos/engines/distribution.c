#include "chaos/engines/distribution.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SIDE 64     /* SIDE * SIDE == DISTRIBUTION_POINTS */
#define TAIL 3.9998 /* deviations; times the scale still an int16_t */

/* Quantiles of the normal distribution in ascending order; Newton's method from the one before. */
static void normal_quantiles(double *out, int n)
{
	double x = -4;

	for (int i = 0; i < n; i++) {
		double p = (i + 0.5) / n;

		for (int k = 0; k < 20; k++) {
			double density = exp(-x * x / 2) / sqrt(2 * M_PI);
			double step = (erfc(-x / sqrt(2)) / 2 - p) / density;

			x -= fmin(fmax(step, -0.5), 0.5);
			if (fabs(step) < 1e-12)
				break;
		}
		out[i] = x;
	}
}

/* Shape 3, as tc's table: a long tail to the right. Mean 1.5, variance 0.75. */
static void pareto_quantiles(double *out, int n)
{
	for (int i = 0; i < n; i++)
		out[i] = (pow(1 - (i + 0.5) / n, -1.0 / 3) - 1.5) / sqrt(0.75);
}

/* A quarter normal, three quarters pareto, as tc's; every pair of SIDE quantiles each. */
static void paretonormal_values(double *out)
{
	double normal[SIDE], pareto[SIDE];

	normal_quantiles(normal, SIDE);
	pareto_quantiles(pareto, SIDE);
	for (int i = 0; i < SIDE * SIDE; i++)
		out[i] = 0.25 * normal[i / SIDE] + 0.75 * pareto[i % SIDE];
}

/* Shift and stretch until mean is 0 and deviation 1 with the tails cut. */
static void standardise(double *v, int n)
{
	for (int round = 0; round < 50; round++) {
		double mean = 0, square = 0;

		for (int i = 0; i < n; i++)
			mean += v[i] / n;
		for (int i = 0; i < n; i++)
			square += (v[i] - mean) * (v[i] - mean) / n;
		for (int i = 0; i < n; i++)
			v[i] = fmin(fmax((v[i] - mean) / sqrt(square), -TAIL), TAIL);
	}
}

static int ascending(const void *a, const void *b)
{
	int x = *(const int16_t *)a, y = *(const int16_t *)b;

	return x - y;
}

static void compute(enum distribution shape, int16_t *table)
{
	static double v[DISTRIBUTION_POINTS];

	switch (shape) {
	case DISTRIBUTION_UNIFORM:
		for (int i = 0; i < DISTRIBUTION_POINTS; i++)
			v[i] = (2.0 * i + 1) / DISTRIBUTION_POINTS - 1;
		break;
	case DISTRIBUTION_NORMAL:
		normal_quantiles(v, DISTRIBUTION_POINTS);
		break;
	case DISTRIBUTION_PARETO:
		pareto_quantiles(v, DISTRIBUTION_POINTS);
		break;
	case DISTRIBUTION_PARETONORMAL:
		paretonormal_values(v);
		break;
	case DISTRIBUTION_TABLE: /* comes with the impairment */
		return;
	}
	if (shape != DISTRIBUTION_UNIFORM)
		standardise(v, DISTRIBUTION_POINTS);
	for (int i = 0; i < DISTRIBUTION_POINTS; i++)
		table[i] = (int16_t)lround(v[i] * DISTRIBUTION_SCALE);
	qsort(table, DISTRIBUTION_POINTS, sizeof(*table), ascending);
}

const int16_t *distribution_table(enum distribution shape)
{
	static int16_t tables[DISTRIBUTION_TABLE][DISTRIBUTION_POINTS];
	static bool known[DISTRIBUTION_TABLE];

	assert(shape < DISTRIBUTION_TABLE);
	if (!known[shape])
		compute(shape, tables[shape]);
	known[shape] = true;
	return tables[shape];
}

/* Between two quantiles the distribution is taken as uniform. */
static int16_t measured_point(const int16_t *quantiles, unsigned i)
{
	double p = (i + 0.5) / DISTRIBUTION_POINTS, from, to, part;
	unsigned k = 1;

	while (k < IMPAIRMENT_QUANTILES - 1 && impairment_quantile_at[k] < p)
		k++;
	from = impairment_quantile_at[k - 1];
	to = impairment_quantile_at[k];
	part = (p - from) / (to - from);
	return (int16_t)lround(quantiles[k - 1] + part * (quantiles[k] - quantiles[k - 1]));
}

void distribution_fill(const struct impairment *imp, int16_t table[DISTRIBUTION_POINTS])
{
	if (imp->distribution != DISTRIBUTION_TABLE) {
		memcpy(table, distribution_table((enum distribution)imp->distribution),
			DISTRIBUTION_POINTS * sizeof(*table));
		return;
	}
	for (unsigned i = 0; i < DISTRIBUTION_POINTS; i++)
		table[i] = measured_point(imp->quantiles, i);
}

uint64_t distribution_draw(const struct impairment *imp, uint64_t random)
{
	unsigned i = random % DISTRIBUTION_POINTS;
	double delay = (double)imp->delay_ns, point;

	if (!imp->jitter_ns)
		return imp->delay_ns;
	if (imp->distribution == DISTRIBUTION_TABLE)
		point = measured_point(imp->quantiles, i);
	else
		point = distribution_table((enum distribution)imp->distribution)[i];
	delay += (double)imp->jitter_ns * point / DISTRIBUTION_SCALE;
	return delay > 0 ? (uint64_t)delay : 0;
}
