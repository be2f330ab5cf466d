/*
 * impairment: what one directed link does to packets. Plain data, no behaviour of the kernel.
 *
 * A link always carries one complete impairment; "neutral" is all zeros. Both engines take the
 * whole of it with every change (a netem change leaves out nothing: attributes that are not sent
 * would stay, see network(7) tc-netem and net/sched/sch_netem.c).
 *
 * Loss is stated as the mean share lost and the mean length of a burst of losses. It is compiled
 * to the two-state Gilbert-Elliott chain, where leaving the bad state has probability r = 1/burst
 * and entering it p = mean * r / (1 - mean), so both figures are exact. netem's own "correlation"
 * is never used: asking it for 1 % with 25 % delivers next to nothing.
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
	DISTRIBUTION_PARETONORMAL
};

struct impairment {
	uint64_t delay_ns;
	uint64_t
		jitter_ns; /* standard deviation; for uniform half the width; at most 2 s (netem) */
	uint64_t distribution; /* enum distribution, of the jitter */
	uint64_t reorder;  /* 0: packets keep their order under jitter (default); 1: they may not */
	uint64_t loss_ppm; /* mean share lost */
	uint64_t loss_burst; /* mean burst length in packets; 0 or 1: independent */
	uint64_t rate_bps;   /* 0: unlimited */
	uint64_t cut; /* 1: nothing passes (partition); ARP and neighbour discovery still do */
};

/* The rows of a link's parameters; the fields are those of struct impairment. "rtt" is not a row:
 * the scenario halves it into two delays. */
extern const struct param impairment_params[];

/*
 * The same behaviour in its one way of writing: a cut link has nothing else, loss of 100 % is a cut,
 * bursts without loss and a distribution without jitter are nothing, and a link with a rate keeps
 * its packets in order. Engines set this form, read_back returns it.
 */
struct impairment impairment_canonical(const struct impairment *imp);
/* Both compare canonical forms. */
bool impairment_is_neutral(const struct impairment *imp);
bool impairment_equal(const struct impairment *a, const struct impairment *b);
/* True where single packets matter (loss, rate, ...), so that segmentation offload must be off. */
bool impairment_needs_segments(const struct impairment *imp);

/*
 * What overlapping impairments on one link add up to: delays add; jitters add as variances; the
 * wider distribution and "reorder" win; losses combine as independent causes, 1 - (1-a)(1-b), with
 * the longer burst; the lower rate holds; cut wins over everything.
 */
struct impairment impairment_add(const struct impairment *a, const struct impairment *b);

/* The chain of Gilbert and Elliott for the stated loss: probability of entering and of leaving the
 * state in which every packet is lost. burst 1 means independent loss: p = mean, r = 1 - mean. So
 * high a mean that it needs longer bursts than stated (mean > burst / (burst + 1)) gets them. */
struct gilbert {
	double enter, leave;
};
struct gilbert impairment_gilbert(const struct impairment *imp);

/* What may wait in front of a link with a rate, in bytes of frames, beyond what its delay holds: 200
 * ms of the rate, at least 30 full frames. More than that is overflow, not loss. */
uint64_t impairment_queue_bytes(const struct impairment *imp);

/* "delay 40ms, jitter 2ms normal, loss 1% in bursts of 4", or "neutral". */
void impairment_print(struct buf *out, const struct impairment *imp);

#endif
