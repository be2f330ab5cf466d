#include "reports/writers/metrics.h"
#include "reports/result.h"

#include <stdio.h>
#include <string.h>

enum family {
	FAMILY_INFO,
	FAMILY_VERDICT,
	FAMILY_TIMESTAMP,
	FAMILY_DURATION,
	FAMILY_EXPECTATION_OK,
	FAMILY_EXPECTATIONS,
	FAMILY_FAULT_CERTIFIED,
	FAMILY_FAILOVER,
	FAMILY_FAILOVER_PART,
	FAMILY_OPERATIONS,
	FAMILY_STALENESS,
	FAMILY_LOST,
	FAMILY_RYW,
	FAMILY_UNFLAGGED,
	FAMILIES
};

#define NAME(rest) "regionproof_" rest

static const struct metric_family rows[FAMILIES] = {
	[FAMILY_INFO] = {NAME("run"), METRIC_INFO, NULL, "Which run the numbers are of."},
	[FAMILY_VERDICT] = {NAME("run_verdict"), METRIC_GAUGE, NULL,
		"1 for the verdict of the newest run, 0 for the others."},
	[FAMILY_TIMESTAMP] = {NAME("run_timestamp_seconds"), METRIC_GAUGE, "seconds",
		"When the newest run began."},
	[FAMILY_DURATION] = {NAME("run_duration_seconds"), METRIC_GAUGE, "seconds",
		"How long it took."},
	[FAMILY_EXPECTATION_OK] = {NAME("expectation_ok"), METRIC_GAUGE, NULL,
		"1 where the expectation held on enough evidence, else 0."},
	[FAMILY_EXPECTATIONS] = {NAME("expectations"), METRIC_GAUGE, NULL,
		"Expectations by verdict."},
	[FAMILY_FAULT_CERTIFIED] = {NAME("fault_certified"), METRIC_GAUGE, NULL,
		"1 where the fault was proven on the wire, else 0."},
	[FAMILY_FAILOVER] = {NAME("failover_seconds"), METRIC_GAUGE, "seconds",
		"From the fault in force to the first success that lasts."},
	[FAMILY_FAILOVER_PART] = {NAME("failover_part_seconds"), METRIC_GAUGE, "seconds",
		"What the failover was made of."},
	[FAMILY_OPERATIONS] = {NAME("operations"), METRIC_COUNTER, NULL,
		"Operations of client sessions by outcome."},
	[FAMILY_STALENESS] = {NAME("staleness_seconds"), METRIC_HISTOGRAM, "seconds",
		"How old the answers to reads surely were."},
	[FAMILY_LOST] = {NAME("acked_writes_lost"), METRIC_COUNTER, NULL,
		"Acknowledged writes that no region holds."},
	[FAMILY_RYW] = {NAME("read_your_writes_violations"), METRIC_COUNTER, NULL,
		"Reads that missed what their own session had written."},
	[FAMILY_UNFLAGGED] = {NAME("unflagged_stale_reads"), METRIC_COUNTER, NULL,
		"Stale reads whose answers did not say so."},
};

/* Expectations whose value is a family of its own. */
static const struct {
	const char *metric;
	enum family family;
} counted[] = {{"writes.lost", FAMILY_LOST}, {"read_your_writes.violations", FAMILY_RYW},
	{"stale_reads.unflagged", FAMILY_UNFLAGGED}};

struct model {
	struct arena *arena;
	const struct result *result;
	struct metric_family *families;
};

static void label(struct metric_sample *sample, const char *name, const char *value)
{
	size_t i = 0;

	while (i < METRIC_LABELS_MAX - 1 && sample->labels[i].name)
		i++;
	sample->labels[i] = (struct metric_label){name, value ? value : ""};
}

static struct metric_sample *add(struct model *model, enum family family, double value)
{
	struct metric_family *to = &model->families[family];
	struct metric_sample *sample = ARENA_PUSH(model->arena, to->samples, to->n);

	*sample = (struct metric_sample){.suffix = "", .value = value};
	sample->labels[0] = (struct metric_label){"scenario", model->result->scenario};
	if (model->result->variant)
		label(sample, "variant", model->result->variant);
	return sample;
}

/* Of the whole run: the worst of its expectations, and never green for what broke off. */
static enum verdict verdict_of(const struct result *result)
{
	static const enum verdict worst_first[] = {
		VERDICT_ERROR, VERDICT_FAIL, VERDICT_VOID, VERDICT_INCONCLUSIVE, VERDICT_WARN};

	if (result->error || !result->clean || result->interrupted)
		return VERDICT_ERROR;
	for (size_t i = 0; i < sizeof(worst_first) / sizeof(*worst_first); i++) {
		if (result_count(result, worst_first[i]))
			return worst_first[i];
	}
	return result->n_expects ? VERDICT_PASS : VERDICT_INCONCLUSIVE;
}

static void add_run(struct model *model)
{
	const struct result *result = model->result;
	enum verdict all = verdict_of(result);

	label(add(model, FAMILY_INFO, 1), "version", result->tool_version);
	for (enum verdict verdict = 0; verdict < VERDICTS; verdict++) {
		label(add(model, FAMILY_VERDICT, verdict == all), "verdict", verdict_name(verdict));
		label(add(model, FAMILY_EXPECTATIONS, (double)result_count(result, verdict)),
			"verdict", verdict_name(verdict));
	}
	add(model, FAMILY_TIMESTAMP, (double)(result->wall_start_ns / 1000000) / 1e3);
	add(model, FAMILY_DURATION, (double)result->duration_ns / 1e9);
}

