#include "chaos/engines/tc_netem.h"
#include "chaos/engines/distribution.h"
#include "chaos/loss.h"

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <math.h>
#include <string.h>

/* netem keeps packets in order only under a rate. This one, above what a scenario can ask for, stands
 * for "in order, no rate": 12 ns for a full frame. */
#define ORDER_BYTES_PER_S UINT64_C(125000000001)

/*
 * How many packets a leaf holds. The default of 1000 caps a 100 ms link at 120 Mbit/s. Without a
 * rate: what 10 Gbit/s of full frames, or 1 M small packets a second, put under way, so that overflow
 * (which netem counts as loss) cannot come. With a rate: what is under way at 256 bytes a packet,
 * and the queue of full frames in front of it; there a sender that does not slow down overflows it.
 */
static uint32_t limit_of(const struct impairment *imp)
{
	double seconds = (double)(imp->delay_ns + 4 * imp->jitter_ns + imp->slot_max_ns) / 1e9;
	double packets = 10000 + seconds * 1e6;

	if (imp->rate_bps)
		packets = seconds * (double)imp->rate_bps / 8 / 256 +
			(double)impairment_queue_bytes(imp) / 1514 + 1;
	return (uint32_t)fmin(packets, 4e6);
}

static uint32_t share32(double share)
{
	return (uint32_t)llround(fmin(share, 1) * UINT32_MAX);
}

static double unit_of(uint32_t v)
{
	return (double)v / UINT32_MAX;
}

/* Both absent goes back to the independent loss of the fixed part. */
static void put_loss(struct netlink *nl, const struct impairment *imp)
{
	struct loss_chain chain = loss_chain_of(imp);
	struct tc_netem_gemodel two = {
		.p = share32(chain.two.enter), .r = share32(chain.two.leave)};
	struct tc_netem_gimodel four = {.p13 = share32(chain.p13),
		.p31 = share32(chain.p31),
		.p32 = share32(chain.p32),
		.p14 = share32(chain.p14),
		.p23 = share32(chain.p23)};

	if (!imp->loss_burst && !chain.four)
		return;
	netlink_nest_begin(nl, TCA_NETEM_LOSS);
	if (chain.four)
		netlink_put(nl, NETEM_LOSS_GI, &four, sizeof(four));
	else
		netlink_put(nl, NETEM_LOSS_GE, &two, sizeof(two));
	netlink_nest_end(nl);
}

static void put_rate(struct netlink *nl, const struct impairment *imp)
{
	bool in_order = imp->jitter_ns && !imp->reorder;
	uint64_t bytes_per_s = imp->rate_bps ? (imp->rate_bps + 7) / 8
		: in_order                   ? ORDER_BYTES_PER_S
					     : 0;
	struct tc_netem_rate rate = {.rate = (uint32_t)bytes_per_s,
		.packet_overhead = (int32_t)imp->rate_overhead,
		.cell_size = (uint32_t)imp->rate_cell,
		.cell_overhead = (int32_t)imp->rate_cell_overhead};

	if (bytes_per_s > UINT32_MAX) {
		netlink_put_u64(nl, TCA_NETEM_RATE64, bytes_per_s);
		rate.rate = UINT32_MAX;
	}
	netlink_put(nl, TCA_NETEM_RATE, &rate, sizeof(rate));
}

/* After a packet that was let ahead netem delays gap - 1 others, then draws for each: one in
 * gap - 1 + 1/q on average, which shall be the stated share. */
static uint32_t overtake_chance(const struct impairment *imp)
{
	double gap = imp->overtake_gap ? (double)imp->overtake_gap : 1;
	double mean = 1e6 / (double)imp->overtake_ppm - (gap - 1);

	return imp->overtake_ppm ? share32(mean > 1 ? 1 / mean : 1) : 0;
}

static struct tc_netem_qopt qopt_of(const struct impairment *imp)
{
	struct tc_netem_qopt qopt = {.limit = imp->limit ? (uint32_t)imp->limit : limit_of(imp),
		.duplicate = share32((double)imp->duplicate_ppm / 1e6)};

