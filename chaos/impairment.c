#include "chaos/impairment.h"
#include "chaos/loss.h"
#include "fixtures/base/clock.h"

#include <string.h>

#define PPM 1000000

static const char *const distribution_names[] = {
	[DISTRIBUTION_UNIFORM] = "uniform",
	[DISTRIBUTION_NORMAL] = "normal",
	[DISTRIBUTION_PARETO] = "pareto",
	[DISTRIBUTION_PARETONORMAL] = "paretonormal",
	[DISTRIBUTION_TABLE] = "table",
	NULL,
};

static const char *const reject_names[] = {
	[REJECT_NONE] = "none",
	[REJECT_RST] = "rst",
	[REJECT_ICMP] = "icmp",
	NULL,
};

const double impairment_quantile_at[IMPAIRMENT_QUANTILES] = {0, 0.001, 0.005, 0.01, 0.025, 0.05,
	0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9,
	0.925, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999, 1};

#define ROW(field) .offset = offsetof(struct impairment, field)

/* clang-format off */
#define SHARE_ROW(row, field_, help_) \
	{.name = row, .type = PARAM_SHARE, .fallback = "0%", .max = PPM, .help = help_, ROW(field_)}
#define COUNT_ROW(row, field_, max_, help_) \
	{.name = row, .type = PARAM_COUNT, .fallback = "0", .max = max_, .help = help_, ROW(field_)}
#define SIZE_ROW(row, field_, max_, help_) \
	{.name = row, .type = PARAM_SIZE, .fallback = "0b", .max = max_, .help = help_, ROW(field_)}
#define TIME_ROW(row, field_, max_s, help_) \
	{.name = row, .type = PARAM_DURATION, .fallback = "0s", .max = max_s * NSEC_PER_SEC, \
		.help = help_, ROW(field_)}
#define BOOL_ROW(row, field_, help_) \
	{.name = row, .type = PARAM_BOOL, .fallback = "no", .help = help_, ROW(field_)}

const struct param impairment_params[] = {
	TIME_ROW("delay", delay_ns, 600, "one-way delay added to every packet"),
	TIME_ROW("jitter", jitter_ns, 2,
		"standard deviation of the delay; for uniform half its width"),
	{.name = "distribution", .type = PARAM_CHOICE, .fallback = "uniform",
		.choices = distribution_names,
		.help = "shape of the jitter; table: given as delay-percentiles, rtt-percentiles or { trace: FILE } of a link",
		ROW(distribution)},
	BOOL_ROW("reorder", reorder,
		"may jitter bring packets out of order? (never with a rate)"),
	SHARE_ROW("overtake", overtake_ppm,
		"share of packets sent at once, before those that wait for their delay"),
	COUNT_ROW("overtake-gap", overtake_gap, 1000000,
		"at least so many packets from one that overtakes to the next; alone: every so manieth"),
	SHARE_ROW("loss", loss_ppm, "mean share of packets lost"),
	{.name = "loss-burst", .type = PARAM_COUNT, .fallback = "1", .max = 100000,
		.help = "mean length of a burst of losses, in packets; 1: independent",
		ROW(loss_burst)},
	SHARE_ROW("loss-p13", loss_p13_ppm,
		"four-state loss: from the gap (1, passes) to a burst's lost packets (3)"),
	SHARE_ROW("loss-p31", loss_p31_ppm, "four-state loss: from a burst back to the gap"),
	SHARE_ROW("loss-p32", loss_p32_ppm,
		"four-state loss: from a burst's lost packets to its passing ones (2)"),
	SHARE_ROW("loss-p23", loss_p23_ppm,
		"four-state loss: from a burst's passing packets to its lost ones"),
	SHARE_ROW("loss-p14", loss_p14_ppm, "four-state loss: single losses (4) in the gap"),
	BOOL_ROW("ecn", ecn, "mark ECN-capable packets (CE) where others would be lost"),
	SHARE_ROW("duplicate", duplicate_ppm, "share of packets that arrive twice"),
	SHARE_ROW("corrupt", corrupt_ppm,
		"share of packets with one bit flipped, so that the checksum is wrong"),
	{.name = "rate", .type = PARAM_BITRATE, .fallback = "0bit", .max = UINT64_C(1000000000000),
		.help = "bits per second that get through; 0bit: unlimited", ROW(rate_bps)},
	SIZE_ROW("rate-overhead", rate_overhead, 4096,
		"bytes that the rate counts beside each frame"),
	SIZE_ROW("rate-cell", rate_cell, 65536,
		"frames are cut into cells of this size, the last one filled up (ATM: 48b)"),
	SIZE_ROW("rate-cell-overhead", rate_cell_overhead, 4096,
		"bytes that the rate counts beside each cell (ATM: 5b)"),
	TIME_ROW("slot-min", slot_min_ns, 10,
		"packets leave in slots: shortest time from one slot to the next"),
	TIME_ROW("slot-max", slot_max_ns, 10, "longest time from one slot to the next"),
	COUNT_ROW("slot-packets", slot_packets, 1000000, "packets in one slot; 0: any number"),
	SIZE_ROW("slot-bytes", slot_bytes, 1u << 30, "bytes in one slot; 0b: any number"),
	COUNT_ROW("limit", limit, 4000000,
		"packets that may wait in the link; more are overflow, no loss; 0: computed from "
		"delay and rate"),
	BOOL_ROW("cut", cut, "nothing passes, silently; neighbour discovery does"),
	{.name = "reject", .type = PARAM_CHOICE, .fallback = "none", .choices = reject_names,
		.help = "what a cut answers: none (silence), rst (TCP; others get an ICMP error) or "
			"icmp (administratively prohibited); engine wire only", ROW(reject)},
	PARAM_END,
};
/* clang-format on */