static bool is_ok(enum verdict verdict)
{
	return verdict == VERDICT_PASS || verdict == VERDICT_WARN;
}

/* Two expectations may read the same; a series may not exist twice. False: one before has it. */
static bool all_ok(const struct result *result, size_t at, bool *ok)
{
	*ok = true;
	for (size_t i = 0; i < result->n_expects; i++) {
		if (strcmp(result->expects[i].id, result->expects[at].id))
			continue;
		if (i < at)
			return false;
		*ok &= is_ok(result->expects[i].verdict);
	}
	return true;
}

static void add_counted(struct model *model, const struct result_expect *expect)
{
	for (size_t i = 0; i < sizeof(counted) / sizeof(*counted); i++) {
		struct metric_family *family = &model->families[counted[i].family];

		if (strcmp(expect->metric, counted[i].metric) || !expect->has_got ||
			strcmp(expect->unit, "count"))
			continue;
		if (!family->n)
			add(model, counted[i].family, expect->got_value);
		else if (expect->got_value > family->samples[0].value)
			family->samples[0].value = expect->got_value;
	}
}

static void add_failover(struct model *model, const struct result_expect *expect)
{
	if (model->families[FAMILY_FAILOVER].n || !expect->has_got ||
		strcmp(expect->metric, "failover.rto"))
		return;
	add(model, FAMILY_FAILOVER, expect->got_value / 1e9);
	for (size_t i = 0; i < expect->n_parts; i++) {
		bool twice = false;

		for (size_t j = 0; j < i; j++)
			twice |= !strcmp(expect->parts[i].name, expect->parts[j].name);
		if (expect->parts[i].has && !twice)
			label(add(model, FAMILY_FAILOVER_PART, expect->parts[i].value_ns / 1e9),
				"part", expect->parts[i].name);
	}
}

static void add_expects(struct model *model)
{
	const struct result *result = model->result;

	for (size_t i = 0; i < result->n_expects; i++) {
		bool ok;

		if (all_ok(result, i, &ok))
			label(add(model, FAMILY_EXPECTATION_OK, ok), "expectation",
				result->expects[i].id);
		add_counted(model, &result->expects[i]);
		add_failover(model, &result->expects[i]);
	}
}

static void add_faults(struct model *model)
{
	const struct result *result = model->result;

	for (size_t i = 0; i < result->n_faults; i++) {
		bool certified = true, before = false;

		for (size_t j = 0; j < result->n_faults; j++) {
			if (strcmp(result->faults[i].name, result->faults[j].name))
				continue;
			before |= j < i;
			certified &= !strcmp(result->faults[j].status, "certified");
		}
		if (!before)
			label(add(model, FAMILY_FAULT_CERTIFIED, certified), "fault",
				result->faults[i].name);
	}
}

static void add_counts(struct model *model, const char *region, const char *class_,
	const struct result_counts *counts)
{
	const struct {
		const char *name;
		uint64_t n;
	} outcomes[] = {{"ok", counts->ok}, {"fail", counts->fail}, {"unknown", counts->unknown},
		{"not_sent", counts->not_sent}};

	for (size_t i = 0; i < sizeof(outcomes) / sizeof(*outcomes); i++) {
		struct metric_sample *sample = add(model, FAMILY_OPERATIONS, (double)outcomes[i].n);

		label(sample, "region", region);
		label(sample, "class", class_);
		label(sample, "outcome", outcomes[i].name);
	}
}

static void add_regions(struct model *model)
{
	for (size_t i = 0; i < model->result->n_regions; i++) {
		const struct result_region *region = &model->result->regions[i];

		add_counts(model, region->name, "read", &region->reads);
		add_counts(model, region->name, "write", &region->writes);
	}
}

static void add_age(struct model *model, const struct series_ages *ages, const char *suffix,
	const char *le, double value)
{
	struct metric_sample *sample = add(model, FAMILY_STALENESS, value);

	sample->suffix = suffix;
	label(sample, "region", ages->region);
	if (le)
		label(sample, "le", le);
}

static void add_ages(struct model *model)
{
	const struct series *series = &model->result->series;

	for (size_t i = 0; i < series->n_ages; i++) {
		const struct series_ages *ages = &series->ages[i];
		uint64_t below = 0;

		for (unsigned b = 0; b < SERIES_AGES; b++) {
			below += ages->counts[b];
			add_age(model, ages, "_bucket", series_age_bound(b), (double)below);
		}
		add_age(model, ages, "_sum", NULL, (double)ages->sum_ns / 1e9);
		add_age(model, ages, "_count", NULL, (double)below);
	}
}

struct metric_family *metrics_of(struct arena *arena, const struct result *result, size_t *n)
{
	struct model model = {.arena = arena, .result = result};

	model.families = arena_array(arena, FAMILIES, sizeof(*model.families));
	memcpy(model.families, rows, sizeof(rows));
	add_run(&model);
	add_expects(&model);
	add_faults(&model);
	add_regions(&model);
	add_ages(&model);
	*n = FAMILIES;
	return model.families;
}
