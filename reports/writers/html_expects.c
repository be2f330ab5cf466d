/*
 * The table of expectations: what was wanted, what was got, on how much evidence, and why.
 */
#include "fixtures/base/buf.h"
#include "reports/writers/html.h"

#include <string.h>

#define COLUMNS "verdict|expectation|got|wanted|margin|95 % interval|samples|phase|line"
#define N_COLUMNS 9

static void put_interval(struct buf *out, const struct result_expect *expect)
{
	buf_puts(out, "<td class=\"n\">");
	if (expect->has_interval) {
		html_value(out, expect->low, expect->unit);
		buf_puts(out, " \xe2\x80\x93 ");
		html_value(out, expect->high, expect->unit);
	}
	buf_puts(out, "</td>");
}

/* How far from the bound, on which side; bounds of == and != have no distance. */
static void put_margin(struct buf *out, const struct result_expect *expect)
{
	double spare = expect->wanted_value - expect->got_value;

	buf_puts(out, "<td class=\"n\">");
	if (expect->has_got && (*expect->wanted == '<' || *expect->wanted == '>')) {
		if (*expect->wanted == '>')
			spare = -spare;
		html_value(out, spare < 0 ? -spare : spare, expect->unit);
		buf_puts(out, spare < 0 ? " beyond" : " to spare");
	}
	buf_puts(out, "</td>");
}

static void put_samples(struct buf *out, const struct result_expect *expect)
{
	buf_puts(out, "<td class=\"n\">");
	if (expect->n) {
		html_count(out, expect->n);
		buf_puts(out, "<small> ");
		html_text(out, expect->n_what);
		buf_puts(out, "</small>");
	}
	buf_puts(out, "</td>");
}

static void put_row(const struct html *html, const struct result_expect *expect)
{
	struct buf *out = html->out;

	buf_puts(out, "<tr><td class=\"v\">");
	html_put_icon(out, expect->verdict);
	buf_printf(out, " <b>%s</b></td><th scope=\"row\">", verdict_name(expect->verdict));
	html_text(out, expect->id);
	buf_puts(out, "</th>");
	html_put_cell(out, "n got", expect->got);
	html_put_cell(out, "n", expect->wanted);
	put_margin(out, expect);
	put_interval(out, expect);
	put_samples(out, expect);
	html_put_cell(out, NULL, expect->phase ? expect->phase : "whole run");
	buf_puts(out, "<td>");
	html_put_place(out, html->result, expect->file, expect->line);
	buf_puts(out, "</td></tr>\n");
}

static void put_remark(struct buf *out, const char *label, const char *text)
{
	if (!text)
		return;
	buf_printf(out, "<p><i>%s</i> ", label);
	html_text(out, text);
	buf_puts(out, "</p>\n");
}

/* "detect 1.53 s + promote missing" */
static void put_parts(struct buf *out, const struct result_expect *expect)
{
	if (!expect->n_parts)
		return;
	buf_puts(out, "<p><i>made of</i> ");
	for (size_t i = 0; i < expect->n_parts; i++) {
		buf_puts(out, i ? " + " : "");
		html_text(out, expect->parts[i].name);
		buf_addc(out, ' ');
		if (expect->parts[i].has)
			html_length(out, expect->parts[i].value_ns);
		else
			buf_puts(out, "missing");
	}
	buf_puts(out, "</p>\n");
}

static void put_witness_link(struct buf *out, const struct result_expect *expect, size_t number)
{
	if (!expect->n_witnesses)
		return;
	buf_printf(out, "<p><a href=\"#witness-%zu\">", number);
	if (expect->total_findings > 1) {
		buf_puts(out, "the smallest counterexample, of ");
		html_count(out, expect->total_findings);
	} else {
		buf_puts(out, "the counterexample");
	}
	buf_puts(out, "</a></p>\n");
}

static void put_expect(const struct html *html, const struct result_expect *expect, size_t number)
{
	struct buf *out = html->out;
	bool told = expect->verdict == VERDICT_FAIL;

	buf_printf(out, "<tbody id=\"expect-%zu\" class=\"v-%s\">\n", number,
		verdict_name(expect->verdict));
	put_row(html, expect);
	if (expect->why || expect->note || expect->n_parts || (told && expect->n_witnesses)) {
		buf_printf(out, "<tr class=\"more\"><td></td><td colspan=\"%d\">", N_COLUMNS - 1);
		put_remark(out, "why", expect->why);
		put_parts(out, expect);
		put_remark(out, "note", expect->note);
		if (told)
			put_witness_link(out, expect, number);
		buf_puts(out, "</td></tr>\n");
	}
	buf_puts(out, "</tbody>\n");
}

void html_put_expects(const struct html *html)
{
	const struct result *result = html->result;
	struct buf *out = html->out;

	buf_puts(out, "<section id=\"expectations\">\n<h2>Expectations</h2>\n");
	if (!result->n_expects)
		buf_puts(out, "<p>The scenario has none, or the run did not get that far.</p>\n");
	else
		buf_puts(out, "<div class=\"scroll\"><table class=\"expects\">\n");
	if (result->n_expects)
		html_put_head(out, COLUMNS);
	for (size_t i = 0; i < result->n_expects; i++)
		put_expect(html, &result->expects[i], i + 1);
	if (result->n_expects)
		buf_puts(out, "</table></div>\n");
	buf_puts(out, "</section>\n");
}
