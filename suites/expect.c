#include "suites/expect.h"
#include "suites/expect_text.h"
#include "suites/expect_trial.h"
#include "suites/judge/index.h"
#include "suites/judge/lane.h"
#include "suites/judge/liar.h"
#include "suites/proof/rows.h"

#include <string.h>

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

/* measured: what was measured for it already; NULL: nothing. */
static void judge_indexed(struct arena *arena, const struct evidence *evidence,
	const struct plan_expect *expect, const struct measurement *measured,
	struct result_expect *out, struct measurement *got)
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
	if (measured)
		trial.got = *measured;
	else
		trial_measure(&trial, false, &trial.got);
	fill_numbers(&trial);
	fill_parts(&trial);
	fill_witnesses(&trial);
	trial_judge(&trial);
	*got = trial.got;
}

static void index_evidence(struct arena *arena, struct evidence *evidence)
{
	if (evidence->index)
		return;
	evidence->index = index_build(arena, evidence, NULL);
	liar_try(evidence);
}

void expect_judge(struct arena *arena, const struct evidence *evidence,
	const struct plan_expect *expect, struct result_expect *out)
{
	struct evidence indexed = *evidence;
	struct measurement got;

	index_evidence(arena, &indexed);
	judge_indexed(arena, &indexed, expect, NULL, out, &got);
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

static bool goes_by_key(const struct plan_expect *expect)
{
	const struct checker_ops *checker = checker_find(expect->metric->checker);

	return checker && checker->walker &&
		(!checker->walks || checker->walks(expect->metric->id));
}

/* The expectations that are measured key by key, in one walk; NULL for the others. */
static const struct measurement **measure_by_key(
	struct arena *arena, const struct evidence *evidence)
{
	const struct plan *plan = evidence->plan;
	struct question *questions = arena_array(arena, plan->n_expects + 1, sizeof(*questions));
	struct measurement *got = arena_array(arena, plan->n_expects + 1, sizeof(*got));
	const struct measurement **by_expect =
		arena_array(arena, plan->n_expects + 1, sizeof(*by_expect));
	size_t n = 0;

	for (size_t i = 0; i < plan->n_expects; i++) {
		if (!goes_by_key(&plan->expects[i]))
			continue;
		questions[n] = question_of(&plan->expects[i]);
		by_expect[i] = &got[n++];
	}
	if (n)
		lane_measure(arena, evidence, questions, n, 0, got);
	return by_expect;
}

void expect_judge_run(struct arena *arena, const struct evidence *evidence, struct result *out)
{
	const struct plan *plan = evidence->plan;
	struct evidence indexed = *evidence;
	struct result_expect *expects = arena_array(arena, plan->n_expects + 1, sizeof(*expects));
	struct measurement *got = arena_array(arena, plan->n_expects + 1, sizeof(*got));
	const struct measurement **measured;

	index_evidence(arena, &indexed);
	measured = measure_by_key(arena, &indexed);
	for (size_t i = 0; i < plan->n_expects; i++)
		judge_indexed(
			arena, &indexed, &plan->expects[i], measured[i], &expects[i], &got[i]);
	group_failures(arena, expects, got, plan->n_expects);
	out->expects = expects;
	out->n_expects = plan->n_expects;
	fill_faults(arena, evidence, out);
	fill_phases(arena, evidence, out);
}
