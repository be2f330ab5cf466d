/*
 * json: run.json, the whole result for programs. Numbers are in base units (nanoseconds since the
 * run's zero, shares from 0 to 1) beside the text that people read. `schema` is bumped when a
 * meaning changes; fields may be added at any time.
 */
#include "fixtures/json/jv.h"
#include "fixtures/base/buf.h"
#include "reports/result.h"
#include "reports/writers/writers.h"

#include <stdio.h>

static void set_text(struct jv *object, const char *key, const char *text)
{
	jv_set(object, key, text ? jv_new_string(text) : jv_new_null());
}

/* JSON numbers of 64 bits are signed; a larger one (a seed) is written as text. */
static void set_u64(struct jv *object, const char *key, uint64_t value)
{
	char text[24];

	if (value <= INT64_MAX) {
		jv_set(object, key, jv_new_int((int64_t)value));
		return;
	}
	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	set_text(object, key, text);
}

static void set_number(struct jv *object, const char *key, bool has, double value)
{
	jv_set(object, key, has ? jv_new_real(value) : jv_new_null());
}

static struct jv *op_json(const struct result_op *op)
{
	struct jv *json = jv_new_object();

	set_u64(json, "index", op->index);
	set_u64(json, "call_ns", op->call_ns);
	set_u64(json, "ret_ns", op->ret_ns);
	set_text(json, "session", op->session);
	set_text(json, "region", op->region);
	set_text(json, "node", op->node);
	set_text(json, "text", op->text);
	return json;
}

static struct jv *witness_json(const struct result_witness *witness)
{
	struct jv *json = jv_new_object(), *ops = jv_new_array();

	for (size_t i = 0; i < witness->n_ops; i++)
		jv_add(ops, op_json(&witness->ops[i]));
	set_text(json, "reason", witness->reason);
	jv_set(json, "ops", ops);
	return json;
}

static struct jv *parts_json(const struct result_expect *expect)
{
	struct jv *parts = jv_new_object();

	for (size_t i = 0; i < expect->n_parts; i++)
		set_number(parts, expect->parts[i].name, expect->parts[i].has,
			expect->parts[i].value_ns);
	return parts;
}

static struct jv *expect_json(const struct result_expect *expect)
{
	struct jv *json = jv_new_object(), *witnesses = jv_new_array();

	set_text(json, "id", expect->id);
	set_text(json, "metric", expect->metric);
	set_text(json, "file", expect->file);
	jv_set(json, "line", jv_new_int(expect->line));
	jv_set(json, "column", jv_new_int(expect->column));
	set_text(json, "verdict", verdict_name(expect->verdict));
	set_text(json, "wanted", expect->wanted);
	set_text(json, "got", expect->got);
	set_number(json, "wanted_value", true, expect->wanted_value);
	set_number(json, "got_value", expect->has_got, expect->got_value);
	set_number(json, "low", expect->has_interval, expect->low);
	set_number(json, "high", expect->has_interval, expect->high);
	set_text(json, "unit", expect->unit);
	set_u64(json, "n", expect->n);
	set_text(json, "n_what", expect->n_what);
	set_text(json, "why", expect->why);
	set_text(json, "note", expect->note);
	set_text(json, "phase", expect->phase);
	if (expect->n_parts)
		jv_set(json, "parts_ns", parts_json(expect));
	for (size_t i = 0; i < expect->n_witnesses; i++)
		jv_add(witnesses, witness_json(&expect->witnesses[i]));
	jv_set(json, "witnesses", witnesses);
	set_u64(json, "findings", expect->total_findings);
	return json;
}

static struct jv *link_json(const struct result_link *link)
{
	struct jv *json = jv_new_object();

	set_text(json, "from", link->from);
	set_text(json, "to", link->to);
	set_text(json, "family", link->family);
	set_text(json, "asked", link->asked);
	set_text(json, "measured", link->measured);
	jv_set(json, "ok", jv_new_bool(link->ok));
	set_u64(json, "beacons", link->beacons);
	set_u64(json, "system_attempted", link->system_attempted);
	set_u64(json, "system_crossed", link->system_crossed);
	return json;
}

static struct jv *fault_json(const struct result_fault *fault)
{
	struct jv *json = jv_new_object(), *certificate = jv_new_object(), *links = jv_new_array();

	set_text(json, "name", fault->name);
	set_text(json, "text", fault->text);
	set_text(json, "file", fault->file);
	jv_set(json, "line", jv_new_int(fault->line));
	set_u64(json, "asked_ns", fault->asked_ns);
	set_u64(json, "sent_ns", fault->sent_ns);
	set_u64(json, "acked_ns", fault->acked_ns);
	set_u64(json, "in_force_ns", fault->in_force_ns);
	set_u64(json, "gone_ns", fault->gone_ns);
	set_text(certificate, "status", fault->status);
	set_text(certificate, "why", fault->why);
	set_u64(certificate, "resolution_ns", fault->resolution_ns);
	set_u64(certificate, "drain_ns", fault->drain_ns);
	set_u64(certificate, "skew_ns", fault->skew_ns);
	for (size_t i = 0; i < fault->n_links; i++)
		jv_add(links, link_json(&fault->links[i]));
	jv_set(certificate, "links", links);
	jv_set(json, "certificate", certificate);
	return json;
}

