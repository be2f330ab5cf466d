/*
 * What the evidence cannot say, and the machine it comes from.
 */
#include "fixtures/base/buf.h"
#include "reports/writers/html.h"

#include <string.h>

static void put_item(struct buf *out, const char *subject, const char *text)
{
	buf_puts(out, "<li><b>");
	html_text(out, subject);
	buf_puts(out, "</b>: ");
	html_text(out, text);
	buf_puts(out, "</li>\n");
}

static void put_not_sent(struct buf *out, const struct result *result)
{
	uint64_t not_sent = 0, unknown = 0;

	for (size_t r = 0; r < result->n_regions; r++) {
		not_sent += result->regions[r].reads.not_sent + result->regions[r].writes.not_sent;
		unknown += result->regions[r].reads.unknown + result->regions[r].writes.unknown;
	}
	buf_puts(out, "<li><b>not sent</b>: ");
	html_count(out, not_sent);
	buf_puts(out,
		" operations were due while their session still waited, and were let go; they "
		"count neither as available nor as unavailable</li>\n<li><b>unknown</b>: ");
	html_count(out, unknown);
	buf_puts(out,
		" operations have no known outcome (a time-out, a reset); an unknown write is "
		"never counted as lost, an unknown read says nothing</li>\n");
}

/* Undecided expectations, faults that prove nothing, what the checkers say of themselves. */
static void put_statements(struct buf *out, const struct result *result)
{
	for (size_t i = 0; i < result->n_expects; i++) {
		const struct result_expect *expect = &result->expects[i];
		bool undecided = expect->verdict == VERDICT_INCONCLUSIVE ||
			expect->verdict == VERDICT_VOID || expect->verdict == VERDICT_ERROR;

		if (undecided && expect->why)
			put_item(out, expect->id, expect->why);
		if (expect->note)
			put_item(out, expect->id, expect->note);
	}
	for (size_t i = 0; i < result->n_faults; i++) {
		const struct result_fault *fault = &result->faults[i];

		if (strcmp(fault->status, "certified"))
			put_item(out, fault->name, fault->why ? fault->why : fault->status);
	}
}

static void put_limits(const struct html *html)
{
	const struct result *result = html->result;
	struct buf *out = html->out;

	buf_puts(out, "<section id=\"limits\">\n<h2>Limits of the evidence</h2>\n<ul>\n");
	put_statements(out, result);
	put_not_sent(out, result);
	for (size_t i = 0; i < result->n_facts; i++) {
		if (!strcmp(result->facts[i].name, "clock") ||
			!strcmp(result->facts[i].name, "noise floor"))
			put_item(out, result->facts[i].name, result->facts[i].value);
	}
	buf_puts(out,
		"<li><b>one run</b>: an observation of this run, not a promise for the next; "
		"<code>repeat</code> in the scenario makes claims over several</li>\n"
		"<li><b>not tested</b>: whatever the scenario below does not name: other "
		"faults, other links, other loads</li>\n");
	if (result->aborted)
		buf_puts(out,
			"<li><b>aborted by its own condition</b>: what would have come after it was not "
			"seen</li>\n");
	if (result->interrupted)
		buf_puts(
			out, "<li><b>interrupted</b>: what was recorded until then is kept</li>\n");
	buf_puts(out, "</ul>\n</section>\n");
}

static void put_clean_up(struct buf *out, const struct result *result)
{
	size_t left = 0;

	for (size_t i = 0; i < result->n_changes; i++)
		left += !result->changes[i].undone;
	buf_puts(out, "<h3>");
	html_put_icon(out, result->clean && !left ? VERDICT_PASS : VERDICT_ERROR);
	buf_printf(out, " Clean-up %s: %zu change%s undone, %zu left</h3>\n",
		result->clean && !left ? "verified" : "not verified", result->n_changes - left,
		result->n_changes - left == 1 ? "" : "s", left);
	if (!result->n_changes)
		return;
	buf_puts(out, "<details><summary>Every change</summary>\n<ul>\n");
	for (size_t i = 0; i < result->n_changes; i++)
		put_item(out, result->changes[i].undone ? "undone" : "LEFT",
			result->changes[i].what);
	buf_puts(out, "</ul></details>\n");
}

static void put_environment(const struct html *html)
{
	const struct result *result = html->result;
	struct buf *out = html->out;

	buf_puts(out, "<section id=\"environment\">\n<h2>Environment</h2>\n<dl class=\"facts\">\n");
	for (size_t i = 0; i < result->n_facts; i++) {
		buf_puts(out, "<div><dt>");
		html_text(out, result->facts[i].name);
		buf_puts(out, "</dt><dd>");
		html_text(out, result->facts[i].value);
		buf_puts(out, "</dd></div>\n");
	}
	buf_puts(out, "</dl>\n");
	put_clean_up(out, result);
	buf_puts(out, "</section>\n");
}

void html_put_limits(const struct html *html)
{
	put_limits(html);
	put_environment(html);
}
