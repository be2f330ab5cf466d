#include "suites/judge/share.h"
#include "suites/judge/stat.h"

void share_add(struct arena *arena, struct share *share, bool hit)
{
	*ARENA_PUSH(arena, share->hit, share->n) = hit;
	share->hits += hit;
}

void share_measure(
	const struct share *share, const struct question *question, struct measurement *out)
{
	double tail = (1 - (question->confidence > 0 ? question->confidence : 0.95)) / 2;
	double worth;

	out->n = share->n;
	if (!share->n) {
		out->status = MEASURED_NOTHING;
		return;
	}
	out->status = MEASURED_VALUE;
	if (question->stat == STAT_COUNT) {
		out->value = (double)share->hits;
		return;
	}
	out->value = (double)share->hits / (double)share->n;
	worth = stat_effective_n(share->hit, share->n, &out->episodes);
	out->low = stat_share_lower(out->value * worth, worth, 1 - tail);
	out->high = stat_share_upper(out->value * worth, worth, 1 - tail);
	out->has_interval = true;
}
