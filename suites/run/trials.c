#include "suites/run/trials.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/rng.h"
#include "suites/judge/stat.h"

#include <math.h>
#include <string.h>

struct trial_row {
	const char *id, *wanted;
	unsigned verdicts[VERDICTS];
	double quantile, confidence; /* of a claim judged here; confidence 0: none */
	double worst;                /* largest value seen, in the metric's base unit */
	const char *worst_text;
};

uint64_t trials_seed(uint64_t seed, unsigned trial)
{
	return trial ? rng_at(seed, rng_derive(seed, "trial"), trial) >> 32
		     : seed; /* short to type */
}

static double quantile_of(enum metric_stat stat)
{
	switch (stat) {
	case STAT_P50:
		return 0.5;
	case STAT_P90:
		return 0.9;
	case STAT_P99:
		return 0.99;
	case STAT_P999:
		return 0.999;
	default:
		return 0.95;
	}
}

static void begin(struct trials *trials, const struct plan *plan, const struct result *result)
{
	trials->scenario = arena_strdup(&trials->arena, plan->name);
	trials->n_rows = result->n_expects;
	trials->rows = arena_array(&trials->arena, result->n_expects + 1, sizeof(*trials->rows));
	for (size_t i = 0; i < result->n_expects; i++) {
		struct trial_row *row = &trials->rows[i];

		row->id = arena_strdup(&trials->arena, result->expects[i].id);
		row->wanted = arena_strdup(&trials->arena, result->expects[i].wanted);
		row->worst = -INFINITY;
		if (i < plan->n_expects && plan_claim_is_of_runs(plan, &plan->expects[i])) {
			row->quantile = quantile_of(plan->expects[i].stat);
			row->confidence = plan->expects[i].confidence;
		}
	}
}

void trials_add(struct trials *trials, const struct plan *plan, const struct result *result)
{
	if (!trials->rows)
		begin(trials, plan, result);
	trials->n++;
	for (size_t i = 0; i < trials->n_rows && i < result->n_expects; i++) {
		const struct result_expect *expect = &result->expects[i];
		struct trial_row *row = &trials->rows[i];

		row->verdicts[expect->verdict]++;
		if (expect->has_got && expect->got_value > row->worst) {
			row->worst = expect->got_value;
			row->worst_text = arena_strdup(&trials->arena, expect->got);
		}
	}
}

/* Trials without a verdict are no trials: they neither hold nor break. */
static enum verdict judge_claim(const struct trial_row *row, unsigned held, unsigned broken)
{
	uint64_t needed = stat_samples_needed(row->quantile, broken, row->confidence);

	if (needed && held + broken >= needed)
		return VERDICT_PASS;
	/* Broken so often that even the best case leaves the quantile beyond the bound. */
	if (broken && stat_share_lower(broken, held + broken, row->confidence) > 1 - row->quantile)
		return VERDICT_FAIL;
	return VERDICT_INCONCLUSIVE;
}

struct trial_sum trials_sum(const struct trials *trials, size_t expect)
{
	const struct trial_row *row;
	struct trial_sum sum = {0};

	if (expect >= trials->n_rows)
		return sum;
	row = &trials->rows[expect];
	sum.held = row->verdicts[VERDICT_PASS] + row->verdicts[VERDICT_WARN];
	sum.broken = row->verdicts[VERDICT_FAIL];
	sum.voided = row->verdicts[VERDICT_VOID];
	sum.silent =
		row->verdicts[VERDICT_INCONCLUSIVE] + sum.voided + row->verdicts[VERDICT_ERROR];
	sum.worst = row->worst_text;
	return sum;
}

static int print_row(const struct trial_row *row, struct buf *out)
{
	unsigned held = row->verdicts[VERDICT_PASS] + row->verdicts[VERDICT_WARN];
	unsigned broken = row->verdicts[VERDICT_FAIL];
	unsigned silent = row->verdicts[VERDICT_INCONCLUSIVE] + row->verdicts[VERDICT_VOID] +
		row->verdicts[VERDICT_ERROR];
	enum verdict claim = VERDICT_PASS;

	buf_printf(out, "  %s  %u of %u held %s", row->id, held, held + broken, row->wanted);
	if (row->worst_text)
		buf_printf(out, ", most %s", row->worst_text);
	if (silent)
		buf_printf(out, ", %u without a verdict", silent);
	if (held + broken)
		buf_printf(out, "; at 95 %% at most %.3g %% of runs break it",
			100 * stat_share_upper(broken, held + broken, 0.95));
	if (row->confidence > 0) {
		claim = judge_claim(row, held, broken);
		buf_printf(out, "; claim p%.15g at %.15g %%: %s (%llu trials needed)",
			row->quantile * 100, row->confidence * 100, verdict_name(claim),
			(unsigned long long)stat_samples_needed(
				row->quantile, broken, row->confidence));
	}
	buf_addc(out, '\n');
	return verdict_exit(claim);
}

int trials_print(const struct trials *trials, struct buf *out)
{
	int code = EXIT_OK;

	buf_printf(out, "%u trials of %s, each on a fresh system\n", trials->n,
		trials->scenario ? trials->scenario : "nothing");
	for (size_t i = 0; i < trials->n_rows; i++)
		code = verdict_worse_exit(code, print_row(&trials->rows[i], out));
	return code;
}

void trials_release(struct trials *trials)
{
	arena_release(&trials->arena);
	*trials = (struct trials){0};
}
