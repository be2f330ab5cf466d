#include "reports/writers/console.h"
#include "fixtures/base/buf.h"
#include "reports/result.h"
#include "reports/writers/text.h"
#include "reports/writers/writer.h"
#include "reports/writers/writers.h"

#include <assert.h>
#include <string.h>

#define INDENT 10         /* of what explains a verdict */
#define METRIC_COLUMNS 44 /* most that the columns of the table take; longer cells push */
#define VALUE_COLUMNS 20

enum colour { PLAIN, GREEN, RED, YELLOW, FAINT };

static const char *const colour_codes[] = {[PLAIN] = "",
	[GREEN] = "\033[32m",
	[RED] = "\033[1;31m",
	[YELLOW] = "\033[33m",
	[FAINT] = "\033[2m"};

/* How a verdict is shown: what went wrong is loud. */
static const struct {
	const char *word;
	enum colour colour;
	const char *tally; /* "2 passed" */
} rows[] = {
	[VERDICT_PASS] = {"ok", GREEN, "passed"},
	[VERDICT_WARN] = {"warn", YELLOW, "warned"},
	[VERDICT_FAIL] = {"FAIL", RED, "failed"},
	[VERDICT_INCONCLUSIVE] = {"inconclusive", YELLOW, "inconclusive"},
	[VERDICT_VOID] = {"void", YELLOW, "void"},
	[VERDICT_ERROR] = {"ERROR", RED, "in error"},
};
static_assert(sizeof(rows) / sizeof(*rows) == VERDICTS, "a row per verdict");

/* What is handed down: where to write and how. */
struct console {
	const struct writer_options *options;
	struct buf *out;
};

static void put_coloured(struct console *console, enum colour colour, const char *text)
{
	bool coloured = console->options->colour && colour != PLAIN;

	if (coloured)
		buf_puts(console->out, colour_codes[colour]);
	text_clean(console->out, text, console->options->ascii);
	if (coloured)
		buf_puts(console->out, "\033[0m");
}

static void spaces(struct console *console, unsigned n)
{
	while (n--)
		buf_addc(console->out, ' ');
}

/* A line of its own under a verdict: label, then foreign text, broken at the width. */
static void put_line(struct console *console, const char *label, const char *text)
{
	unsigned column = INDENT + text_columns(label);

	spaces(console, INDENT);
	buf_puts(console->out, label);
	text_wrap(console->out, text, console->options->ascii, console->options->width, column,
		INDENT + 2);
	buf_addc(console->out, '\n');
}

/* --- before and during the run --------------------------------------------------------------- */

static void put_facts(struct console *console, const struct result *result)
{
	static const char label[] = "preflight  ";
	unsigned column = sizeof(label) - 1, width = console->options->width;
	struct buf fact = {0};

	buf_puts(console->out, label);
	for (size_t i = 0; i < result->n_facts; i++) {
		unsigned columns;

		buf_clear(&fact);
		text_clean(&fact, result->facts[i].name, console->options->ascii);
		buf_addc(&fact, ' ');
		text_clean(&fact, result->facts[i].value, console->options->ascii);
		columns = text_columns(buf_str(&fact));
		if (i && width && column + 3 + columns > width) {
			buf_addc(console->out, '\n');
			spaces(console, sizeof(label) - 1);
			column = sizeof(label) - 1;
		} else if (i) {
			spaces(console, 3);
			column += 3;
		}
		buf_puts(console->out, buf_str(&fact));
		column += columns;
	}
	buf_addc(console->out, '\n');
	buf_release(&fact);
}

void console_head(
	const struct result *result, const struct writer_options *options, struct buf *out)
{
	struct console console = {options, out};
	size_t start = out->len;

	buf_puts(out, "regionproof ");
	text_clean(out, result->tool_version, options->ascii);
	buf_puts(out, "   run ");
	text_clean(out, result->run, options->ascii);
	buf_printf(out, "   seed %llu\n", (unsigned long long)result->seed);
	if (result->n_facts)
		put_facts(&console, result);
	buf_addc(out, '\n');
	text_guard(out, start);
}

void console_event(
	const struct result_event *event, const struct writer_options *options, struct buf *out)
{
	struct buf at = {0};
	size_t start = out->len;

	text_seconds(&at, event->at_ns, 1);
	buf_printf(out, "%5ss  ", buf_str(&at));
	buf_release(&at);
	text_pad(out, event->what, options->ascii, 10);
	buf_puts(out, "  ");
	text_wrap(out, event->text, options->ascii, options->width,
		text_columns(buf_str(out) + start), 20);
	buf_addc(out, '\n');
	text_guard(out, start);
}

/* --- the table of verdicts ------------------------------------------------------------------- */

