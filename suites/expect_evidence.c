#include "suites/expect_trial.h"
#include "suites/expect_text.h"
#include "suites/judge/ops.h"
#include "suites/judge/sensitivity.h"
#include "suites/judge/spoil.h"
#include "suites/judge/stat.h"
#include "suites/judge/view.h"

#include <math.h>

static bool judge_status(struct trial *trial)
{
	const struct measurement *m = &trial->got;

	switch (m->status) {
	case MEASURED_NOTHING:
		return trial_conclude(
			trial, VERDICT_INCONCLUSIVE, m->why ? m->why : "nothing was measured");
	case MEASURED_UNDECIDED:
		return trial_conclude(trial, VERDICT_INCONCLUSIVE, m->why ? m->why : "undecided");
	case MEASURED_CENSORED:
	case MEASURED_VALUE:
		break;
	}
	if (!m->n)
		return trial_conclude(trial, VERDICT_INCONCLUSIVE, "nothing was measured");
	return false;
}

/* Reads and acknowledged writes of sessions in the phase and group, in all regions: `at each region`
 * cuts one line into several, which must not make its evidence smaller. */
static void count_evidence(const struct trial *trial, uint64_t *reads, uint64_t *writes)
{
	struct question question = trial->question;
	struct view view;

	question.region = -1;
	if (question.filter != FILTER_GROUP)
		question.filter = FILTER_ALL;
	view = view_of(trial->evidence, &question);
	*reads = *writes = 0;
	for (uint32_t i = 0; i < view.index->n; i++) {
		const struct op *op = &view.index->ops[i];

		if (op->state != OP_OK || !view_counts(&view, i))
			continue;
		if (op->kind == OP_READ)
			++*reads;
		else
			++*writes;
	}
}

static bool hangs_on_reads(const struct plan_expect *e)
{
	switch (e->metric->id) {
	case METRIC_READ_YOUR_WRITES:
	case METRIC_MONOTONIC_READS:
	case METRIC_MONOTONIC_WRITES:
	case METRIC_WRITES_FOLLOW_READS:
	case METRIC_STALENESS:
	case METRIC_STALENESS_K:
	case METRIC_STALE_UNFLAGGED:
	case METRIC_STALE_FALSE:
	case METRIC_RESURRECTIONS:
	case METRIC_DIRTY_READS:
	case METRIC_THIN_AIR_READS:
	case METRIC_LINEARIZABLE:
	case METRIC_DELTA:
	case METRIC_FALLBACK_SHARE:
	case METRIC_EDGE_AGE:
	case METRIC_EDGE_UNDERSTATED:
	case METRIC_EDGE_OVERRUNS:
	case METRIC_EDGE_PURGE_LAG:
		return true;
	case METRIC_LATENCY:
		return e->filter == FILTER_READS;
	default:
		return false;
	}
}

/* A silence about reads is worth nothing where a false answer of our own went unnoticed. */
/* On its first six occasions it tells one, and then on one of 24. */
#define LIE_OCCASIONS_MAX 60

static bool judge_liar(struct trial *trial)
{
	const struct evidence *e = trial->evidence;

	if (!hangs_on_reads(trial->expect))
		return false;
	if (!e->lies_told && e->lie_occasions > LIE_OCCASIONS_MAX)
		return trial_conclude(trial, VERDICT_INCONCLUSIVE,
			arena_printf(trial->arena,
				"our own liar read %llu times and told no lie: nothing shows that one "
				"would be found",
				(unsigned long long)e->lie_occasions));
	if (e->lies_caught == e->lies_told)
		return false;
	return trial_conclude(trial, VERDICT_INCONCLUSIVE,
		arena_printf(trial->arena,
			"of %llu old answers that our own liar gave, %llu were found: reads are not "
			"judged as they were answered",
			(unsigned long long)e->lies_told, (unsigned long long)e->lies_caught));
}

static bool hangs_on_writes(const struct plan_expect *e)
{
	switch (e->metric->id) {
	case METRIC_WRITES_LOST:
	case METRIC_WRITES_MISSING:
	case METRIC_WRITES_CONFLICT_LOST:
	case METRIC_VERSION_INVERSIONS:
	case METRIC_RPO_WINDOW:
		return true;
	case METRIC_LATENCY:
		return e->filter == FILTER_WRITES;
	default:
		return false;
	}
}

