/*
 * tap: TAP 14. The scenario is a subtest, a point per expectation, with YAML diagnostics.
 *
 * Undecided is `not ok` with its severity, not SKIP, which is green. In a description a backslash
 * stands before '#' and '\', which begin directives and escapes; diagnostics are JSON strings, which
 * YAML reads, so that no text can end its block or begin a line.
 */
#include "fixtures/base/buf.h"
#include "fixtures/base/err.h"
#include "fixtures/json/jv.h"
#include "reports/result.h"
#include "reports/writers/text.h"
#include "reports/writers/writer.h"
#include "reports/writers/writers.h"

#include <string.h>

static void put_words(struct buf *out, const char *text)
{
	struct buf clean = {0};

	text_clean(&clean, text, false);
	for (const char *at = buf_str(&clean); *at; at++) {
		if (*at == '#' || *at == '\\')
			buf_addc(out, '\\');
		buf_addc(out, *at);
	}
	buf_release(&clean);
}

static void put_value(struct buf *out, const char *key, const char *text)
{
	struct buf clean = {0};
	struct jv *json;

	if (!text)
		return;
	text_clean(&clean, text, false);
	json = jv_new_string(buf_str(&clean));
	buf_printf(out, "      %s: ", key);
	jv_print(json, 0, out);
	buf_addc(out, '\n');
	jv_free(json);
	buf_release(&clean);
}

static void put_diagnostics(struct buf *out, const struct result_expect *expect)
{
	buf_puts(out, "      ---\n");
	put_value(out, "message", expect->why);
	put_value(out, "severity", verdict_name(expect->verdict));
	put_value(out, "found", expect->got);
	put_value(out, "wanted", expect->wanted);
	put_value(out, "unit", expect->unit);
	buf_printf(out, "      samples: %llu\n", (unsigned long long)expect->n);
	put_value(out, "note", expect->note);
	buf_puts(out, "      at:\n  ");
	put_value(out, "file", expect->file ? expect->file : "");
	buf_printf(out, "        line: %u\n      ...\n", expect->line);
}

static bool is_ok(enum verdict verdict)
{
	return verdict == VERDICT_PASS || verdict == VERDICT_WARN;
}

static bool may_pass(const struct result_expect *expect, const struct writer_options *options)
{
	return is_ok(expect->verdict) ||
		(options->undecided_as == UNDECIDED_SKIP &&
			(expect->verdict == VERDICT_INCONCLUSIVE ||
				expect->verdict == VERDICT_VOID));
}

static void put_point(struct buf *out, const struct result_expect *expect, size_t number,
	const struct writer_options *options)
{
	bool ok = may_pass(expect, options);

	buf_printf(out, "    %s %zu - ", ok ? "ok" : "not ok", number);
	put_words(out, expect->id);
	if (ok && !is_ok(expect->verdict))
		buf_printf(out, " # SKIP %s", verdict_name(expect->verdict));
	buf_addc(out, '\n');
	if (expect->verdict != VERDICT_PASS)
		put_diagnostics(out, expect);
}

void tap_write(const struct result *result, const struct writer_options *options, struct buf *out)
{
	bool ok = result->clean && !result->error;

	buf_puts(out, "TAP version 14\n1..1\n");
	if (result->exit_code == EXIT_SCENARIO || result->exit_code == EXIT_MACHINE ||
		result->exit_code == EXIT_NOT_STEADY) {
		buf_puts(out, "Bail out! ");
		put_words(out, result->error ? result->error : "the run did not begin");
		buf_addc(out, '\n');
		return;
	}
	buf_puts(out, "# Subtest: ");
	put_words(out, result->scenario);
	buf_printf(out, "\n    1..%zu%s\n", result->n_expects,
		result->n_expects ? "" : " # the run came to no expectation");
	for (size_t i = 0; i < result->n_expects; i++) {
		put_point(out, &result->expects[i], i + 1, options);
		ok &= may_pass(&result->expects[i], options);
	}
	buf_printf(out, "%s 1 - ", ok && result->n_expects ? "ok" : "not ok");
	put_words(out, result->scenario);
	buf_addc(out, '\n');
}