/* The id without its bound: "latency.p99 < 100ms for reads in steady" is "latency.p99 for reads in
 * steady"; what is wanted has a column of its own. */
static void label_of(const struct result_expect *expect, struct buf *label)
{
	const char *rest = expect->id;
	size_t metric = strcspn(rest, " ");

	buf_clear(label);
	buf_add(label, rest, metric);
	rest += metric;
	for (int word = 0; word < 2; word++) { /* the operator and the bound */
		rest += strspn(rest, " ");
		rest += strcspn(rest, " ");
	}
	buf_puts(label, rest);
}

struct columns {
	unsigned word, label, got, wanted;
};

static void widen(unsigned *columns, const char *text, unsigned most)
{
	unsigned need = text_columns(text);

	if (need > most)
		need = most;
	if (need > *columns)
		*columns = need;
}

static struct columns measure(const struct result *result)
{
	struct columns columns = {.word = 4};
	struct buf label = {0};

	for (size_t i = 0; i < result->n_expects; i++) {
		const struct result_expect *expect = &result->expects[i];

		label_of(expect, &label);
		widen(&columns.word, rows[expect->verdict].word, 12);
		widen(&columns.label, buf_str(&label), METRIC_COLUMNS);
		widen(&columns.got, expect->got, VALUE_COLUMNS);
		widen(&columns.wanted, expect->wanted, VALUE_COLUMNS);
	}
	buf_release(&label);
	return columns;
}

/* What stands behind the numbers: the evidence, or the line of the scenario that was not met. */
static void put_remark(struct console *console, const struct result_expect *expect, unsigned column)
{
	struct buf remark = {0};

	if (expect->verdict == VERDICT_PASS || expect->verdict == VERDICT_WARN) {
		if (expect->n)
			buf_printf(&remark, "of %llu %s", (unsigned long long)expect->n,
				expect->n_what ? expect->n_what : "");
		if (expect->note)
			buf_printf(&remark, "%s%s", remark.len ? "; " : "", expect->note);
	} else if (expect->verdict != VERDICT_FAIL && expect->why) {
		buf_puts(&remark, expect->why);
	} else {
		buf_printf(&remark, "%s:%u", expect->file ? expect->file : "", expect->line);
	}
	text_wrap(console->out, buf_str(&remark), console->options->ascii, console->options->width,
		column, INDENT);
	buf_release(&remark);
}

/* A column; what is longer than it still has a blank before what follows. */
static void put_column(struct console *console, const char *text, unsigned columns)
{
	text_pad(console->out, text, console->options->ascii, columns);
	if (console->out->data[console->out->len - 1] != ' ')
		spaces(console, 2);
}

static void put_row(
	struct console *console, const struct result_expect *expect, const struct columns *columns)
{
	const char *word = rows[expect->verdict].word;
	struct buf label = {0};
	size_t start;

	spaces(console, 2);
	put_coloured(console, rows[expect->verdict].colour, word);
	spaces(console, columns->word - (unsigned)strlen(word) + 2);
	start = console->out->len;
	label_of(expect, &label);
	put_column(console, buf_str(&label), columns->label + 2);
	put_column(console, expect->got, columns->got + 2);
	put_column(console, expect->wanted, columns->wanted + 4);
	put_remark(
		console, expect, columns->word + 4 + text_columns(buf_str(console->out) + start));
	while (console->out->data[console->out->len - 1] == ' ') /* there was no remark */
		console->out->len--;
	buf_addc(console->out, '\n');
	buf_release(&label);
}

/* "= detect 9.1 s + promote 2.2 s + redirect missing": a mark that is missing is not zero. */
static void put_parts(struct console *console, const struct result_expect *expect)
{
	struct buf line = {0};

	for (size_t i = 0; i < expect->n_parts; i++) {
		const struct result_part *part = &expect->parts[i];

		buf_printf(&line, "%s%s ", i ? " + " : "", part->name);
		if (!part->has) {
			buf_puts(&line, "missing");
			continue;
		}
		text_seconds(&line, (uint64_t)(part->value_ns > 0 ? part->value_ns : 0), 2);
		buf_puts(&line, " s");
	}
	if (line.len)
		put_line(console, "= ", buf_str(&line));
	buf_release(&line);
}

static void put_op(struct console *console, const struct result_op *op)
{
	struct buf label = {0};

	buf_puts(&label, "at ");
	text_seconds(&label, op->call_ns, 3);
	buf_puts(&label, " s  ");
	text_clean(&label, op->session, console->options->ascii);
	buf_puts(&label, "  ");
	put_line(console, buf_str(&label), op->text);
	buf_release(&label);
}