static bool judge_amount(struct trial *trial)
{
	const struct plan_evidence *wanted = &trial->evidence->plan->evidence;
	uint64_t reads = UINT64_MAX, writes = UINT64_MAX;

	if (hangs_on_reads(trial->expect) || hangs_on_writes(trial->expect))
		count_evidence(trial, &reads, &writes);
	if (hangs_on_reads(trial->expect) && reads < wanted->min_reads)
		return trial_conclude(trial, VERDICT_INCONCLUSIVE,
			arena_printf(trial->arena, "%llu reads, and the evidence asks for %llu",
				(unsigned long long)reads, (unsigned long long)wanted->min_reads));
	if (hangs_on_writes(trial->expect) && writes < wanted->min_acked_writes)
		return trial_conclude(trial, VERDICT_INCONCLUSIVE,
			arena_printf(trial->arena,
				"%llu acknowledged writes, and the evidence asks for %llu",
				(unsigned long long)writes,
				(unsigned long long)wanted->min_acked_writes));
	if (trial->got.n < wanted->min_samples && trial->got.episodes != 1)
		return trial_conclude(trial, VERDICT_INCONCLUSIVE,
			arena_printf(trial->arena, "%llu %s, and the evidence asks for %llu",
				(unsigned long long)trial->got.n,
				trial->got.n_what ? trial->got.n_what : "samples",
				(unsigned long long)wanted->min_samples));
	return false;
}

static bool touches_phase(const struct trial *trial, uint64_t at_ns)
{
	struct view view = view_of(trial->evidence, &trial->question);

	return view.end_ns > at_ns;
}

/* Clients that died, a machine that slept, a user who stopped it. */
static bool judge_accidents(struct trial *trial)
{
	const struct evidence *e = trial->evidence;

	if (e->suspended)
		return trial_conclude(
			trial, VERDICT_INCONCLUSIVE, "the machine was suspended during the run");
	for (size_t i = 0; i < e->n_deaths; i++) {
		const struct death *d = &e->deaths[i];
		const char *who = d->what == DEATH_PROBER ? "prober"
			: d->what == DEATH_BEACON         ? "beacons"
							  : "agent";

		if (d->what == DEATH_NODE || !touches_phase(trial, d->at_ns) ||
			(d->what == DEATH_BEACON && trial->expect->metric->id != METRIC_RTT &&
				trial->expect->metric->id != METRIC_LOSS))
			continue; /* a node is the system's; without beacons certificates say so */
		return trial_conclude(trial, VERDICT_INCONCLUSIVE,
			arena_printf(trial->arena, "the %s of %s ended at %.1f s", who,
				view_region_name(e->plan, d->region), (double)d->at_ns / 1e9));
	}
	if (e->interrupted && touches_phase(trial, e->end_ns))
		return trial_conclude(trial, VERDICT_INCONCLUSIVE, "the run was interrupted");
	if (e->aborted && touches_phase(trial, e->end_ns))
		return trial_conclude(
			trial, VERDICT_INCONCLUSIVE, "the run was aborted by its own condition");
	return false;
}

/* Does the answer change when what overlaps a stall is left out? */
bool trial_hangs_on_stalls(struct trial *trial)
{
	struct measurement again;

	if (!trial->evidence->index->tainted)
		return false;
	trial_measure(trial, true, &again);
	if (again.status == trial->got.status &&
		trial_meets(trial, &again) == trial_meets(trial, &trial->got))
		return false;
	return trial_conclude(trial, VERDICT_INCONCLUSIVE,
		"it hangs on operations that overlap a stall of this machine");
}

/* Three runs at once on two cores have 0.8, and no bound of a quiet run is crossed by them; a load of
 * 30 has 0.97 and more. */
#define PRESSURE_MAX 0.9

