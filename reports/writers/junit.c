/*
 * junit: JUnit XML for CI servers.
 *
 * There is no standard; this is the part that three readers share: the Jenkins xUnit schema
 * junit-10 (dialect strict validates against it), the tolerant reader of Jenkins' junit plugin, and
 * GitLab, which keys trends by classname and name, keeps the first of two equal names, shows only
 * the text of an element, and reads `file`.
 *
 *   - names hold no measured value; measured values stand in messages
 *   - beside the expectations: preflight, baseline steady, one case per fault, clean-up. A case that
 *     the run never came to is left out
 *   - inconclusive and void are errors unless told otherwise: no CI shows green for what nobody knows
 *   - `tests` includes skipped; failures and errors are disjoint
 */
#include "reports/writers/xml.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/err.h"
#include "reports/result.h"
#include "reports/writers/text.h"
#include "reports/writers/writer.h"
#include "reports/writers/writers.h"

#include <stdio.h>
#include <string.h>

enum kind { KIND_PASS, KIND_FAILURE, KIND_ERROR, KIND_SKIPPED, KINDS };

static const char *const elements[] = {
	[KIND_FAILURE] = "failure", [KIND_ERROR] = "error", [KIND_SKIPPED] = "skipped"};

struct junit {
	const struct result *result;
	const struct writer_options *options;
	struct buf cases;
	size_t count[KINDS];
};

/* One test case. type: a dotted word (GitLab takes "integer", "file" and the like for type hints).
 * The message is the first line of the text as well. */
static void add_case(struct junit *junit, enum kind kind, const char *name, const char *file,
	const char *type, const char *message, const char *text)
{
	struct buf *out = &junit->cases;
	struct buf body = {0};

	junit->count[kind]++;
	buf_puts(out, "    <testcase");
	xml_attribute(out, "classname", junit->result->scenario);
	xml_attribute(out, "name", name);
	if (file && junit->options->junit_dialect == JUNIT_GITLAB)
		xml_attribute(out, "file", file);
	if (kind == KIND_PASS && !text) {
		buf_puts(out, "/>\n");
		return;
	}
	if (kind == KIND_PASS) {
		buf_puts(out, ">\n      <system-out>");
		xml_cdata(out, text);
		buf_puts(out, "</system-out>\n    </testcase>\n");
		return;
	}
	buf_printf(out, ">\n      <%s", elements[kind]);
	if (kind != KIND_SKIPPED)
		xml_attribute(out, "type", type);
	xml_attribute(out, "message", message);
	buf_printf(&body, "%s\n%s", message, text ? text : "");
	buf_addc(out, '>');
	xml_cdata(out, buf_str(&body));
	buf_printf(out, "</%s>\n    </testcase>\n", elements[kind]);
	buf_release(&body);
}

static enum kind undecided(const struct junit *junit)
{
	switch (junit->options->undecided_as) {
	case UNDECIDED_ERROR:
		return KIND_ERROR;
	case UNDECIDED_FAIL:
		return KIND_FAILURE;
	case UNDECIDED_SKIP:
		return KIND_SKIPPED;
	}
	return KIND_ERROR;
}

static enum kind kind_of(const struct junit *junit, enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_PASS:
	case VERDICT_WARN:
		return KIND_PASS;
	case VERDICT_FAIL:
		return KIND_FAILURE;
	case VERDICT_INCONCLUSIVE:
	case VERDICT_VOID:
		return undecided(junit);
	case VERDICT_ERROR:
	case VERDICTS:
		break;
	}
	return KIND_ERROR;
}

/* --- expectations ---------------------------------------------------------------------------- */

static void put_witness(struct buf *text, const struct result_witness *witness)
{
	for (size_t i = 0; i < witness->n_ops; i++) {
		const struct result_op *op = &witness->ops[i];

		buf_puts(text, "  at ");
		text_seconds(text, op->call_ns, 3);
		buf_printf(text, " s  %s  ", op->session ? op->session : "");
		text_clean(text, op->text, false);
		buf_addc(text, '\n');
	}
	if (witness->reason) {
		buf_puts(text, "  so: ");
		text_clean(text, witness->reason, false);
		buf_addc(text, '\n');
	}
}

