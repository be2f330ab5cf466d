/*
 * The top of the page: what came out, in one sentence, and the few numbers that size it.
 */
#include "fixtures/base/buf.h"
#include "fixtures/base/err.h"
#include "reports/writers/html.h"
#include "reports/writers/text.h"

#include <string.h>

/* The outcome of the whole run follows the exit code, which has the precedence in it. */
static enum verdict verdict_of(const struct result *result)
{
	switch (result->exit_code) {
	case EXIT_OK:
		return result_count(result, VERDICT_WARN) ? VERDICT_WARN : VERDICT_PASS;
	case EXIT_EXPECTATION:
		return VERDICT_FAIL;
	case EXIT_NO_VERDICT:
		return result_count(result, VERDICT_INCONCLUSIVE) ? VERDICT_INCONCLUSIVE
								  : VERDICT_VOID;
	default:
		return VERDICT_ERROR;
	}
}

static const char *word_of(const struct result *result)
{
	if (result->exit_code == EXIT_CLEANUP)
		return "not cleaned up";
	if (result->exit_code == EXIT_SIGINT || result->exit_code == EXIT_SIGTERM)
		return "interrupted";
	if (result->exit_code == EXIT_ABORTED)
		return "aborted";
	return verdict_name(verdict_of(result));
}

/* "; it also has 2 inconclusive" */
static void put_undecided(struct buf *out, const struct result *result)
{
	static const enum verdict kinds[] = {VERDICT_INCONCLUSIVE, VERDICT_VOID, VERDICT_ERROR};
	const char *comma = " No verdict: ";

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		size_t n = result_count(result, kinds[i]);

		if (!n)
			continue;
		buf_printf(out, "%s%zu %s", comma, n, verdict_name(kinds[i]));
		comma = ", ";
	}
	if (*comma == ',')
		buf_addc(out, '.');
}

static void put_failures(struct buf *out, const struct result *result)
{
	size_t failed = result_count(result, VERDICT_FAIL);

	buf_printf(out, "%zu of %zu expectations %s not met: ", failed, result->n_expects,
		failed == 1 ? "was" : "were");
	for (size_t i = 0, shown = 0; i < result->n_expects && shown < 4; i++) {
		const struct result_expect *expect = &result->expects[i];

		if (expect->verdict != VERDICT_FAIL)
			continue;
		buf_printf(out, "%s<a href=\"#expect-%zu\">", shown++ ? "; " : "", i + 1);
		html_text(out, expect->metric);
		buf_puts(out, "</a> was ");
		html_text(out, expect->got);
		if (!strcmp(expect->unit, "count") && expect->n) {
			buf_puts(out, " (of ");
			html_count(out, expect->n);
			buf_addc(out, ' ');
			html_text(out, expect->n_what);
			buf_addc(out, ')');
		}
		buf_puts(out, ", wanted ");
		html_text(out, expect->wanted);
	}
	buf_puts(out, failed > 4 ? "; and more." : ".");
}

static void put_sentence(struct buf *out, const struct result *result)
{
	size_t failed = result_count(result, VERDICT_FAIL);
	size_t held = result_count(result, VERDICT_PASS) + result_count(result, VERDICT_WARN);

	if (!result->clean)
		buf_puts(out,
			"Clean-up could not be verified; <code>regionproof clean</code> "
			"undoes what is left. ");
	if (result->error) {
		buf_puts(out,
			result->aborted ? "Healed and ended early: "
					: "The tool could not do all of its job: ");
		html_text(out, result->error);
		buf_puts(out, ". ");
	}
	if (failed)
		put_failures(out, result);
	else if (held && held == result->n_expects)
		buf_printf(out, "%s%zu expectation%s held.", held > 1 ? "All " : "The ", held,
			held > 1 ? "s" : "");
	else if (!result->n_expects)
		buf_puts(out, "No expectation was judged.");
	else
		buf_printf(out, "Nothing failed, but only %zu of %zu expectations held.", held,
			result->n_expects);
	put_undecided(out, result);
}