static struct jv *counts_json(const struct result_counts *counts, double p99_ns)
{
	struct jv *json = jv_new_object();

	set_u64(json, "ok", counts->ok);
	set_u64(json, "fail", counts->fail);
	set_u64(json, "unknown", counts->unknown);
	set_u64(json, "not_sent", counts->not_sent);
	set_number(json, "p99_ns", p99_ns >= 0, p99_ns);
	return json;
}

static struct jv *regions_json(const struct result *result)
{
	struct jv *regions = jv_new_array();

	for (size_t i = 0; i < result->n_regions; i++) {
		const struct result_region *region = &result->regions[i];
		struct jv *json = jv_new_object();

		set_text(json, "name", region->name);
		jv_set(json, "reads", counts_json(&region->reads, region->read_p99_ns));
		jv_set(json, "writes", counts_json(&region->writes, region->write_p99_ns));
		jv_add(regions, json);
	}
	return regions;
}

static struct jv *phases_json(const struct result *result)
{
	struct jv *phases = jv_new_array();

	for (size_t i = 0; i < result->n_phases; i++) {
		struct jv *json = jv_new_object();

		set_text(json, "name", result->phases[i].name);
		set_u64(json, "start_ns", result->phases[i].start_ns);
		set_u64(json, "end_ns", result->phases[i].end_ns);
		jv_add(phases, json);
	}
	return phases;
}

static struct jv *events_json(const struct result *result)
{
	struct jv *events = jv_new_array();

	for (size_t i = 0; i < result->n_events; i++) {
		struct jv *json = jv_new_object();

		set_u64(json, "at_ns", result->events[i].at_ns);
		set_text(json, "what", result->events[i].what);
		set_text(json, "text", result->events[i].text);
		jv_add(events, json);
	}
	return events;
}

static struct jv *environment_json(const struct result *result)
{
	struct jv *facts = jv_new_array();

	for (size_t i = 0; i < result->n_facts; i++) {
		struct jv *json = jv_new_object();

		set_text(json, "name", result->facts[i].name);
		set_text(json, "value", result->facts[i].value);
		jv_add(facts, json);
	}
	return facts;
}

static struct jv *cleanup_json(const struct result *result)
{
	struct jv *json = jv_new_object(), *changes = jv_new_array();

	for (size_t i = 0; i < result->n_changes; i++) {
		struct jv *change = jv_new_object();

		set_text(change, "what", result->changes[i].what);
		jv_set(change, "undone", jv_new_bool(result->changes[i].undone));
		jv_add(changes, change);
	}
	jv_set(json, "verified", jv_new_bool(result->clean));
	jv_set(json, "changes", changes);
	return json;
}

static struct jv *scenario_json(const struct result *result)
{
	struct jv *json = jv_new_object();

	set_text(json, "name", result->scenario);
	set_text(json, "about", result->about);
	set_text(json, "path", result->path);
	set_text(json, "text", result->scenario_text);
	return json;
}

static struct jv *clock_json(const struct result *result)
{
	struct jv *json = jv_new_object();

	set_u64(json, "epoch_ns", result->epoch_ns);
	set_u64(json, "wall_start_ns", result->wall_start_ns);
	set_text(json, "boot_id", result->boot_id);
	return json;
}

static struct jv *tally_json(const struct result *result)
{
	struct jv *json = jv_new_object();

	for (enum verdict verdict = 0; verdict < VERDICTS; verdict++)
		set_u64(json, verdict_name(verdict), result_count(result, verdict));
	return json;
}

static void add_tables(struct jv *root, const struct result *result)
{
	struct jv *faults = jv_new_array(), *expects = jv_new_array();

	jv_set(root, "environment", environment_json(result));
	jv_set(root, "regions", regions_json(result));
	jv_set(root, "phases", phases_json(result));
	jv_set(root, "events", events_json(result));
	for (size_t i = 0; i < result->n_faults; i++)
		jv_add(faults, fault_json(&result->faults[i]));
	jv_set(root, "faults", faults);
	for (size_t i = 0; i < result->n_expects; i++)
		jv_add(expects, expect_json(&result->expects[i]));
	jv_set(root, "expectations", expects);
	jv_set(root, "cleanup", cleanup_json(result));
}

void json_write(const struct result *result, const struct writer_options *options, struct buf *out)
{
	struct jv *root = jv_new_object();

	(void)options;
	jv_set(root, "schema", jv_new_int(result->schema));
	set_text(root, "tool", "regionproof");
	set_text(root, "version", result->tool_version);
	set_text(root, "run", result->run);
	jv_set(root, "scenario", scenario_json(result));
	set_u64(root, "seed", result->seed);
	set_text(root, "command", result->command);
	set_u64(root, "duration_ns", result->duration_ns);
	jv_set(root, "clock", clock_json(result));
	jv_set(root, "exit_code", jv_new_int(result->exit_code));
	jv_set(root, "interrupted", jv_new_bool(result->interrupted));
	set_text(root, "error", result->error);
	jv_set(root, "tally", tally_json(result));
	add_tables(root, result);
	jv_print(root, 2, out);
	buf_addc(out, '\n');
	jv_free(root);
}