static void put_detail(
	const struct junit *junit, const struct result_expect *expect, struct buf *text)
{
	buf_printf(text, "%s:%u\n", expect->file ? expect->file : "", expect->line);
	if (expect->n)
		buf_printf(text, "evidence: %llu %s\n", (unsigned long long)expect->n,
			expect->n_what ? expect->n_what : "");
	if (expect->note)
		buf_printf(text, "note: %s\n", expect->note);
	if (expect->n_witnesses)
		put_witness(text, &expect->witnesses[0]);
	if (expect->total_findings > 1)
		buf_printf(
			text, "%llu findings in all\n", (unsigned long long)expect->total_findings);
	if (junit->result->command)
		buf_printf(text, "replay: %s\n", junit->result->command);
}

/* GitLab keeps only the first of two equal names; a scenario may say the same line twice. */
static void unique_name(const struct junit *junit, size_t number, struct buf *name)
{
	const struct result_expect *expects = junit->result->expects;
	size_t before = 0;

	for (size_t i = 0; i < number; i++)
		before += !strcmp(expects[i].id, expects[number].id);
	buf_puts(name, expects[number].id);
	if (before)
		buf_printf(name, " (%zu)", before + 1);
}

static void add_expect(struct junit *junit, size_t number)
{
	const struct result_expect *expect = &junit->result->expects[number];
	enum kind kind = kind_of(junit, expect->verdict);
	const char *word = verdict_name(expect->verdict);
	struct buf name = {0}, type = {0}, message = {0}, text = {0};

	unique_name(junit, number, &name);
	buf_printf(&type, "regionproof.%s",
		kind == KIND_FAILURE && expect->verdict == VERDICT_FAIL ? "expectation" : word);
	buf_printf(&message, "%s: wanted %s, got %s", word, expect->wanted, expect->got);
	if (expect->why)
		buf_printf(&message, "; %s", expect->why);
	if (expect->verdict != VERDICT_PASS)
		put_detail(junit, expect, &text);
	if (expect->verdict == VERDICT_WARN) { /* a passing case has no message */
		buf_addc(&message, '\n');
		buf_puts(&message, buf_str(&text));
		add_case(junit, kind, name.data, expect->file, NULL, NULL, buf_str(&message));
	} else {
		add_case(junit, kind, name.data, expect->file, buf_str(&type), buf_str(&message),
			text.len ? text.data : NULL);
	}
	buf_release(&name);
	buf_release(&type);
	buf_release(&message);
	buf_release(&text);
}

/* --- what stands beside the expectations ----------------------------------------------------- */

static void add_plain(
	struct junit *junit, bool ok, const char *name, const char *type, const char *message)
{
	add_case(
		junit, ok ? KIND_PASS : KIND_ERROR, name, junit->result->path, type, message, NULL);
}

/* Which stage an error of the tool belongs to is said by the exit code. */
static void add_stages(struct junit *junit)
{
	const struct result *result = junit->result;
	bool no_start = result->exit_code == EXIT_SCENARIO || result->exit_code == EXIT_MACHINE;
	bool not_steady = result->exit_code == EXIT_NOT_STEADY;
	const char *error = result->error ? result->error : "no reason was given";

	add_plain(junit, !no_start, "preflight", "regionproof.preflight", error);
	if (not_steady || (result->n_phases && !no_start))
		add_plain(junit, !not_steady, "baseline steady", "regionproof.baseline", error);
	if (result->error && !no_start && !not_steady)
		add_plain(junit, false, "run",
			result->aborted ? "regionproof.aborted" : "regionproof.error", error);
	if (result->interrupted)
		add_plain(junit, false, "interrupted", "regionproof.interrupted",
			"the run was interrupted; what was recorded until then is kept");
}