bool trial_is_starved(struct trial *trial)
{
	const struct evidence *evidence = trial->evidence;
	struct view view = view_of(evidence, &trial->question);
	double share = pressures_share(&evidence->pressures, view.start_ns, view.end_ns);

	/* That regions never agree, long after all is quiet, is no matter of speed. */
	if (share < PRESSURE_MAX || trial_is_made_of_findings(trial->expect->metric->id) ||
		trial->expect->metric->id == METRIC_CONVERGENCE_TIME)
		return false;
	return trial_conclude(trial, VERDICT_INCONCLUSIVE,
		arena_printf(trial->arena,
			"this machine was short of processors (something waited for one %.0f %% of "
			"the time), which may have been the cause",
			100 * (share < 1 ? share : 1)));
}

#define PLANTS 20

static void add_note(struct trial *trial, const char *note)
{
	trial->out->note = trial->out->note
		? arena_printf(trial->arena, "%s; %s", trial->out->note, note)
		: note;
}

/* Reads older than the bound are found one by one, though a quantile of all is judged. */
static bool has_findings(enum metric_id id)
{
	return trial_is_made_of_findings(id) || id == METRIC_STALENESS ||
		id == METRIC_STALENESS_K || id == METRIC_EDGE_AGE || id == METRIC_EDGE_UNDERSTATED;
}

static bool passes(void *context, const struct measurement *m)
{
	return m->status == MEASURED_VALUE && trial_meets(context, m);
}

/* Worse lies on the other side of the bound: what is high is bad, but for these. */
static bool can_get_worse(const struct plan_expect *e)
{
	bool high_is_good = e->metric->id == METRIC_AVAILABILITY ||
		e->metric->id == METRIC_GOODPUT || e->metric->id == METRIC_NEAREST_SHARE;

	switch (e->compare) {
	case COMPARE_LT:
	case COMPARE_LE:
		return !high_is_good;
	case COMPARE_GE:
	case COMPARE_GT:
		return high_is_good;
	case COMPARE_EQ:
		return !high_is_good && e->value == 0; /* nothing lies below */
	case COMPARE_NE:
		return false;
	}
	return false;
}

/* What passes by its findings was heard: more of them, planted where what is there may be one already,
 * would prove nothing. */
static bool passes_by_findings(const struct plan_expect *e)
{
	return e->compare == COMPARE_GT || e->compare == COMPARE_GE ||
		(e->compare == COMPARE_NE && e->value == 0);
}

/* A measured value that no amount of bad operations would move proves nothing. */
static bool is_blind(struct trial *trial)
{
	struct spoiled s;

	if (!can_get_worse(trial->expect))
		return false;
	spoil_measure(
		trial->evidence, &trial->question, trial->evidence->plan->seed, passes, trial, &s);
	if (!s.possible)
		return false;
	if (!s.noticed)
		return trial_conclude(trial, VERDICT_INCONCLUSIVE,
			arena_printf(trial->arena,
				"it holds even with all of %llu operations spoiled",
				(unsigned long long)s.of));
	add_note(trial,
		arena_printf(trial->arena, "would not pass with %llu of %llu operations spoiled",
			(unsigned long long)s.needed, (unsigned long long)s.of));
	return false;
}

/* A silence is worth something only where the checker would have spoken. */
bool trial_is_deaf(struct trial *trial)
{
	const struct checker_ops *checker = checker_find(trial->expect->metric->checker);
	struct sensitivity s = {0};
	const char *found;

	if (!checker->plant || !has_findings(trial->expect->metric->id))
		return checker_spoils(checker) && is_blind(trial);
	if (passes_by_findings(trial->expect))
		return false;
	sensitivity_measure(
		trial->evidence, &trial->question, PLANTS, trial->evidence->plan->seed, &s);
	if (!s.possible) {
		add_note(trial,
			"no violation that we plant fits in here: the checker was not tried");
		return false;
	}
	if (s.found < s.planted)
		return trial_conclude(trial, VERDICT_INCONCLUSIVE,
			arena_printf(trial->arena, "only %u of %u planted violations were found",
				s.found, s.planted));
	found = s.smallest_ns
		? arena_printf(trial->arena, "planted violations of %s or more: %u of %u found",
			  expect_text_value(trial->arena, PARAM_DURATION, (double)s.smallest_ns),
			  s.found, s.planted)
		: arena_printf(
			  trial->arena, "planted violations: %u of %u found", s.found, s.planted);
	add_note(trial, found);
	return false;
}

