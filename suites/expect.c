#include "suites/expect.h"
#include "suites/expect_text.h"
#include "suites/judge/ops.h"
#include "suites/judge/sensitivity.h"
#include "suites/judge/stat.h"
#include "suites/judge/view.h"
#include "suites/proof/rows.h"

#include <math.h>
#include <string.h>

/* Everything known about one expectation while it is judged. */
struct trial {
	struct arena *arena;
	const struct evidence *evidence;
	const struct plan_expect *expect;
	struct question question;
	struct measurement got;
	struct result_expect *out;
};

static bool holds(enum compare compare, double a, double b)
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

/* The value is nothing but the findings: one of them, and it cannot be zero. */
static bool is_made_of_findings(enum metric_id id)
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
	case METRIC_SPLIT_BRAIN_WINDOW:
	case METRIC_DIVERGENCE_KEYS:
		return true;
	default:
		return false;
	}
}

/* Violations found in a copy without the operations that overlap a stall. */
static void measure(struct trial *trial, bool untainted, struct measurement *out)
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

static bool meets(const struct trial *trial, const struct measurement *m)
{
	return holds(trial->expect->compare, m->value, trial->expect->value);
}

static bool conclude(struct trial *trial, enum verdict verdict, const char *why)
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
	measure(trial, true, &again);
	return again.status == MEASURED_VALUE && again.total_findings && !meets(trial, &again);
}

/* 1. What must not happen was seen to happen. */
static bool judge_definite(struct trial *trial)
{
	const struct measurement *m = &trial->got;

	if (m->status != MEASURED_VALUE || !m->total_findings || meets(trial, m) ||
		trial->expect->stat == STAT_COUNT ||
		!is_made_of_findings(trial->expect->metric->id) ||
		is_lower_bound(trial->expect->compare) || trial->expect->compare == COMPARE_NE)
		return false;
	if (!has_untainted_witness(trial))
		return conclude(trial, VERDICT_INCONCLUSIVE,
			"every violation found overlaps a stall of this machine");
	return conclude(trial, VERDICT_FAIL, m->findings[0].reason);
}

static bool depends_on(const struct trial *trial, int fault)
{
	const struct plan_expect *e = trial->expect;
	const struct plan_phase *phase =
		e->phase < 0 ? NULL : &trial->evidence->plan->phases[e->phase];

	if (trial->got.fault >= 0)
		return fault == trial->got.fault;
	if (phase && phase->kind == PHASE_FAULT)
		return fault == phase->fault;
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
		if (depends_on(trial, (int)f) &&
			trial->evidence->faults[f].certificate.status != CERTIFIED)
			return conclude(trial, VERDICT_VOID, void_reason(trial, (int)f));
	}
	return false;
}

/* A lower bound decides only where the bound lies below it. */
static bool judge_censored(struct trial *trial)
{
	const struct measurement *m = &trial->got;
	const struct plan_expect *e = trial->expect;
	const char *why = m->why ? m->why : "it did not happen while we watched";

	if (is_upper_bound(e->compare) && m->value >= e->value)
		return conclude(trial, VERDICT_FAIL, why);
	if (is_lower_bound(e->compare) && holds(e->compare, m->value, e->value))
		return conclude(trial, VERDICT_PASS, NULL);
	if (e->compare == COMPARE_EQ && m->value > e->value)
		return conclude(trial, VERDICT_FAIL, why);
	return conclude(trial, VERDICT_INCONCLUSIVE, why);
}

static bool judge_status(struct trial *trial)
{
	const struct measurement *m = &trial->got;

	switch (m->status) {
	case MEASURED_NOTHING:
		return conclude(
			trial, VERDICT_INCONCLUSIVE, m->why ? m->why : "nothing was measured");
	case MEASURED_UNDECIDED:
		return conclude(trial, VERDICT_INCONCLUSIVE, m->why ? m->why : "undecided");
	case MEASURED_CENSORED:
	case MEASURED_VALUE:
		break;
	}
	if (!m->n)
		return conclude(trial, VERDICT_INCONCLUSIVE, "nothing was measured");
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
	case METRIC_STALE_UNFLAGGED:
	case METRIC_STALE_FALSE:
	case METRIC_RESURRECTIONS:
	case METRIC_DIRTY_READS:
	case METRIC_THIN_AIR_READS:
	case METRIC_FALLBACK_SHARE:
		return true;
	case METRIC_LATENCY:
		return e->filter == FILTER_READS;
	default:
		return false;
	}
}

