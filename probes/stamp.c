#include "probes/stamp.h"
#include "fixtures/base/clock.h"

void stamp_measure(struct stamp *stamp)
{
	uint64_t before = clock_now_ns(), real = clock_wall_ns(), after = clock_now_ns();

	stamp->previous_offset_ns = stamp->offset_ns;
	stamp->previous_now_ns = stamp->now_ns;
	stamp->offset_ns = (int64_t)(real - (before + (after - before) / 2));
	stamp->now_ns = after;
}

void stamp_init(struct stamp *stamp, uint64_t hold_ns)
{
	stamp->hold_ns = hold_ns;
	stamp_measure(stamp);
	stamp_measure(stamp);
}

static int is_in_batch(const struct stamp *stamp, uint64_t at_ns)
{
	return at_ns <= stamp->now_ns + stamp->hold_ns &&
		at_ns + stamp->hold_ns >= stamp->previous_now_ns;
}

uint64_t stamp_convert(const struct stamp *stamp, uint64_t realtime_ns)
{
	uint64_t at_ns = realtime_ns - (uint64_t)stamp->offset_ns;
	uint64_t other_ns = realtime_ns - (uint64_t)stamp->previous_offset_ns;

	if (is_in_batch(stamp, at_ns))
		return at_ns;
	return is_in_batch(stamp, other_ns) ? other_ns : stamp->now_ns;
}
