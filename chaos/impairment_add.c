/* impairment_add: what overlapping impairments come to; the rules stand in impairment.h. */
#include "chaos/impairment.h"
#include "chaos/loss.h"

#include <math.h>
#include <string.h>

#define PPM 1e6

const char impairment_add_rule[] =
	"delays add; jitters as variances, with the shape of the wider one; loss, duplicate, corrupt "
	"and overtake as independent causes, 1 - (1-a)(1-b), with the longer burst; the tighter rate, "
	"slot, gap and limit holds; cut wins over everything, a silent one over one that refuses";

static uint64_t either(uint64_t a_ppm, uint64_t b_ppm)
{
	double pass = (1 - (double)a_ppm / PPM) * (1 - (double)b_ppm / PPM);

	return (uint64_t)llround((1 - pass) * PPM);
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* The smaller of two where 0 stands for none. */
static uint64_t least_given(uint64_t a, uint64_t b)
{
	return !a || (b && b < a) ? b : a;
}

static void add_shape(
	struct impairment *sum, const struct impairment *a, const struct impairment *b)
{
	const struct impairment *wider = b->jitter_ns > a->jitter_ns ? b : a;

	sum->delay_ns = a->delay_ns + b->delay_ns;
	sum->jitter_ns = (uint64_t)llround(hypot((double)a->jitter_ns, (double)b->jitter_ns));
	sum->distribution = wider->distribution;
	memcpy(sum->quantiles, wider->quantiles, sizeof(sum->quantiles));
	sum->reorder = a->reorder || b->reorder;
	sum->overtake_ppm = either(a->overtake_ppm, b->overtake_ppm);
	sum->overtake_gap = max_u64(a->overtake_gap, b->overtake_gap);
	if (sum->overtake_gap > 1 && sum->overtake_ppm * sum->overtake_gap > (uint64_t)PPM)
		sum->overtake_ppm = (uint64_t)PPM / sum->overtake_gap;
}

static void copy_four(struct impairment *sum, const struct impairment *from)
{
	sum->loss_p13_ppm = from->loss_p13_ppm;
	sum->loss_p31_ppm = from->loss_p31_ppm;
	sum->loss_p32_ppm = from->loss_p32_ppm;
	sum->loss_p23_ppm = from->loss_p23_ppm;
	sum->loss_p14_ppm = from->loss_p14_ppm;
}

static void add_loss(struct impairment *sum, const struct impairment *a, const struct impairment *b)
{
	double ma = a->cut ? 0 : loss_mean(a), mb = b->cut ? 0 : loss_mean(b);
	double ba = ma > 0 ? loss_mean_burst(a) : 0, bb = mb > 0 ? loss_mean_burst(b) : 0;

	sum->ecn = a->ecn || b->ecn;
	if (mb <= 0 && loss_has_four_states(a)) {
		copy_four(sum, a);
	} else if (ma <= 0 && loss_has_four_states(b)) {
		copy_four(sum, b);
	} else {
		sum->loss_ppm = (uint64_t)llround((1 - (1 - ma) * (1 - mb)) * PPM);
		sum->loss_burst = (uint64_t)llround(fmax(ba, bb));
	}
}

static void add_queue(
	struct impairment *sum, const struct impairment *a, const struct impairment *b)
{
	const struct impairment *slower =
		least_given(a->rate_bps, b->rate_bps) == a->rate_bps ? a : b;
	const struct impairment *rarer = b->slot_max_ns > a->slot_max_ns ? b : a;

	sum->rate_bps = slower->rate_bps;
	sum->rate_overhead = slower->rate_overhead;
	sum->rate_cell = slower->rate_cell;
	sum->rate_cell_overhead = slower->rate_cell_overhead;
	sum->slot_min_ns = rarer->slot_min_ns;
	sum->slot_max_ns = rarer->slot_max_ns;
	sum->slot_packets = rarer->slot_packets;
	sum->slot_bytes = rarer->slot_bytes;
	sum->limit = least_given(a->limit, b->limit);
}

/* Canonical, but what overtakes packets may do so in the delay of the other. */
static struct impairment addend(const struct impairment *imp)
{
	struct impairment own = *imp, out;

	if (!own.delay_ns)
		own.delay_ns = 1;
	out = impairment_canonical(&own);
	if (!imp->delay_ns)
		out.delay_ns = 0;
	return out;
}

struct impairment impairment_add(const struct impairment *a, const struct impairment *b)
{
	struct impairment ca = addend(a), cb = addend(b);
	struct impairment sum = {.cut = ca.cut || cb.cut};

	if (!ca.cut || !cb.cut)
		sum.reject = ca.reject | cb.reject; /* only the one that is cut has it */
	else if (ca.reject == cb.reject)
		sum.reject = ca.reject;
	add_shape(&sum, &ca, &cb);
	add_loss(&sum, &ca, &cb);
	add_queue(&sum, &ca, &cb);
	sum.duplicate_ppm = either(ca.duplicate_ppm, cb.duplicate_ppm);
	sum.corrupt_ppm = either(ca.corrupt_ppm, cb.corrupt_ppm);
	return sum;
}