static bool hangs_on_writes(const struct plan_expect *e)
{
	switch (e->metric->id) {
	case METRIC_WRITES_LOST:
	case METRIC_WRITES_MISSING:
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
		return conclude(trial, VERDICT_INCONCLUSIVE,
			arena_printf(trial->arena, "%llu reads, and the evidence asks for %llu",
				(unsigned long long)reads, (unsigned long long)wanted->min_reads));
	if (hangs_on_writes(trial->expect) && writes < wanted->min_acked_writes)
		return conclude(trial, VERDICT_INCONCLUSIVE,
			arena_printf(trial->arena,
				"%llu acknowledged writes, and the evidence asks for %llu",
				(unsigned long long)writes,
				(unsigned long long)wanted->min_acked_writes));
	if (trial->got.n < wanted->min_samples && trial->got.episodes != 1)
		return conclude(trial, VERDICT_INCONCLUSIVE,
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
		return conclude(
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
		return conclude(trial, VERDICT_INCONCLUSIVE,
			arena_printf(trial->arena, "the %s of %s ended at %.1f s", who,
				view_region_name(e->plan, d->region), (double)d->at_ns / 1e9));
	}
	if (e->interrupted && touches_phase(trial, e->end_ns))
		return conclude(trial, VERDICT_INCONCLUSIVE, "the run was interrupted");
	return false;
}

/* Does the answer change when what overlaps a stall is left out? */
static bool judge_stalls(struct trial *trial)
{
	struct measurement again;

	if (!trial->evidence->index->tainted)
		return false;
	measure(trial, true, &again);
	if (again.status == trial->got.status && meets(trial, &again) == meets(trial, &trial->got))
		return false;
	return conclude(trial, VERDICT_INCONCLUSIVE,
		"it hangs on operations that overlap a stall of this machine");
}

#define PLANTS 20

/* A silence is worth something only where the checker would have spoken. */
static bool judge_sensitivity(struct trial *trial)
{
	const struct checker_ops *checker = checker_find(trial->expect->metric->checker);
	struct sensitivity s = {0};
	const char *found;

	if (!checker->plant || !is_made_of_findings(trial->expect->metric->id))
		return false;
	sensitivity_measure(
		trial->evidence, &trial->question, PLANTS, trial->evidence->plan->seed, &s);
	if (!s.possible)
		return false;
	if (s.found < s.planted)
		return conclude(trial, VERDICT_INCONCLUSIVE,
			arena_printf(trial->arena, "only %u of %u planted violations were found",
				s.found, s.planted));
	found = s.smallest_ns
		? arena_printf(trial->arena, "planted violations of %s or more: %u of %u found",
			  expect_text_value(trial->arena, PARAM_DURATION, (double)s.smallest_ns),
			  s.found, s.planted)
		: arena_printf(
			  trial->arena, "planted violations: %u of %u found", s.found, s.planted);
	trial->out->note = trial->out->note
		? arena_printf(trial->arena, "%s; %s", trial->out->note, found)
		: found;
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
	if (is_made_of_findings(e->metric->id) && m->episodes != 1)
		return conclude(trial, VERDICT_INCONCLUSIVE,
			arena_printf(trial->arena,
				"no number of trials proves a zero; at %g %% the share is at most %.3g %%",
				percent,
				100 *
					stat_share_upper((double)m->total_findings, (double)m->n,
						e->confidence)));
	if (!m->has_interval)
		return conclude(trial, VERDICT_INCONCLUSIVE,
			arena_printf(trial->arena,
				"one episode carries no claim at %g %%: %llu good ones would bound the "
				"share of bad ones by 5 %%",
				percent,
				(unsigned long long)stat_samples_needed(0.95, 0, e->confidence)));
	if (m->episodes < STAT_BLOCKS_MIN)
		return conclude(trial, VERDICT_INCONCLUSIVE,
			arena_printf(trial->arena,
				"%zu independent blocks carry no claim at %g %%; %d are needed",
				m->episodes, percent, STAT_BLOCKS_MIN));
	if (holds(e->compare, m->low, e->value) && holds(e->compare, m->high, e->value))
		return false;
	if (!holds(e->compare, m->low, e->value) && !holds(e->compare, m->high, e->value))
		return conclude(trial, VERDICT_FAIL, NULL);
	return conclude(trial, VERDICT_INCONCLUSIVE,
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
		holds(e->compare, m->value_low, e->value) == holds(e->compare, m->value, e->value))
		return false;
	return conclude(trial, VERDICT_INCONCLUSIVE,
		arena_printf(trial->arena, "the probes saw only that it lies between %s and %s",
			expect_text_value(trial->arena, e->metric->unit, m->value_low),
			expect_text_value(trial->arena, e->metric->unit, m->value)));
}

/* "< 100ms warn < 80ms" should hold as well; "< 100ms warn > 80ms" names what is worth a warning. */
static bool crossed_warning(const struct trial *trial)
{
	const struct plan_expect *e = trial->expect;
	bool same = is_upper_bound(e->compare) == is_upper_bound(e->warn_compare) &&
		is_lower_bound(e->compare) == is_lower_bound(e->warn_compare);

	return e->has_warn && holds(e->warn_compare, trial->got.value, e->warn_value) != same;
}

/* 4. The comparison. */
static void judge_value(struct trial *trial)
{
	const struct plan_expect *e = trial->expect;

	if (!meets(trial, &trial->got))
		conclude(trial, VERDICT_FAIL, NULL);
	else if (crossed_warning(trial))
		conclude(trial, VERDICT_WARN,
			arena_printf(trial->arena, "crossed the line of warn %s",
				expect_text_wanted(trial->arena, e->metric->unit, e->warn_compare,
					e->warn_value)));
	else
		conclude(trial, VERDICT_PASS, NULL);
}

static void judge(struct trial *trial)
{
	if (judge_definite(trial) || judge_faults(trial) || judge_status(trial) ||
		judge_accidents(trial) || judge_amount(trial))
		return;
	if (trial->got.status == MEASURED_CENSORED) {
		judge_censored(trial);
		return;
	}
	if (judge_stalls(trial) || judge_claim(trial) || judge_resolution(trial))
		return;
	if (meets(trial, &trial->got) && judge_sensitivity(trial))
		return;
	judge_value(trial);
}

static const char *got_text(const struct trial *trial)
{
	const struct measurement *m = &trial->got;
	enum param_type unit =
		trial->expect->stat == STAT_COUNT ? PARAM_COUNT : trial->expect->metric->unit;
	const char *value = expect_text_value(trial->arena, unit, m->value);

	switch (m->status) {
	case MEASURED_VALUE:
		break;
	case MEASURED_CENSORED:
		return arena_printf(trial->arena, "> %s", value);
	case MEASURED_NOTHING:
	case MEASURED_UNDECIDED:
		return "-";
	}
	if (!m->n)
		return "-";
	return value;
}

static void fill_numbers(struct trial *trial)
{
	const struct measurement *m = &trial->got;
	const struct plan_expect *e = trial->expect;
	struct result_expect *out = trial->out;

	out->wanted = expect_text_wanted(trial->arena,
		e->stat == STAT_COUNT ? PARAM_COUNT : e->metric->unit, e->compare, e->value);
	out->got = got_text(trial);
	out->has_got = strcmp(out->got, "-") != 0;
	out->got_value = out->has_got ? m->value : 0;
	out->wanted_value = e->value;
	out->low = m->low;
	out->high = m->high;
	out->has_interval = m->has_interval;
	out->unit = expect_text_unit(e->metric->unit);
	out->n = m->n;
	out->n_what = m->n_what ? m->n_what : "samples";
	out->note = m->note;
}

static void fill_parts(struct trial *trial)
{
	const struct measurement *m = &trial->got;
	struct result_part *parts = arena_array(trial->arena, m->n_parts + 1, sizeof(*parts));

	for (unsigned i = 0; i < m->n_parts; i++)
		parts[i] = (struct result_part){.name = m->parts[i].name,
			.value_ns = m->parts[i].value_ns,
			.has = m->parts[i].has};
	trial->out->parts = parts;
	trial->out->n_parts = m->n_parts;
}

static void fill_witnesses(struct trial *trial)
{
	const struct measurement *m = &trial->got;
	struct result_witness *witnesses =
		arena_array(trial->arena, m->n_findings + 1, sizeof(*witnesses));

	for (size_t i = 0; i < m->n_findings; i++)
		expect_text_witness(trial->arena, trial->evidence, &m->findings[i], &witnesses[i]);
	trial->out->witnesses = witnesses;
	trial->out->n_witnesses = m->n_findings;
	trial->out->total_findings = m->total_findings;
}

static struct question question_of(const struct plan_expect *e)
{
	return (struct question){.metric = e->metric,
		.stat = e->stat,
		.filter = e->filter,
		.group = e->group,
		.phase = e->phase,
		.region = e->region,
		.from = e->from,
		.to = e->to,
		.bound = e->value,
		.confidence = e->confidence};
}

static void judge_indexed(struct arena *arena, const struct evidence *evidence,
	const struct plan_expect *expect, struct result_expect *out, struct measurement *got)
{
	struct trial trial = {.arena = arena,
		.evidence = evidence,
		.expect = expect,
		.out = out,
		.question = question_of(expect)};

	*out = (struct result_expect){.id = expect->id,
		.metric = expect->metric->name,
		.file = expect->place.file,
		.line = expect->place.line,
		.column = expect->place.column,
		.phase = expect->phase < 0 ? NULL : evidence->plan->phases[expect->phase].name};
	measure(&trial, false, &trial.got);
	fill_numbers(&trial);
	fill_parts(&trial);
	fill_witnesses(&trial);
	judge(&trial);
	*got = trial.got;
}

void expect_judge(struct arena *arena, const struct evidence *evidence,
	const struct plan_expect *expect, struct result_expect *out)
{
	struct evidence indexed = *evidence;
	struct measurement got;

	if (!indexed.index)
		indexed.index = index_build(arena, evidence, NULL);
	judge_indexed(arena, &indexed, expect, out, &got);
}

/* The operation that convicts: the last one of a witness. */
static size_t convicting(const struct finding *finding)
{
	return finding->n_ops ? finding->ops[finding->n_ops - 1] : SIZE_MAX;
}

static bool shares_all(const struct measurement *a, const struct measurement *b)
{
	for (size_t i = 0; i < a->n_findings; i++) {
		bool found = false;

		for (size_t j = 0; j < b->n_findings && !found; j++)
			found = convicting(&a->findings[i]) == convicting(&b->findings[j]);
		if (!found)
			return false;
	}
	return a->n_findings > 0 && a->total_findings <= b->total_findings;
}

/* Say where a failure is an earlier one seen from another side. */
static void group_failures(
	struct arena *arena, struct result_expect *expects, const struct measurement *got, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		for (size_t j = 0; j < i && expects[i].verdict == VERDICT_FAIL; j++) {
			const char *same;

			if (expects[j].verdict != VERDICT_FAIL || !shares_all(&got[i], &got[j]))
				continue;
			same = arena_printf(arena, "the same %llu operations as in '%s'",
				(unsigned long long)got[i].total_findings, expects[j].id);
			expects[i].note = expects[i].note
				? arena_printf(arena, "%s; %s", same, expects[i].note)
				: same;
			break;
		}
	}
}

static const char *region_name(const void *plan, unsigned region)
{
	return ((const struct plan *)plan)->regions[region].name;
}

static void fill_faults(struct arena *arena, const struct evidence *evidence, struct result *out)
{
	size_t n = evidence->plan->n_faults;
	struct result_fault *rows = arena_array(arena, n + 1, sizeof(*rows));

	for (size_t f = 0; f < n; f++) {
		const struct plan_fault *plan = &evidence->plan->faults[f];
		const struct fault_window *w = &evidence->faults[f];

		rows[f] = (struct result_fault){.name = plan->name,
			.text = plan->text,
			.file = plan->place.file,
			.line = plan->place.line,
			.asked_ns = w->asked_ns,
			.sent_ns = w->sent_ns,
			.acked_ns = w->acked_ns,
			.in_force_ns = w->in_force_ns,
			.gone_ns = w->gone_ns,
			.resolution_ns = w->certificate.resolution_ns,
			.drain_ns = w->certificate.drain_ns,
			.skew_ns = w->certificate.skew_ns,
			.status = certificate_status_name(w->certificate.status),
			.why = w->certificate.why};
		certificate_rows(arena, &w->certificate, region_name, evidence->plan, &rows[f]);
	}
	out->faults = rows;
	out->n_faults = n;
}

static void fill_phases(struct arena *arena, const struct evidence *evidence, struct result *out)
{
	struct result_phase *phases =
		arena_array(arena, evidence->plan->n_phases + 1, sizeof(*phases));
	size_t n = 0;

	for (size_t p = 0; p < evidence->plan->n_phases; p++) {
		const struct phase_window *w = &evidence->phases[p];

		if (w->started)
			phases[n++] = (struct result_phase){.name = evidence->plan->phases[p].name,
				.start_ns = w->start_ns,
				.end_ns = w->end_ns};
	}
	out->phases = phases;
	out->n_phases = n;
}

void expect_judge_run(struct arena *arena, const struct evidence *evidence, struct result *out)
{
	const struct plan *plan = evidence->plan;
	struct evidence indexed = *evidence;
	struct result_expect *expects = arena_array(arena, plan->n_expects + 1, sizeof(*expects));
	struct measurement *got = arena_array(arena, plan->n_expects + 1, sizeof(*got));

	if (!indexed.index)
		indexed.index = index_build(arena, evidence, NULL);
	for (size_t i = 0; i < plan->n_expects; i++)
		judge_indexed(arena, &indexed, &plan->expects[i], &expects[i], &got[i]);
	group_failures(arena, expects, got, plan->n_expects);
	out->expects = expects;
	out->n_expects = plan->n_expects;
	fill_faults(arena, evidence, out);
	fill_phases(arena, evidence, out);
}