/* A claim about the population: needs independent episodes, and the whole interval on one side. */
static bool judge_claim(struct trial *trial)
{
	const struct measurement *m = &trial->got;
	const struct plan_expect *e = trial->expect;
	double percent = e->confidence * 100;

	if (e->confidence <= 0 || plan_claim_is_of_runs(trial->evidence->plan, e))
		return false;
	if (trial_is_made_of_findings(e->metric->id) && m->episodes != 1)
		return trial_conclude(trial, VERDICT_INCONCLUSIVE,
			arena_printf(trial->arena,
				"no number of trials proves a zero; at %g %% the share is at most %.3g %%",
				percent,
				100 *
					stat_share_upper((double)m->total_findings, (double)m->n,
						e->confidence)));
	if (!m->has_interval)
		return trial_conclude(trial, VERDICT_INCONCLUSIVE,
			arena_printf(trial->arena,
				"one episode carries no claim at %g %%: %llu good ones would bound the "
				"share of bad ones by 5 %%",
				percent,
				(unsigned long long)stat_samples_needed(0.95, 0, e->confidence)));
	if (m->episodes < STAT_BLOCKS_MIN)
		return trial_conclude(trial, VERDICT_INCONCLUSIVE,
			arena_printf(trial->arena,
				"%zu independent blocks carry no claim at %g %%; %d are needed",
				m->episodes, percent, STAT_BLOCKS_MIN));
	if (trial_holds(e->compare, m->low, e->value) && trial_holds(e->compare, m->high, e->value))
		return false;
	if (!trial_holds(e->compare, m->low, e->value) &&
		!trial_holds(e->compare, m->high, e->value))
		return trial_conclude(trial, VERDICT_FAIL, NULL);
	return trial_conclude(trial, VERDICT_INCONCLUSIVE,
		arena_printf(trial->arena, "at %g %% it lies between %s and %s", percent,
			expect_text_value(trial->arena, e->metric->unit, m->low),
			isinf(m->high)
				? "more than was seen"
				: expect_text_value(trial->arena, e->metric->unit, m->high)));
}

/* A probe that looks now and then leaves an interval; the bound must not lie in it. */
static bool judge_resolution(struct trial *trial)
{
	const struct measurement *m = &trial->got;
	const struct plan_expect *e = trial->expect;

	if (!m->has_value_low ||
		trial_holds(e->compare, m->value_low, e->value) ==
			trial_holds(e->compare, m->value, e->value))
		return false;
	return trial_conclude(trial, VERDICT_INCONCLUSIVE,
		arena_printf(trial->arena, "the probes saw only that it lies between %s and %s",
			expect_text_value(trial->arena, e->metric->unit, m->value_low),
			expect_text_value(trial->arena, e->metric->unit, m->value)));
}

/* What the clocks' error leaves open is neither a violation nor its absence. */
static bool judge_clocks(struct trial *trial)
{
	struct evidence exact = *trial->evidence;
	struct index same_clock = *trial->evidence->index;
	struct trial again = *trial;
	struct measurement m;

	if (!same_clock.unsure_ns || !trial_is_made_of_findings(trial->expect->metric->id) ||
		!trial_meets(trial, &trial->got))
		return false;
	same_clock.unsure_ns = 0;
	exact.index = &same_clock;
	again.evidence = &exact;
	trial_measure(&again, false, &m);
	if (m.status != MEASURED_VALUE || trial_meets(trial, &m))
		return false;
	return trial_conclude(trial, VERDICT_INCONCLUSIVE,
		arena_printf(trial->arena,
			"%llu possible violations, none of them definite: the clocks may differ by %s",
			(unsigned long long)m.total_findings,
			expect_text_value(trial->arena, PARAM_DURATION,
				(double)trial->evidence->index->unsure_ns)));
}

bool trial_lacks_evidence(struct trial *trial)
{
	return judge_status(trial) || judge_accidents(trial) || judge_liar(trial) ||
		judge_amount(trial);
}

bool trial_cannot_tell(struct trial *trial)
{
	return trial_hangs_on_stalls(trial) || judge_clocks(trial) || judge_claim(trial) ||
		judge_resolution(trial);
}