static void add_fault(struct junit *junit, size_t number)
{
	const struct result_fault *fault = &junit->result->faults[number];
	bool certified = !strcmp(fault->status, "certified");
	bool declared = !strcmp(fault->status, "declared"); /* nobody could have proven it */
	struct buf name = {0}, message = {0};
	size_t before = 0;

	for (size_t i = 0; i < number; i++)
		before += !strcmp(junit->result->faults[i].name, fault->name);
	buf_printf(&name, "fault observed: %s", fault->name);
	if (before)
		buf_printf(&name, " (%zu)", before + 1);
	buf_printf(&message, "%s%s%s", fault->status, fault->why ? ": " : "",
		fault->why ? fault->why : "");
	add_case(junit,
		certified          ? KIND_PASS
			: declared ? KIND_SKIPPED
				   : undecided(junit),
		name.data, fault->file ? fault->file : junit->result->path, "regionproof.fault",
		message.data, certified ? NULL : fault->text);
	buf_release(&name);
	buf_release(&message);
}

static void add_cleanup(struct junit *junit)
{
	const struct result *result = junit->result;
	struct buf text = {0};

	for (size_t i = 0; i < result->n_changes; i++) {
		if (!result->changes[i].undone)
			buf_printf(&text, "left: %s\n", result->changes[i].what);
	}
	if (result->clean && !text.len)
		add_plain(junit, true, "clean-up", NULL, NULL);
	else
		add_case(junit, KIND_ERROR, "clean-up", result->path, "regionproof.cleanup",
			"clean-up not verified; `regionproof clean` undoes what is left",
			text.len ? text.data : NULL);
	buf_release(&text);
}

/* --- the document ---------------------------------------------------------------------------- */

static void put_counts(struct buf *out, const struct junit *junit, bool with_skipped)
{
	size_t tests = 0;

	for (int kind = 0; kind < KINDS; kind++)
		tests += junit->count[kind];
	buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\"", tests,
		junit->count[KIND_FAILURE], junit->count[KIND_ERROR]);
	if (with_skipped)
		buf_printf(out, " skipped=\"%zu\"", junit->count[KIND_SKIPPED]);
	buf_puts(out, " time=\"");
	text_seconds(out, junit->result->duration_ns, 3);
	buf_addc(out, '"');
}

static void put_property(struct buf *out, const char *name, const char *value)
{
	buf_puts(out, "      <property");
	xml_attribute(out, "name", name);
	xml_attribute(out, "value", value ? value : "");
	buf_puts(out, "/>\n");
}

static void put_properties(struct buf *out, const struct result *result)
{
	char seed[24];

	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)result->seed);
	buf_puts(out, "    <properties>\n");
	put_property(out, "run", result->run);
	put_property(out, "seed", seed);
	if (result->variant)
		put_property(out, "variant", result->variant);
	put_property(out, "regionproof", result->tool_version);
	for (size_t i = 0; i < result->n_facts; i++)
		put_property(out, result->facts[i].name, result->facts[i].value);
	buf_puts(out, "    </properties>\n");
}

void junit_write(const struct result *result, const struct writer_options *options, struct buf *out)
{
	struct junit junit = {.result = result, .options = options};

	add_stages(&junit);
	for (size_t i = 0; i < result->n_faults; i++)
		add_fault(&junit, i);
	for (size_t i = 0; i < result->n_expects; i++)
		add_expect(&junit, i);
	add_cleanup(&junit);

	buf_puts(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"regionproof\"");
	put_counts(out, &junit, false);
	buf_puts(out, ">\n  <testsuite");
	xml_attribute(out, "name", result->scenario);
	put_counts(out, &junit, true);
	buf_puts(out, " timestamp=\"");
	text_time(out, result->wall_start_ns);
	buf_puts(out, "\">\n");
	put_properties(out, result);
	buf_add(out, buf_str(&junit.cases), junit.cases.len);
	buf_puts(out, "  </testsuite>\n</testsuites>\n");
	buf_release(&junit.cases);
}