	if (imp->cut)
		qopt.loss = UINT32_MAX;
	else if (!imp->loss_burst)
		qopt.loss = share32((double)imp->loss_ppm / 1e6);
	if (imp->overtake_ppm)
		qopt.gap = imp->overtake_gap ? (uint32_t)imp->overtake_gap : 1;
	return qopt;
}

static void put_distribution(struct netlink *nl, const struct impairment *imp)
{
	int16_t table[DISTRIBUTION_POINTS];

	if (!imp->jitter_ns)
		return;
	distribution_fill(imp, table);
	netlink_put(nl, TCA_NETEM_DELAY_DIST, table, sizeof(table));
}

void tc_netem_put(struct netlink *nl, const struct impairment *asked)
{
	struct impairment imp = impairment_canonical(asked);
	struct tc_netem_qopt qopt = qopt_of(&imp);
	struct tc_netem_corr corr = {0};
	struct tc_netem_reorder reorder = {.probability = overtake_chance(&imp)};
	struct tc_netem_corrupt corrupt = {.probability = share32((double)imp.corrupt_ppm / 1e6)};
	struct tc_netem_slot slot = {.min_delay = (int64_t)imp.slot_min_ns,
		.max_delay = (int64_t)imp.slot_max_ns,
		.max_packets = (int32_t)imp.slot_packets,
		.max_bytes = (int32_t)imp.slot_bytes};

	netlink_put_str(nl, TCA_KIND, "netem");
	netlink_nest_begin(nl, TCA_OPTIONS);
	netlink_put_raw(nl, &qopt, sizeof(qopt));
	netlink_put(nl, TCA_NETEM_CORR, &corr, sizeof(corr));
	netlink_put(nl, TCA_NETEM_REORDER, &reorder, sizeof(reorder));
	netlink_put(nl, TCA_NETEM_CORRUPT, &corrupt, sizeof(corrupt));
	netlink_put(nl, TCA_NETEM_SLOT, &slot, sizeof(slot));
	netlink_put_u32(nl, TCA_NETEM_ECN, imp.ecn);
	netlink_put_u64(nl, TCA_NETEM_LATENCY64, imp.delay_ns);
	netlink_put_u64(nl, TCA_NETEM_JITTER64, imp.jitter_ns);
	put_loss(nl, &imp);
	put_rate(nl, &imp);
	put_distribution(nl, &imp);
	netlink_nest_end(nl);
}

/* --- reading back ------------------------------------------------------------------------------- */

void tc_netem_copy(void *to, size_t size, struct netlink_attr attr)
{
	memset(to, 0, size);
	if (attr.data)
		memcpy(to, attr.data, attr.len < size ? attr.len : size);
}

static uint64_t ppm_of(uint32_t v)
{
	return (uint64_t)llround(unit_of(v) * 1e6);
}

static struct netlink_attr option(struct netlink_attr options, int attr)
{
	return netlink_find(options, sizeof(struct tc_netem_qopt), attr);
}

static void read_four(struct netlink_attr attr, struct impairment *imp)
{
	struct tc_netem_gimodel model;

	tc_netem_copy(&model, sizeof(model), attr);
	imp->loss_p13_ppm = ppm_of(model.p13);
	imp->loss_p31_ppm = ppm_of(model.p31);
	imp->loss_p32_ppm = ppm_of(model.p32);
	imp->loss_p14_ppm = ppm_of(model.p14);
	imp->loss_p23_ppm = ppm_of(model.p23);
}

static void read_loss(
	struct netlink_attr options, const struct tc_netem_qopt *qopt, struct impairment *imp)
{
	struct netlink_attr loss = option(options, TCA_NETEM_LOSS);
	struct netlink_attr four = netlink_find(loss, 0, NETEM_LOSS_GI);
	struct netlink_attr two = netlink_find(loss, 0, NETEM_LOSS_GE);
	struct tc_netem_gemodel model;

	imp->ecn = netlink_attr_u32(option(options, TCA_NETEM_ECN));
	if (four.data) {
		read_four(four, imp);
	} else if (two.data) {
		tc_netem_copy(&model, sizeof(model), two);
		imp->loss_ppm = (uint64_t)llround(1e6 * model.p / ((double)model.p + model.r));
		imp->loss_burst = (uint64_t)llround(1 / unit_of(model.r));
	} else {
		imp->loss_ppm = ppm_of(qopt->loss);
	}
}

