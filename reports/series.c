#include "reports/series.h"

#include <assert.h>

double series_share(size_t i)
{
	static const double tail[] = {0.99, 0.999, 1};

	return i < SERIES_SHARES - 3 ? (double)i / 50 : tail[i - (SERIES_SHARES - 3)];
}

const char *series_mark_name(unsigned kind)
{
	static const char *const names[] = {
		[MARK_CUT] = "cut",
		[MARK_LAST_ACK] = "last ack",
		[MARK_DETECT] = "detect",
		[MARK_PROMOTE] = "promote",
		[MARK_FIRST_SUCCESS] = "first success",
		[MARK_HEAL] = "heal",
		[MARK_GONE] = "gone",
		[MARK_CONVERGED] = "converged",
	};
	static_assert(sizeof(names) / sizeof(*names) == MARKS, "a word per mark");

	return kind < MARKS ? names[kind] : NULL;
}

static const struct {
	const char *text;
	uint64_t most_ns;
} age_bounds[SERIES_AGES] = {{"0.0", 0}, {"0.01", 10000000}, {"0.05", 50000000}, {"0.1", 100000000},
	{"0.25", 250000000}, {"0.5", 500000000}, {"1.0", 1000000000}, {"2.5", 2500000000},
	{"5.0", 5000000000}, {"10.0", 10000000000}, {"30.0", 30000000000}, {"+Inf", UINT64_MAX}};

const char *series_age_bound(unsigned i)
{
	return age_bounds[i].text;
}

unsigned series_age_place(uint64_t age_ns)
{
	unsigned i = 0;

	while (age_ns > age_bounds[i].most_ns)
		i++;
	return i;
}
