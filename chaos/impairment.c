#include "chaos/impairment.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"

#include <math.h>
#include <string.h>

#define PPM 1000000

static const char *const distribution_names[] = {
	[DISTRIBUTION_UNIFORM] = "uniform",
	[DISTRIBUTION_NORMAL] = "normal",
	[DISTRIBUTION_PARETO] = "pareto",
	[DISTRIBUTION_PARETONORMAL] = "paretonormal",
	NULL,
};

#define ROW(field) .offset = offsetof(struct impairment, field)

const struct param impairment_params[] = {
	{.name = "delay",
		.type = PARAM_DURATION,
		.fallback = "0s",
		.max = 600 * NSEC_PER_SEC,
		.help = "one-way delay added to every packet",
		ROW(delay_ns)},
	{.name = "jitter",
		.type = PARAM_DURATION,
		.fallback = "0s",
		.max = 2 * NSEC_PER_SEC,
		.help = "standard deviation of the delay; for uniform half its width",
		ROW(jitter_ns)},
	{.name = "distribution",
		.type = PARAM_CHOICE,
		.fallback = "uniform",
		.choices = distribution_names,
		.help = "shape of the jitter",
		ROW(distribution)},
	{.name = "reorder",
		.type = PARAM_BOOL,
		.fallback = "no",
		.help = "may jitter bring packets out of order? (never with a rate)",
		ROW(reorder)},
	{.name = "loss",
		.type = PARAM_SHARE,
		.fallback = "0%",
		.max = PPM,
		.help = "mean share of packets lost",
		ROW(loss_ppm)},
	{.name = "loss-burst",
		.type = PARAM_COUNT,
		.fallback = "1",
		.max = 100000,
		.help = "mean length of a burst of losses, in packets; 1: independent",
		ROW(loss_burst)},
	{.name = "rate",
		.type = PARAM_BITRATE,
		.fallback = "0bit",
		.max = UINT64_C(1000000000000),
		.help = "bits per second that get through; 0bit: unlimited",
		ROW(rate_bps)},
	{.name = "cut",
		.type = PARAM_BOOL,
		.fallback = "no",
		.help = "nothing passes, silently; neighbour discovery does",
		ROW(cut)},
	PARAM_END,
};

struct impairment impairment_canonical(const struct impairment *imp)
{
	struct impairment out = *imp;

	if (out.cut || out.loss_ppm >= PPM)
		return (struct impairment){.cut = 1};
	if (!out.loss_ppm || out.loss_burst == 1)
		out.loss_burst = 0;
	if (!out.jitter_ns)
		out.distribution = DISTRIBUTION_UNIFORM;
	if (!out.jitter_ns || out.rate_bps)
		out.reorder = 0;
	return out;
}

bool impairment_equal(const struct impairment *a, const struct impairment *b)
{
	struct impairment ca = impairment_canonical(a), cb = impairment_canonical(b);

	return !memcmp(&ca, &cb, sizeof(ca)); /* eight uint64_t, no padding */
}

bool impairment_is_neutral(const struct impairment *imp)
{
	static const struct impairment neutral;

	return impairment_equal(imp, &neutral);
}

bool impairment_needs_segments(const struct impairment *imp)
{
	struct impairment c = impairment_canonical(imp);

	return c.loss_ppm || c.rate_bps || c.reorder;
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

struct impairment impairment_add(const struct impairment *a, const struct impairment *b)
{
	double ja = (double)a->jitter_ns, jb = (double)b->jitter_ns;
	double pass = (1 - (double)a->loss_ppm / PPM) * (1 - (double)b->loss_ppm / PPM);
	struct impairment sum = {
		.delay_ns = a->delay_ns + b->delay_ns,
		.jitter_ns = (uint64_t)llround(hypot(ja, jb)),
		.reorder = a->reorder || b->reorder,
		.loss_ppm = (uint64_t)llround((1 - pass) * PPM),
		.loss_burst =
			max_u64(a->loss_ppm ? a->loss_burst : 0, b->loss_ppm ? b->loss_burst : 0),
		.rate_bps = a->rate_bps,
		.cut = a->cut || b->cut,
	};

	sum.distribution = max_u64(ja > 0 ? a->distribution : 0, jb > 0 ? b->distribution : 0);
	if (!sum.rate_bps || (b->rate_bps && b->rate_bps < sum.rate_bps))
		sum.rate_bps = b->rate_bps;
	return sum;
}

struct gilbert impairment_gilbert(const struct impairment *imp)
{
	double mean = (double)imp->loss_ppm / PPM;
	struct gilbert g;

	if (mean <= 0)
		return (struct gilbert){.enter = 0, .leave = 1};
	if (imp->cut || mean >= 1)
		return (struct gilbert){.enter = 1, .leave = 0};
	if (imp->loss_burst <= 1)
		return (struct gilbert){.enter = mean, .leave = 1 - mean};
	g.leave = 1 / (double)imp->loss_burst;
	g.enter = mean * g.leave / (1 - mean);
	if (g.enter > 1)
		g = (struct gilbert){.enter = 1, .leave = (1 - mean) / mean};
	return g;
}

uint64_t impairment_queue_bytes(const struct impairment *imp)
{
	return max_u64(imp->rate_bps / 8 / 5, 30 * 1514);
}

static void add_word(struct buf *out, size_t start, const char *word)
{
	buf_printf(out, "%s%s", out->len > start ? ", " : "", word);
}

void impairment_print(struct buf *out, const struct impairment *imp)
{
	size_t start = out->len;

	if (imp->delay_ns) {
		add_word(out, start, "delay ");
		param_print(out, PARAM_DURATION, imp->delay_ns);
	}
	if (imp->jitter_ns) {
		add_word(out, start, "jitter ");
		param_print(out, PARAM_DURATION, imp->jitter_ns);
		buf_printf(out, " %s%s", distribution_names[imp->distribution],
			imp->reorder ? " reordering" : "");
	}
	if (imp->loss_ppm) {
		add_word(out, start, "loss ");
		param_print(out, PARAM_SHARE, imp->loss_ppm);
		if (imp->loss_burst > 1)
			buf_printf(out, " in bursts of %llu", (unsigned long long)imp->loss_burst);
	}
	if (imp->rate_bps) {
		add_word(out, start, "rate ");
		param_print(out, PARAM_BITRATE, imp->rate_bps);
	}
	if (imp->cut)
		add_word(out, start, "cut");
	if (out->len == start)
		buf_puts(out, "neutral");
}
