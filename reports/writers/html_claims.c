/* The table of a pack: what is claimed, what was measured, how sure that is. */
#include "reports/writers/html.h"

#include "fixtures/base/buf.h"

static void put_row(struct buf *out, const struct result_claim *claim)
{
	buf_printf(out, "<tr class=\"v-%s\"><td>", verdict_name(claim->verdict));
	html_put_icon(out, claim->verdict);
	buf_printf(out, " %s</td><td>", verdict_name(claim->verdict));
	html_text(out, claim->claim);
	buf_puts(out, "<br/><small>");
	html_text(out, claim->source);
	buf_puts(out, ", ");
	html_text(out, claim->date);
	buf_puts(out, "</small></td>");
	html_put_cell(out, NULL, claim->claimed);
	html_put_cell(out, NULL, claim->measured);
	html_put_cell(out, NULL, claim->interval);
	html_put_cell(out, NULL, claim->system);
	buf_puts(out, "</tr>\n");
}

void html_put_claims(const struct html *html)
{
	const struct result *result = html->result;
	struct buf *out = html->out;

	if (!result->n_claims)
		return;
	buf_puts(out,
		"<section id=\"claims\">\n<h2>Claims</h2>\n<p>After all trials of the pack so far; "
		"measured is the worst of them.</p>\n<div class=\"scroll\"><table>\n");
	html_put_head(out, "verdict|claim|tested as|measured|how sure|system");
	buf_puts(out, "<tbody>\n");
	for (size_t i = 0; i < result->n_claims; i++)
		put_row(out, &result->claims[i]);
	buf_puts(out, "</tbody></table></div>\n</section>\n");
}
