/*
 * stamp: the kernel's receive time stamps, brought to the clock of the run.
 *
 * The kernel stamps an arriving packet with CLOCK_REALTIME, however late we read it. That is worth
 * having: the reader may sleep and take packets in batches, and a reader that was held does not
 * lengthen a delay. Everything else is on CLOCK_MONOTONIC, so the offset between the two is
 * measured anew with every batch, bracketed by two readings (error well below 1 us).
 *
 * Between stamp and measurement the real-time clock may have been slewed (at most 500 ppm: 10 us
 * over a batch of 20 ms) or stepped. A step shows as a stamp outside the time between the previous
 * batch and this one; the offset of the previous batch is tried then, and if that fails too the
 * time of reading is used. So a step smaller than a batch can shift the stamps of one batch by its
 * own size, and nothing can shift more than one.
 */
#ifndef PROBES_STAMP_H
#define PROBES_STAMP_H

#include <stdint.h>

struct stamp {
	int64_t offset_ns, previous_offset_ns; /* CLOCK_REALTIME minus CLOCK_MONOTONIC */
	uint64_t now_ns, previous_now_ns;      /* when they were measured */
	uint64_t hold_ns; /* at most so long between stamp, measurement and reading */
};

void stamp_init(struct stamp *stamp, uint64_t hold_ns);
/* To be called once a batch, right before it is read. */
void stamp_measure(struct stamp *stamp);
/* CLOCK_MONOTONIC of a stamp of this batch. */
uint64_t stamp_convert(const struct stamp *stamp, uint64_t realtime_ns);

#endif
