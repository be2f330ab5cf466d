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

void share_of_flag(const struct evidence *evidence, const struct question *question,
	share_counts *counts, uint16_t flag, struct measurement *out)
{
	struct view view = view_of(evidence, question);
	struct share share = {0};
	struct arena scratch = {0};

	for (uint32_t i = 0; i < view.index->n; i++) {
		if (counts(&view, i))
			share_add(&scratch, &share, view.index->ops[i].flags & flag);
	}
	share_measure(&share, question, out);
	arena_release(&scratch);
}