static void read_rate(struct netlink_attr options, struct impairment *imp)
{
	struct netlink_attr wide = option(options, TCA_NETEM_RATE64);
	struct tc_netem_rate rate;
	uint64_t bytes_per_s;

	tc_netem_copy(&rate, sizeof(rate), option(options, TCA_NETEM_RATE));
	bytes_per_s = wide.data ? netlink_attr_u64(wide) : rate.rate;
	imp->reorder = imp->jitter_ns && !bytes_per_s;
	imp->rate_bps = bytes_per_s == ORDER_BYTES_PER_S ? 0 : bytes_per_s * 8;
	imp->rate_overhead = (uint64_t)rate.packet_overhead;
	imp->rate_cell = rate.cell_size;
	imp->rate_cell_overhead = (uint64_t)rate.cell_overhead;
}

static void read_slot(struct netlink_attr options, struct impairment *imp)
{
	struct tc_netem_slot slot;

	tc_netem_copy(&slot, sizeof(slot), option(options, TCA_NETEM_SLOT));
	imp->slot_min_ns = (uint64_t)slot.min_delay;
	imp->slot_max_ns = (uint64_t)slot.max_delay;
	imp->slot_packets = slot.max_packets == INT32_MAX ? 0 : (uint64_t)slot.max_packets;
	imp->slot_bytes = slot.max_bytes == INT32_MAX ? 0 : (uint64_t)slot.max_bytes;
}

static void read_overtake(
	struct netlink_attr options, const struct tc_netem_qopt *qopt, struct impairment *imp)
{
	struct tc_netem_reorder reorder;
	double chance;

	tc_netem_copy(&reorder, sizeof(reorder), option(options, TCA_NETEM_REORDER));
	chance = unit_of(reorder.probability);
	if (!qopt->gap || chance <= 0)
		return;
	imp->overtake_gap = qopt->gap > 1 ? qopt->gap : 0;
	imp->overtake_ppm = (uint64_t)llround(1e6 / (qopt->gap - 1 + 1 / chance));
}

static bool has_correlation(struct netlink_attr options)
{
	struct tc_netem_corr corr;
	struct tc_netem_reorder reorder;
	struct tc_netem_corrupt corrupt;

	tc_netem_copy(&corr, sizeof(corr), option(options, TCA_NETEM_CORR));
	tc_netem_copy(&reorder, sizeof(reorder), option(options, TCA_NETEM_REORDER));
	tc_netem_copy(&corrupt, sizeof(corrupt), option(options, TCA_NETEM_CORRUPT));
	return corr.delay_corr || corr.loss_corr || corr.dup_corr || reorder.correlation ||
		corrupt.correlation;
}

bool tc_netem_read(struct netlink_attr options, struct impairment *out)
{
	struct tc_netem_corrupt corrupt;
	struct tc_netem_qopt qopt;

	tc_netem_copy(&qopt, sizeof(qopt), options);
	tc_netem_copy(&corrupt, sizeof(corrupt), option(options, TCA_NETEM_CORRUPT));
	*out = (struct impairment){
		.delay_ns = netlink_attr_u64(option(options, TCA_NETEM_LATENCY64)),
		.jitter_ns = netlink_attr_u64(option(options, TCA_NETEM_JITTER64)),
		.duplicate_ppm = ppm_of(qopt.duplicate),
		.corrupt_ppm = ppm_of(corrupt.probability),
	};
	read_loss(options, &qopt, out);
	read_rate(options, out);
	read_slot(options, out);
	read_overtake(options, &qopt, out);
	if (qopt.loss == UINT32_MAX && !out->ecn)
		*out = (struct impairment){.cut = 1};
	if (qopt.limit != limit_of(out))
		out->limit = qopt.limit;
	return !has_correlation(options);
}

void tc_netem_complete(struct impairment *has, const struct impairment *asked)
{
	if (!has->jitter_ns)
		return;
	has->distribution = asked->distribution;
	memcpy(has->quantiles, asked->quantiles, sizeof(has->quantiles));
}