/* One line each: true is wrong. */
static const char *contradiction(const struct impairment *i)
{
	bool four = loss_has_four_states(i);
	bool arrows = four || i->loss_p31_ppm || i->loss_p32_ppm || i->loss_p23_ppm;

	if (arrows && i->loss_ppm)
		return "loss and the arrows of a four-state loss (loss-p13 ...); give one of them";
	if (arrows && !four)
		return "a four-state loss that never begins; give it loss-p13 or loss-p14";
	if (i->loss_p13_ppm && !i->loss_p31_ppm)
		return "loss-p13 without loss-p31: bursts would never end";
	if (i->loss_p32_ppm && !i->loss_p23_ppm)
		return "loss-p32 without loss-p23: bursts would never go on";
	if (i->loss_p13_ppm + i->loss_p14_ppm > PPM || i->loss_p31_ppm + i->loss_p32_ppm > PPM)
		return "the arrows out of one state of a four-state loss are more than 100%";
	if (i->reject && !i->cut)
		return "reject without cut: only what is dropped can be refused";
	if (i->ecn && !i->loss_ppm && !four)
		return "ecn without loss: nothing would be marked";
	if ((i->overtake_ppm || i->overtake_gap) && !i->delay_ns)
		return "overtake without delay: there is nobody to overtake";
	if (i->overtake_ppm && i->overtake_gap &&
		i->overtake_ppm * i->overtake_gap > PPM + i->overtake_gap)
		return "overtake is more than its gap allows, 1 / overtake-gap";
	if ((i->rate_overhead || i->rate_cell || i->rate_cell_overhead) && !i->rate_bps)
		return "what a rate counts, but no rate";
	if (i->rate_cell_overhead && !i->rate_cell)
		return "rate-cell-overhead without rate-cell";
	if (i->slot_max_ns < i->slot_min_ns)
		return "slot-max is less than slot-min";
	if ((i->slot_packets || i->slot_bytes) && !i->slot_max_ns)
		return "what a slot holds, but no slot-min and slot-max";
	if (i->distribution == DISTRIBUTION_TABLE &&
		!memcmp(i->quantiles, (int16_t[IMPAIRMENT_QUANTILES]){0}, sizeof(i->quantiles)))
		return "distribution: table is not set by its name; give the link delay-percentiles or "
		       "rtt-percentiles: { p50: 40ms, p99: 90ms }";
	return NULL;
}

int impairment_check(const struct impairment *imp, struct err *err)
{
	const char *wrong = contradiction(imp);

	return wrong ? err_set(err, "%s", wrong) : 0;
}

static void canonical_overtake(struct impairment *out)
{
	if (!out->overtake_ppm && out->overtake_gap > 1)
		out->overtake_ppm = PPM / out->overtake_gap;
	if (!out->delay_ns)
		out->overtake_ppm = 0;
	if (!out->overtake_ppm || out->overtake_gap == 1)
		out->overtake_gap = 0;
}

static void canonical_loss(struct impairment *out)
{
	if (!loss_has_four_states(out))
		out->loss_p31_ppm = out->loss_p32_ppm = out->loss_p23_ppm = 0;
	else
		out->loss_ppm = 0;
	if (!out->loss_ppm || out->loss_burst == 1)
		out->loss_burst = 0;
	if (!out->loss_ppm && !loss_has_four_states(out))
		out->ecn = 0;
}

struct impairment impairment_canonical(const struct impairment *imp)
{
	struct impairment out = *imp;

