/* pack_table: claimed, measured, how sure, verdict. */
#include "fixtures/base/buf.h"
#include "reports/result.h"
#include "suites/judge/stat.h"
#include "suites/pack.h"
#include "suites/run/trials.h"

#include <string.h>

static enum verdict verdict_of(const struct trial_sum *sum, uint64_t needed)
{
	if (sum->broken)
		return VERDICT_FAIL;
	if (!sum->held && sum->voided == sum->silent && sum->voided)
		return VERDICT_VOID;
	return sum->held >= needed ? VERDICT_PASS : VERDICT_INCONCLUSIVE;
}

static const char *interval(struct arena *arena, const struct trial_sum *sum, uint64_t needed)
{
	unsigned n = sum->held + sum->broken;
	struct buf out = {0};
	const char *text;

	buf_printf(&out, "%u of %u trials held", sum->held, n);
	if (n < needed && !sum->broken)
		buf_printf(&out, ", %llu are needed", (unsigned long long)needed);
	if (sum->silent)
		buf_printf(&out, ", %u without a verdict", sum->silent);
	if (n)
		buf_printf(&out, "; at 95 %% at most %.3g %% of runs break it",
			100 * stat_share_upper(sum->broken, n, 0.95));
	text = arena_strdup(arena, buf_str(&out));
	buf_release(&out);
	return text;
}

const struct result_claim *pack_claims(struct arena *arena, const struct pack *pack,
	const struct trials *trials, const char *system, size_t *n)
{
	struct result_claim *rows = arena_array(arena, pack->n_claims + 1, sizeof(*rows));

	for (*n = 0; *n < pack->n_claims; ++*n) {
		const struct pack_claim *claim = &pack->claims[*n];
		struct trial_sum sum = trials_sum(trials, *n);

		rows[*n] = (struct result_claim){.product = pack->product,
			.system = system,
			.claim = claim->claim,
			.source = claim->source,
			.date = claim->date,
			.claimed = claim->expect,
			.measured = sum.worst ? arena_strdup(arena, sum.worst) : "-",
			.interval = interval(arena, &sum, claim->trials),
			.verdict = verdict_of(&sum, claim->trials)};
	}
	return rows;
}

int pack_exit(const struct result_claim *claims, size_t n)
{
	int code = EXIT_OK;

	for (size_t i = 0; i < n; i++)
		code = verdict_worse_exit(code, verdict_exit(claims[i].verdict));
	return code;
}
