#include "suites/expect_trial.h"
#include "suites/expect_text.h"
#include "suites/judge/view.h"

bool trial_holds(enum compare compare, double a, double b)
{
	switch (compare) {
	case COMPARE_LT:
		return a < b;
	case COMPARE_LE:
		return a <= b;
	case COMPARE_EQ:
		return a == b;
	case COMPARE_NE:
		return a != b;
	case COMPARE_GE:
		return a >= b;
	case COMPARE_GT:
		return a > b;
	}
	return false;
}

static bool is_upper_bound(enum compare compare)
{
	return compare == COMPARE_LT || compare == COMPARE_LE;
}

static bool is_lower_bound(enum compare compare)
{
	return compare == COMPARE_GT || compare == COMPARE_GE;
}

bool trial_is_made_of_findings(enum metric_id id)
{
	switch (id) {
	case METRIC_READ_YOUR_WRITES:
	case METRIC_MONOTONIC_READS:
	case METRIC_MONOTONIC_WRITES:
	case METRIC_WRITES_FOLLOW_READS:
	case METRIC_STALE_UNFLAGGED:
	case METRIC_STALE_FALSE:
	case METRIC_WRITES_LOST:
	case METRIC_WRITES_MISSING:
	case METRIC_WRITES_DISCARDED_AFTER_CUT:
	case METRIC_RPO_WINDOW:
	case METRIC_RESURRECTIONS:
	case METRIC_DIRTY_READS:
	case METRIC_THIN_AIR_READS:
	case METRIC_LINEARIZABLE:
	case METRIC_DELTA:
	case METRIC_SPLIT_BRAIN_WINDOW:
	case METRIC_DIVERGENCE_KEYS:
	case METRIC_DNS_TTL_VIOLATIONS:
	case METRIC_DNS_OVERSTAY:
	case METRIC_EDGE_OVERRUNS:
	case METRIC_EDGE_REFUSED:
	case METRIC_WRITES_CONFLICT_LOST:
	case METRIC_VERSION_INVERSIONS:
		return true;
	default:
		return false;
	}
}

void trial_measure(struct trial *trial, bool untainted, struct measurement *out)
{
	const struct checker_ops *checker = checker_find(trial->expect->metric->checker);
	struct question question = trial->question;

	*out = (struct measurement){.fault = -1};
	question.untainted = untainted;
	if (!checker)
		measured_nothing(out,
			arena_printf(
				trial->arena, "nothing measures %s", trial->expect->metric->name));
	else
		checker->measure(trial->arena, trial->evidence, &question, out);
}

bool trial_meets(const struct trial *trial, const struct measurement *m)
{
	return trial_holds(trial->expect->compare, m->value, trial->expect->value);
}

bool trial_conclude(struct trial *trial, enum verdict verdict, const char *why)
{
	trial->out->verdict = verdict;
	trial->out->why = why;
	return true;
}

static bool has_untainted_witness(struct trial *trial)
{
	struct measurement again;

	for (size_t i = 0; i < trial->got.n_findings; i++) {
		if (!trial->got.findings[i].tainted)
			return true;
	}
	trial_measure(trial, true, &again);
	return again.status == MEASURED_VALUE && again.total_findings &&
		!trial_meets(trial, &again);
}

/*
 * 0. An answer costs at least one packet. Clients that have sent fewer than they report answers did
 * not ask: their driver makes the answers up, and nothing was tested.
 */
static bool judge_asking(struct trial *trial)
{
	const struct evidence *e = trial->evidence;

	for (unsigned r = 0; e->prober_packets && r < e->plan->n_regions; r++) {
		uint64_t ok = 0;

		for (size_t i = 0; i < e->history.n; i++)
			ok += e->history.ops[i].region == r && e->history.ops[i].state == OP_OK;
		if (ok > e->prober_packets[r])
			return trial_conclude(trial, VERDICT_INCONCLUSIVE,
				arena_printf(trial->arena,
					"the clients of %s report %llu answers and sent %llu packets: "
					"their driver answers without asking",
					view_region_name(e->plan, r), (unsigned long long)ok,
					(unsigned long long)e->prober_packets[r]));
	}
	return false;
}

/* 1. What must not happen was seen to happen. */
static bool judge_definite(struct trial *trial)
{
	const struct measurement *m = &trial->got;

	if (m->status != MEASURED_VALUE || !m->total_findings || trial_meets(trial, m) ||
		(m->has_value_low &&
			trial_holds(trial->expect->compare, m->value_low, trial->expect->value)) ||
		trial->expect->stat == STAT_COUNT ||
		!trial_is_made_of_findings(trial->expect->metric->id) ||
		is_lower_bound(trial->expect->compare) || trial->expect->compare == COMPARE_NE)
		return false;
	if (!has_untainted_witness(trial))
		return trial_conclude(trial, VERDICT_INCONCLUSIVE,
			"every violation found overlaps a stall of this machine");
	return trial_conclude(trial, VERDICT_FAIL, m->findings[0].reason);
}

static bool depends_on(const struct trial *trial, int fault)
{
	const struct plan_expect *e = trial->expect;
	const struct plan_phase *phase =
		e->phase < 0 ? NULL : &trial->evidence->plan->phases[e->phase];

	/* A fault in stages is there as a whole or not at all. */
	if (phase && phase->kind == PHASE_FAULT)
		return fault == phase->fault ||
			(fault > phase->fault && fault <= phase->last_fault);
	if (trial->got.fault >= 0)
		return fault == trial->got.fault;
	/* Over the whole run the statement is about what the faults did; a phase in which nothing is
	 * changed hangs on none. What the links themselves measure hangs on none either. */
	if (e->metric->id == METRIC_RTT || e->metric->id == METRIC_LOSS)
		return false;
	return !phase || e->metric->needs_fault;
}