/* The smallest counterexample whole; of the others the number. */
static void put_witness(struct console *console, const struct result_expect *expect)
{
	const struct result_witness *witness = expect->witnesses;

	if (!expect->n_witnesses)
		return;
	for (size_t i = 0; i < witness->n_ops; i++)
		put_op(console, &witness->ops[i]);
	if (witness->reason && (!expect->why || strcmp(witness->reason, expect->why)))
		put_line(console, "so: ", witness->reason);
	if (expect->total_findings > 1) {
		struct buf more = {0};

		buf_printf(&more, "%llu more like it",
			(unsigned long long)(expect->total_findings - 1));
		put_line(console, "and ", buf_str(&more));
		buf_release(&more);
	}
}

static void put_expect(
	struct console *console, const struct result_expect *expect, const struct columns *columns)
{
	put_row(console, expect, columns);
	if (expect->n_parts)
		put_parts(console, expect);
	if (expect->verdict != VERDICT_FAIL)
		return;
	if (expect->why)
		put_line(console, "why: ", expect->why);
	put_witness(console, expect);
	if (expect->note)
		put_line(console, "note: ", expect->note);
}

/* --- what else must be said ------------------------------------------------------------------ */

/* A certified fault stands among the events; one that is not explains verdicts that are void. */
static void put_fault(struct console *console, const struct result_fault *fault)
{
	if (!strcmp(fault->status, "certified"))
		return;
	buf_puts(console->out, "  fault ");
	text_clean(console->out, fault->name, console->options->ascii);
	buf_puts(console->out, ": ");
	put_coloured(console, YELLOW, fault->status);
	if (fault->why) {
		buf_puts(console->out, ": ");
		text_clean(console->out, fault->why, console->options->ascii);
	}
	buf_addc(console->out, '\n');
}

static void put_cleanup(struct console *console, const struct result *result)
{
	size_t left = 0;

	for (size_t i = 0; i < result->n_changes; i++)
		left += !result->changes[i].undone;
	if (result->clean && !left)
		return;
	put_coloured(console, RED, "clean-up not verified");
	buf_printf(console->out, ": %zu of %zu changes left; `regionproof clean` undoes them\n",
		left, result->n_changes);
	for (size_t i = 0; i < result->n_changes; i++) {
		if (!result->changes[i].undone)
			put_line(console, "left: ", result->changes[i].what);
	}
}

static void put_troubles(struct console *console, const struct result *result)
{
	for (size_t i = 0; i < result->n_faults; i++)
		put_fault(console, &result->faults[i]);
	if (result->interrupted)
		buf_puts(console->out, "interrupted; what was recorded until then is kept\n");
	if (result->error) {
		put_coloured(console, RED, result->aborted ? "ended" : "error");
		buf_puts(console->out, "  ");
		text_wrap(console->out, result->error, console->options->ascii,
			console->options->width, 7, 7);
		buf_addc(console->out, '\n');
	}
	put_cleanup(console, result);
}

static void put_tally(struct console *console, const struct result *result)
{
	buf_printf(console->out, "%zu passed, %zu failed", result_count(result, VERDICT_PASS),
		result_count(result, VERDICT_FAIL));
	for (enum verdict verdict = 0; verdict < VERDICTS; verdict++) {
		size_t n = result_count(result, verdict);

		if (n && verdict != VERDICT_PASS && verdict != VERDICT_FAIL)
			buf_printf(console->out, ", %zu %s", n, rows[verdict].tally);
	}
	buf_addc(console->out, '\n');
}

void console_verdicts(
	const struct result *result, const struct writer_options *options, struct buf *out)
{
	struct console console = {options, out};
	struct columns columns = measure(result);
	bool failed = result_count(result, VERDICT_FAIL) > 0;
	size_t start = out->len;

	if (result->n_expects)
		buf_addc(out, '\n');
	for (size_t i = 0; i < result->n_expects; i++)
		put_expect(&console, &result->expects[i], &columns);
	put_troubles(&console, result);
	console_claims(result->claims, result->n_claims, options, out);
	if (failed && result->command) {
		buf_puts(out, "replay  ");
		text_clean(out, result->command, options->ascii);
		buf_addc(out, '\n');
	}
	if (result->dir) {
		buf_puts(out, "report  ");
		text_clean(out, result->dir, options->ascii);
		buf_puts(out, "/report.html\n");
	}
	put_tally(&console, result);
	text_guard(out, start);
}

void console_write(
	const struct result *result, const struct writer_options *options, struct buf *out)
{
	console_head(result, options, out);
	for (size_t i = 0; i < result->n_events; i++)
		console_event(&result->events[i], options, out);
	console_verdicts(result, options, out);
}