static void put_operations(struct buf *out, const struct result *result)
{
	struct result_counts sum = {0};

	for (size_t r = 0; r < result->n_regions; r++) {
		const struct result_counts *reads = &result->regions[r].reads;
		const struct result_counts *writes = &result->regions[r].writes;

		sum.ok += reads->ok + writes->ok;
		sum.fail += reads->fail + writes->fail;
		sum.unknown += reads->unknown + writes->unknown;
	}
	buf_puts(out, "<div><dt>operations</dt><dd>");
	html_count(out, sum.ok + sum.fail + sum.unknown);
	buf_puts(out, " <small>");
	html_count(out, sum.fail);
	buf_puts(out, " failed, ");
	html_count(out, sum.unknown);
	buf_puts(out, " unknown</small></dd></div>\n");
}

static void put_tally(struct buf *out, const struct result *result)
{
	buf_puts(out, "<div><dt>expectations</dt><dd>");
	buf_printf(out, "%zu <small>held</small> %zu <small>failed</small>",
		result_count(result, VERDICT_PASS) + result_count(result, VERDICT_WARN),
		result_count(result, VERDICT_FAIL));
	for (enum verdict verdict = VERDICT_INCONCLUSIVE; verdict < VERDICTS; verdict++) {
		if (result_count(result, verdict))
			buf_printf(out, " %zu <small>%s</small>", result_count(result, verdict),
				verdict_name(verdict));
	}
	buf_puts(out, "</dd></div>\n");
}

static void put_faults(struct buf *out, const struct result *result)
{
	size_t certified = 0;

	for (size_t i = 0; i < result->n_faults; i++)
		certified += !strcmp(result->faults[i].status, "certified");
	buf_puts(out, "<div><dt>faults proved</dt><dd>");
	if (result->n_faults)
		buf_printf(out, "%zu <small>of %zu</small>", certified, result->n_faults);
	else
		buf_puts(out, "none <small>asked</small>");
	buf_puts(out, "</dd></div>\n");
}

static void put_failover(struct buf *out, const struct result *result)
{
	for (size_t i = 0; i < result->n_expects; i++) {
		const struct result_expect *expect = &result->expects[i];

		if (strcmp(expect->metric, "failover.rto") || !expect->has_got)
			continue;
		buf_puts(out, "<div><dt>failover</dt><dd>");
		html_text(out, expect->got);
		buf_puts(out, "</dd></div>\n");
		return;
	}
}

static void put_tiles(const struct html *html)
{
	struct buf *out = html->out;

	buf_puts(out, "<dl class=\"tiles\">\n");
	put_tally(out, html->result);
	put_faults(out, html->result);
	put_failover(out, html->result);
	put_operations(out, html->result);
	buf_puts(out, "<div><dt>length</dt><dd>");
	html_length(out, (double)html->result->duration_ns);
	buf_puts(out, "</dd></div>\n</dl>\n");
}

void html_put_verdict(const struct html *html)
{
	const struct result *result = html->result;
	enum verdict verdict = verdict_of(result);
	struct buf *out = html->out;

	buf_puts(out, "<header>\n<p class=\"brand\">regionproof ");
	html_text(out, result->tool_version);
	buf_puts(out, " \xc2\xb7 ");
	html_text(out, result->run);
	buf_printf(out, " \xc2\xb7 seed %llu \xc2\xb7 <time datetime=\"",
		(unsigned long long)result->seed);
	text_time(out, result->wall_start_ns);
	buf_puts(out, "Z\">");
	text_time(out, result->wall_start_ns);
	buf_puts(out, "Z</time></p>\n<h1>");
	html_text(out, result->scenario);
	buf_printf(out, "</h1>\n<div class=\"verdict v-%s\">\n<p class=\"word\">",
		verdict_name(verdict));
	html_put_icon(out, verdict);
	buf_printf(out, " <strong>%s</strong></p>\n<p class=\"sentence\">", word_of(result));
	put_sentence(out, result);
	buf_puts(out, "</p>\n</div>\n");
	if (result->about && *result->about) {
		buf_puts(out, "<p class=\"about\">");
		html_text(out, result->about);
		buf_puts(out, "</p>\n");
	}
	put_tiles(html);
	buf_puts(out, "</header>\n");
}