	if (out.cut || (out.loss_ppm >= PPM && !out.ecn))
		return (struct impairment){.cut = 1, .reject = out.cut ? out.reject : REJECT_NONE};
	out.reject = REJECT_NONE;
	canonical_loss(&out);
	canonical_overtake(&out);
	if (!out.jitter_ns)
		out.distribution = DISTRIBUTION_UNIFORM;
	if (out.distribution != DISTRIBUTION_TABLE)
		memset(out.quantiles, 0, sizeof(out.quantiles));
	if (!out.jitter_ns || out.rate_bps)
		out.reorder = 0;
	if (!out.rate_bps)
		out.rate_overhead = out.rate_cell = out.rate_cell_overhead = 0;
	if (!out.slot_max_ns)
		out.slot_packets = out.slot_bytes = 0;
	return out;
}

bool impairment_equal(const struct impairment *a, const struct impairment *b)
{
	struct impairment ca = impairment_canonical(a), cb = impairment_canonical(b);

	return !memcmp(&ca, &cb, sizeof(ca));
}

bool impairment_is_neutral(const struct impairment *imp)
{
	static const struct impairment neutral;

	return impairment_equal(imp, &neutral);
}

/* What the kernel may round of a row: its tick, 32 bits of a share, whole bytes. */
static uint64_t slack_of(const struct param *row, uint64_t asked)
{
	switch (row->type) {
	case PARAM_DURATION:
		return 1000 + asked / 1000;
	case PARAM_SHARE:
		return 1 + asked / 100000;
	case PARAM_BITRATE:
		return 8;
	case PARAM_RATE:
	case PARAM_SIZE:
	case PARAM_COUNT:
	case PARAM_BOOL:
	case PARAM_STRING:
	case PARAM_CHOICE:
		break;
	}
	return 0;
}

bool impairment_is_kept(const struct impairment *asked, const struct impairment *has)
{
	struct impairment a = impairment_canonical(asked), b = impairment_canonical(has);

	if (a.loss_burst && b.loss_burst) /* lengthened where the mean needs it */
		b.loss_burst = a.loss_burst;
	for (const struct param *row = impairment_params; row->name; row++) {
		uint64_t x, y;

		memcpy(&x, (const char *)&a + row->offset, sizeof(x));
		memcpy(&y, (const char *)&b + row->offset, sizeof(y));
		if ((x > y ? x - y : y - x) > slack_of(row, x))
			return false;
	}
	return !memcmp(a.quantiles, b.quantiles, sizeof(a.quantiles));
}

bool impairment_needs_segments(const struct impairment *imp)
{
	struct impairment c = impairment_canonical(imp);

	return c.loss_ppm || loss_has_four_states(&c) || c.rate_bps || c.reorder ||
		c.overtake_ppm || c.duplicate_ppm || c.corrupt_ppm || c.slot_max_ns || c.limit;
}

struct impairment impairment_scale(const struct impairment *imp, uint64_t share_ppm)
{
	struct impairment out = *imp;

	out.delay_ns = imp->delay_ns / 1000 * share_ppm / 1000;
	out.jitter_ns = imp->jitter_ns / 1000 * share_ppm / 1000;
	out.loss_ppm = imp->loss_ppm * share_ppm / 1000000;
	return out;
}

static double quantile_of(const struct impairment *imp, double at)
{
	int i = 1;
	double part;

	while (impairment_quantile_at[i] < at)
		i++;
	part = (at - impairment_quantile_at[i - 1]) /
		(impairment_quantile_at[i] - impairment_quantile_at[i - 1]);
	return imp->quantiles[i - 1] + part * (imp->quantiles[i] - imp->quantiles[i - 1]);
}

double impairment_spread_ns(const struct impairment *imp)
{
	double jitter = (double)imp->jitter_ns;

	if (imp->distribution != DISTRIBUTION_TABLE)
		return jitter;
	return jitter * (quantile_of(imp, 0.84) - quantile_of(imp, 0.16)) / 2 /
		IMPAIRMENT_QUANTILE_SCALE;
}

uint64_t impairment_queue_bytes(const struct impairment *imp)
{
	uint64_t least = 30 * 1514, wanted = imp->rate_bps / 8 / 5;

	return wanted > least ? wanted : least;
}

uint64_t impairment_wire_ns(const struct impairment *imp, uint64_t bytes)
{
	bytes += imp->rate_overhead;
	if (imp->rate_cell) {
		uint64_t cells = (bytes + imp->rate_cell - 1) / imp->rate_cell;

		bytes = cells * (imp->rate_cell + imp->rate_cell_overhead);
	}
	return imp->rate_bps ? (uint64_t)((double)bytes * 8e9 / (double)imp->rate_bps) : 0;
}