static const char *void_reason(const struct trial *trial, int fault)
{
	static const char *const words[] = {[CERTIFICATE_NOT_IN_FORCE] = "was not in force",
		[CERTIFICATE_PARTIAL] = "was only partly in force",
		[CERTIFICATE_NO_DATA] = "could not be certified",
		[CERTIFICATE_NOT_EXERCISED] = "was not exercised"};
	const struct certificate *c = &trial->evidence->faults[fault].certificate;

	return arena_printf(trial->arena, "'%s' %s%s%s", trial->evidence->plan->faults[fault].name,
		words[c->status], c->why ? ": " : "", c->why ? c->why : "");
}

/* 2. The fault that it speaks of was not there. */
static bool judge_faults(struct trial *trial)
{
	for (size_t f = 0; f < trial->evidence->plan->n_faults; f++) {
		enum certificate_status status = trial->evidence->faults[f].certificate.status;

		if (depends_on(trial, (int)f) && status != CERTIFIED &&
			status != CERTIFICATE_DECLARED)
			return trial_conclude(trial, VERDICT_VOID, void_reason(trial, (int)f));
	}
	return false;
}

/* Whatever the verdict is: what it hangs on is somebody's word. */
static void note_declared(struct trial *trial)
{
	for (size_t f = 0; f < trial->evidence->plan->n_faults; f++) {
		const char *note;

		if (!depends_on(trial, (int)f) ||
			trial->evidence->faults[f].certificate.status != CERTIFICATE_DECLARED)
			continue;
		note = arena_printf(trial->arena,
			"'%s' was declared by the user, not proven by packets",
			trial->evidence->plan->faults[f].name);
		trial->out->note = trial->out->note
			? arena_printf(trial->arena, "%s; %s", note, trial->out->note)
			: note;
	}
}

/* 2b. It was there, but not for as long as the scenario says. */
static bool judge_by_hand(struct trial *trial)
{
	for (size_t f = 0; f < trial->evidence->plan->n_faults; f++) {
		const struct fault_window *w = &trial->evidence->faults[f];

		if (depends_on(trial, (int)f) && w->by_hand)
			return trial_conclude(trial, VERDICT_INCONCLUSIVE,
				arena_printf(trial->arena,
					"'%s' was lifted by hand after %.1f s of %.1f s",
					trial->evidence->plan->faults[f].name,
					(double)(w->gone_ns > w->in_force_ns
							? w->gone_ns - w->in_force_ns
							: 0) /
						1e9,
					(double)trial->evidence->plan->faults[f].length_ns / 1e9));
	}
	return false;
}

/* A lower bound decides only where the bound lies below it. */
static void judge_censored(struct trial *trial)
{
	const struct measurement *m = &trial->got;
	const struct plan_expect *e = trial->expect;
	const char *why = m->why ? m->why : "it did not happen while we watched";

	if ((is_upper_bound(e->compare) && m->value >= e->value) ||
		(e->compare == COMPARE_EQ && m->value > e->value)) {
		if (!trial_is_starved(trial))
			trial_conclude(trial, VERDICT_FAIL, why);
	} else if (is_lower_bound(e->compare) && trial_holds(e->compare, m->value, e->value))
		trial_conclude(trial, VERDICT_PASS, NULL);
	else
		trial_conclude(trial, VERDICT_INCONCLUSIVE, why);
}

/* "< 100ms warn < 80ms" should hold as well; "< 100ms warn > 80ms" names what is worth a warning. */
static bool crossed_warning(const struct trial *trial)
{
	const struct plan_expect *e = trial->expect;
	bool same = is_upper_bound(e->compare) == is_upper_bound(e->warn_compare) &&
		is_lower_bound(e->compare) == is_lower_bound(e->warn_compare);

	return e->has_warn && trial_holds(e->warn_compare, trial->got.value, e->warn_value) != same;
}

/* 4. The comparison. */
static void judge_value(struct trial *trial)
{
	const struct plan_expect *e = trial->expect;

	if (!trial_meets(trial, &trial->got)) {
		if (!trial_is_starved(trial))
			trial_conclude(trial, VERDICT_FAIL, NULL);
	} else if (crossed_warning(trial))
		trial_conclude(trial, VERDICT_WARN,
			arena_printf(trial->arena, "crossed the line of warn %s",
				expect_text_wanted(trial->arena, e->metric->unit, e->warn_compare,
					e->warn_value)));
	else
		trial_conclude(trial, VERDICT_PASS, NULL);
}

static void judge_in_order(struct trial *trial)
{
	if (judge_asking(trial) || judge_definite(trial) || judge_faults(trial) ||
		judge_by_hand(trial) || trial_lacks_evidence(trial))
		return;
	if (trial->got.status == MEASURED_CENSORED) {
		if (!trial_hangs_on_stalls(trial))
			judge_censored(trial);
	} else if (!trial_cannot_tell(trial) &&
		!(trial_meets(trial, &trial->got) && trial_is_deaf(trial)))
		judge_value(trial);
}

void trial_judge(struct trial *trial)
{
	judge_in_order(trial);
	note_declared(trial);
}
