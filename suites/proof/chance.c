#include "suites/proof/chance.h"
#include "chaos/loss.h"

#include <math.h>

#define T_MAX 40.0 /* exp(40): every further packet is as good as impossible */
#define STEPS 48   /* of the golden section: the interval is 1e-10 of T_MAX then */
#define Z_95 1.959964

double chance_mean(const struct gilbert *chain)
{
	return chain->enter <= 0 ? 0 : chain->enter / (chain->enter + chain->leave);
}

/* A corrupt packet is thrown away by its receiver; bursts stay as long as they are. */
static struct gilbert with_corruption(struct gilbert chain, double corrupt)
{
	double mean = 1 - (1 - chance_mean(&chain)) * (1 - corrupt);

	if (corrupt <= 0 || mean >= 1)
		return chain;
	if (chain.enter <= 0)
		return (struct gilbert){.enter = mean, .leave = 1 - mean};
	chain.enter = fmin(1, mean * chain.leave / (1 - mean));
	return chain;
}

struct gilbert chance_chain(const struct impairment *imp)
{
	if (imp->cut)
		return (struct gilbert){.enter = 1, .leave = 0};
	return with_corruption(impairment_gilbert(imp), (double)imp->corrupt_ppm / 1e6);
}

/* A matrix of non-negative numbers, scaled so that its largest is 1. */
struct matrix {
	double m[2][2];
	double log_scale;
};

static struct matrix multiply(const struct matrix *a, const struct matrix *b)
{
	struct matrix out = {.log_scale = a->log_scale + b->log_scale};
	double top = 0;

	for (int i = 0; i < 2; i++) {
		for (int j = 0; j < 2; j++) {
			out.m[i][j] = a->m[i][0] * b->m[0][j] + a->m[i][1] * b->m[1][j];
			top = fmax(top, out.m[i][j]);
		}
	}
	for (int i = 0; i < 4 && top > 0; i++)
		out.m[i / 2][i % 2] /= top;
	out.log_scale += top > 0 ? log(top) : 0;
	return out;
}

/* log E[exp(tN)]: the state before the first packet is the chain's long-run mixture. */
static double log_moment(const struct gilbert *chain, uint64_t n, double t)
{
	double mean = chance_mean(chain), weight = exp(t);
	struct matrix step = {.m = {{1 - chain->enter, chain->enter * weight},
				      {chain->leave, (1 - chain->leave) * weight}}};
	struct matrix power = {.m = {{1, 0}, {0, 1}}};
	double good = 1 - mean, bad = mean;

	for (; n; n >>= 1) {
		if (n & 1)
			power = multiply(&power, &step);
		step = multiply(&step, &step);
	}
	return power.log_scale +
		log(good * (power.m[0][0] + power.m[0][1]) + bad * (power.m[1][0] + power.m[1][1]));
}

/* log_moment - tk is convex in t; its minimum between 0 and sign * T_MAX. */
static double bound(const struct gilbert *chain, uint64_t n, uint64_t k, double sign)
{
	const double golden = 0.6180339887498949;
	double low = 0, high = T_MAX, best = 0;

	for (int i = 0; i < STEPS; i++) {
		double a = high - golden * (high - low), b = low + golden * (high - low);
		double at_a = log_moment(chain, n, sign * a) - sign * a * (double)k;
		double at_b = log_moment(chain, n, sign * b) - sign * b * (double)k;

		best = fmin(best, fmin(at_a, at_b));
		if (at_a < at_b)
			high = b;
		else
			low = a;
	}
	return exp(best);
}

double chance_at_least(const struct gilbert *chain, uint64_t n, uint64_t k)
{
	double mean = chance_mean(chain);

	if ((double)k <= mean * (double)n)
		return 1;
	if (k > n || mean <= 0)
		return 0;
	return bound(chain, n, k, 1);
}

double chance_at_most(const struct gilbert *chain, uint64_t n, uint64_t k)
{
	double mean = chance_mean(chain);

	if ((double)k >= mean * (double)n)
		return 1;
	if (mean >= 1)
		return 0;
	return bound(chain, n, k, -1);
}

double chance_variance_factor(const struct gilbert *chain, uint64_t n)
{
	double rho = 1 - chain->enter - chain->leave, whole;

	if (n == 0 || rho >= 1 || chance_mean(chain) <= 0)
		return 1;
	whole = (1 + rho) / (1 - rho);
	return whole - 2 * rho * (1 - pow(rho, (double)n)) / ((double)n * (1 - rho) * (1 - rho));
}

struct chance_interval chance_share(uint64_t n, uint64_t k, double factor)
{
	double worth = (double)n / fmax(factor, 1), share, centre, half, scale;

	if (n == 0)
		return (struct chance_interval){0, 1};
	share = (double)k / (double)n;
	scale = 1 + Z_95 * Z_95 / worth;
	centre = (share + Z_95 * Z_95 / (2 * worth)) / scale;
	half = Z_95 / scale * sqrt(share * (1 - share) / worth + Z_95 * Z_95 / (4 * worth * worth));
	return (struct chance_interval){fmax(0, centre - half), fmin(1, centre + half)};
}

double chance_z(double alpha)
{
	double low = 0, high = 40;

	for (int i = 0; i < 60; i++) {
		double middle = (low + high) / 2;

		if (erfc(middle / M_SQRT2) > alpha)
			low = middle;
		else
			high = middle;
	}
	return high;
}
