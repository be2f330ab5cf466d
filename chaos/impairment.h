/*
 * impairment: what one directed link does to packets. Plain data, no behaviour of the kernel.
 *
 * A link always carries one complete impairment; "neutral" is all zeros. Both engines take the
 * whole of it with every change (a netem change leaves out nothing: attributes that are not sent
 * would stay, see network(7) tc-netem and net/sched/sch_netem.c).
 *
 * Loss is stated as the mean share lost and the mean length of a burst of losses, or as the five
 * probabilities of a four-state chain (chaos/loss.h). netem's own "correlation" is never used:
 * asking it for 1 % with 25 % delivers next to nothing.
 *
 * In what order a packet meets them: loss (or an ECN mark in its place), duplication, corruption,
 * the limit of the queue, overtaking, delay with jitter, its turn behind the packet before (rate),
 * slots. Duplicates have a delay of their own.
 */
#ifndef CHAOS_IMPAIRMENT_H
#define CHAOS_IMPAIRMENT_H

#include "fixtures/base/param.h"

#include <stdbool.h>
#include <stdint.h>

struct buf;

enum distribution {
	DISTRIBUTION_UNIFORM,
	DISTRIBUTION_NORMAL,
	DISTRIBUTION_PARETO,
	DISTRIBUTION_PARETONORMAL,
	DISTRIBUTION_TABLE /* measured: the impairment carries its quantiles */
};

/* A cut is silent, or refuses: as a firewall does that answers in place of the target. */
enum reject {
	REJECT_NONE,
	REJECT_RST, /* TCP gets a RST, all else as ICMP */
	REJECT_ICMP /* "administratively prohibited" */
};

/* Quantiles of a measured distribution: distance from its mean in jitter_ns, by
 * 1/IMPAIRMENT_QUANTILE_SCALE, at the probabilities of impairment_quantile_at[]; dense in the tail, where incidents are. */
#define IMPAIRMENT_QUANTILES 32
#define IMPAIRMENT_QUANTILE_SCALE 8192
extern const double impairment_quantile_at[IMPAIRMENT_QUANTILES];

/* All fields are uint64_t but the last, whose size is a multiple: no padding, memcmp compares. */
struct impairment {
	uint64_t delay_ns;
	/* Standard deviation; for uniform half the width; of a table the unit of its quantiles, which
	 * is more than the deviation where a tail is long. At most 2 s (netem). */
	uint64_t jitter_ns;
	uint64_t distribution; /* enum distribution, of the jitter */
	uint64_t reorder; /* 0: packets keep their order under jitter (default); 1: they may not */
	uint64_t
		overtake_ppm; /* share that is sent at once, before those that wait for their delay */
	uint64_t overtake_gap; /* at least so many packets from one to the next; 0 or 1: any */
	uint64_t loss_ppm;     /* mean share lost */
	uint64_t loss_burst;   /* mean burst length in packets; 0 or 1: independent */
	/* Four states instead of mean and burst, where p13 or p14 is not 0: see chaos/loss.h. */
	uint64_t loss_p13_ppm, loss_p31_ppm, loss_p32_ppm, loss_p23_ppm, loss_p14_ppm;
	uint64_t ecn; /* 1: ECN-capable packets are marked where others are lost */
	uint64_t duplicate_ppm;
	uint64_t corrupt_ppm; /* one bit flipped; the checksum is wrong afterwards */
	uint64_t rate_bps;    /* 0: unlimited */
	/* What the rate counts beside the frame: per packet; in cells of so many bytes, each with so
	 * many more (ATM: 48 and 5). */
	uint64_t rate_overhead, rate_cell, rate_cell_overhead;
	/* Packets leave in slots, the next one a uniform time from slot_min_ns to slot_max_ns later,
	 * with at most so many packets and bytes in each (0: any number). */
	uint64_t slot_min_ns, slot_max_ns, slot_packets, slot_bytes;
	uint64_t limit;  /* packets that may wait in the link; 0: computed */
	uint64_t cut;    /* 1: nothing passes (partition); ARP and neighbour discovery still do */
	uint64_t reject; /* enum reject: what a cut answers */
	int16_t quantiles[IMPAIRMENT_QUANTILES]; /* of DISTRIBUTION_TABLE, else 0 */
};

/* The rows of a link's parameters; the fields are those of struct impairment. "rtt" is not a row:
 * the scenario halves it into two delays. Tables come from files: the scenario reads them. */
extern const struct param impairment_params[];

/* What single rows cannot see: parameters that need or exclude each other. */
int impairment_check(const struct impairment *imp, struct err *err);

/*
 * The same behaviour in its one way of writing: a cut link has nothing else, loss of 100 % is a cut,
 * bursts without loss and a distribution without jitter are nothing, a link with a rate keeps its
 * packets in order, a gap alone lets one in so many overtake. Engines set this form, read_back
 * returns it.
 */
struct impairment impairment_canonical(const struct impairment *imp);
/* All compare canonical forms. */
bool impairment_is_neutral(const struct impairment *imp);
bool impairment_equal(const struct impairment *a, const struct impairment *b);
/* Equal but for what a kernel rounds: times by a tick, shares by 1 ppm, rates by a byte a second. */
bool impairment_is_kept(const struct impairment *asked, const struct impairment *has);
/* True where single packets matter (loss, rate, ...), so that segmentation offload must be off. */
bool impairment_needs_segments(const struct impairment *imp);
/* Half of what lies between the 16th and the 84th percentile of the jitter: its deviation, if it is
 * normal, and what a sample of delays is compared with in any case. */
double impairment_spread_ns(const struct impairment *imp);

/*
 * What overlapping impairments on one link add up to. Said in one place, `plan` prints it:
 * delays add; jitters add as variances, and the shape is that of the wider one; "reorder" and "ecn"
 * hold if either has them; losses, duplicates, corruption and overtaking combine as independent
 * causes, 1 - (1-a)(1-b), losses with the longer burst (a four-state chain beside another loss goes
 * on as its mean and burst); of two gaps, rates, slots or limits the tighter one holds, whole with
 * what belongs to it; cut wins over everything, and a silent one over one that refuses.
 */
struct impairment impairment_add(const struct impairment *a, const struct impairment *b);
extern const char impairment_add_rule[]; /* the same for the console */

/* A share of it, in parts per million, for faults that grow: of delay, jitter and mean loss. */
struct impairment impairment_scale(const struct impairment *imp, uint64_t share_ppm);

/* What may wait in front of a link with a rate, in bytes of frames, beyond what its delay holds: 200
 * ms of the rate, at least 30 full frames. More than that is overflow, not loss. */
uint64_t impairment_queue_bytes(const struct impairment *imp);
/* Time on the wire of a frame of that length; 0 without a rate. */
uint64_t impairment_wire_ns(const struct impairment *imp, uint64_t bytes);

/* "delay 40ms, jitter 2ms normal, loss 1% in bursts of 4", or "neutral". */
void impairment_print(struct buf *out, const struct impairment *imp);

#endif
