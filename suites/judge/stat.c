#include "suites/judge/stat.h"

#include <math.h>

/* Continued fraction of the incomplete beta function (modified Lentz). Converges fast for
 * x < (a + 1) / (a + b + 2), which the caller sees to. */
static double beta_fraction(double a, double b, double x)
{
	const double tiny = 1e-300;
	double c = 1, d = 1 - (a + b) * x / (a + 1), f;

	d = 1 / (fabs(d) < tiny ? tiny : d);
	f = d;
	for (int m = 1; m < 10000; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		double step;

		d = 1 + even * d;
		c = 1 + even / c;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = fabs(c) < tiny ? tiny : c;
		f *= d * c;
		d = 1 + odd * d;
		c = 1 + odd / c;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = fabs(c) < tiny ? tiny : c;
		step = d * c;
		f *= step;
		if (fabs(step - 1) < 1e-14)
			break;
	}
	return f;
}

/* Regularised incomplete beta function I_x(a, b). */
static double beta_share(double a, double b, double x)
{
	double front;
	int sign;

	if (x <= 0)
		return 0;
	if (x >= 1)
		return 1;
	front = exp(lgamma_r(a + b, &sign) - lgamma_r(a, &sign) - lgamma_r(b, &sign) + a * log(x) +
		b * log1p(-x));
	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(a, b, x) / a;
	return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double stat_binomial_cdf(double k, double n, double p)
{
	if (k < 0)
		return 0;
	if (k >= n)
		return 1;
	return beta_share(n - k, k + 1, 1 - p);
}

double stat_share_upper(double hits, double n, double confidence)
{
	double low = 0, high = 1;

	if (hits >= n)
		return 1;
	for (int i = 0; i < 100; i++) {
		double p = (low + high) / 2;

		if (stat_binomial_cdf(hits, n, p) > 1 - confidence)
			low = p;
		else
			high = p;
	}
	return high;
}

double stat_share_lower(double hits, double n, double confidence)
{
	return 1 - stat_share_upper(n - hits, n, confidence);
}

uint64_t stat_samples_needed(double quantile, uint64_t exceedances, double confidence)
{
	uint64_t low = exceedances, high = exceedances + 1; /* low: too few, high: enough */

	while (stat_binomial_cdf((double)exceedances, (double)high, 1 - quantile) >
		1 - confidence) {
		low = high;
		high *= 2;
	}
	while (high - low > 1) {
		uint64_t n = low + (high - low) / 2;

		if (stat_binomial_cdf((double)exceedances, (double)n, 1 - quantile) >
			1 - confidence)
			low = n;
		else
			high = n;
	}
	return high;
}

/* Largest k in [0, n] with P(X < k) <= tail; X ~ B(n, p). */
static uint64_t largest_rank(uint64_t n, double p, double tail)
{
	uint64_t low = 0, high = n + 1;

	while (high - low > 1) {
		uint64_t k = low + (high - low) / 2;

		if (stat_binomial_cdf((double)k - 1, (double)n, p) <= tail)
			low = k;
		else
			high = k;
	}
	return low;
}

void stat_quantile_ranks(
	uint64_t n, double quantile, double confidence, uint64_t *low, uint64_t *high)
{
	double tail = (1 - confidence) / 2;

	*low = largest_rank(n, quantile, tail);
	*high = n + 1 - largest_rank(n, 1 - quantile, tail);
}

uint64_t stat_quantile_rank(uint64_t n, double quantile)
{
	double rank = ceil(quantile * (double)n - 1e-9);

	if (rank < 1)
		return n ? 1 : 0;
	return rank > (double)n ? n : (uint64_t)rank;
}

struct block_spread {
	double variance;    /* of the block means */
	double correlation; /* of neighbouring block means */
	size_t blocks;
};

static struct block_spread spread_of(const bool *hit, size_t n, size_t length, double mean)
{
	struct block_spread s = {.blocks = n / length};
	double square = 0, product = 0, before = 0;

	for (size_t b = 0; b < s.blocks; b++) {
		double sum = 0, off;

		for (size_t i = 0; i < length; i++)
			sum += hit[b * length + i];
		off = sum / (double)length - mean;
		square += off * off;
		if (b)
			product += off * before;
		before = off;
	}
	if (s.blocks > 1)
		s.variance = square / (double)(s.blocks - 1);
	s.correlation = square > 0 ? product / square : 0;
	return s;
}

double stat_effective_n(const bool *hit, size_t n, size_t *blocks)
{
	struct block_spread s = {0};
	double hits = 0, mean, effective;
	size_t length = n / 200 ? n / 200 : 1;

	*blocks = 0;
	for (size_t i = 0; i < n; i++)
		hits += hit[i];
	if (n < STAT_BLOCKS_MIN)
		return (double)n;
	mean = hits / (double)n;
	for (;;) {
		s = spread_of(hit, n, length, mean);
		/* Two standard errors of a correlation that is really zero. */
		if (s.correlation < 2 / sqrt((double)s.blocks) ||
			n / (length * 2) < STAT_BLOCKS_MIN)
			break;
		length *= 2;
	}
	*blocks = s.correlation < 2 / sqrt((double)s.blocks) ? s.blocks : s.blocks / 2;
	if (s.variance <= 0)
		return (double)n;
	effective = mean * (1 - mean) / s.variance * (double)s.blocks;
	return effective < (double)n ? effective : (double)n;
}
