/*
 * What the charts draw, as a table: per region, class and phase. For those who do not see charts,
 * and for those who want the number.
 */
#include "fixtures/base/buf.h"
#include "reports/writers/html.h"

static void put_latency(struct buf *out, const struct series_stats *stats, uint64_t ns)
{
	buf_puts(out, "<td class=\"n\">");
	if (stats->ok)
		html_length(out, (double)ns);
	buf_puts(out, "</td>");
}

static void put_count(struct buf *out, uint64_t n, bool bad)
{
	buf_puts(out, bad && n ? "<td class=\"n bad\">" : "<td class=\"n\">");
	html_count(out, n);
	buf_puts(out, "</td>");
}

static void put_cell_row(struct buf *out, const struct series_cell *cell)
{
	buf_puts(out, "<tr>");
	html_put_cell(out, NULL, cell->phase);
	buf_puts(out, "<th scope=\"row\">");
	html_text(out, cell->region);
	buf_puts(out, "</th>");
	html_put_cell(out, NULL, cell->writes ? "writes" : "reads");
	put_count(out, cell->stats.ok, false);
	put_count(out, cell->stats.fail, true);
	put_count(out, cell->stats.unknown, true);
	put_count(out, cell->stats.not_sent, true);
	put_latency(out, &cell->stats, cell->stats.min_ns);
	put_latency(out, &cell->stats, cell->stats.p50_ns);
	put_latency(out, &cell->stats, cell->stats.p99_ns);
	put_latency(out, &cell->stats, cell->stats.max_ns);
	buf_puts(out, "</tr>\n");
}

static bool is_empty(const struct series_cell *cell)
{
	return !(cell->stats.ok + cell->stats.fail + cell->stats.unknown + cell->stats.not_sent);
}

void html_put_numbers(const struct html *html)
{
	const struct series *series = &html->result->series;
	struct buf *out = html->out;
	size_t shown = 0, left = 0;

	buf_puts(out,
		"<details><summary>The same in numbers, per phase and region</summary>\n"
		"<div class=\"scroll\"><table>\n<caption>Operations of client sessions"
		"</caption>\n");
	html_put_head(
		out, "phase|region|class|ok|failed|unknown|not sent|fastest|median|p99|slowest");
	buf_puts(out, "<tbody>\n");
	for (size_t i = 0; i < series->n_cells; i++) {
		if (is_empty(&series->cells[i]))
			continue;
		if (shown < HTML_ROWS_MAX)
			put_cell_row(out, &series->cells[i]);
		left += shown == HTML_ROWS_MAX;
		shown += shown < HTML_ROWS_MAX;
	}
	if (!shown)
		buf_puts(out, "<tr><td colspan=\"11\">no operation</td></tr>\n");
	buf_puts(out, "</tbody></table></div>\n");
	if (left)
		buf_printf(out, "<p>and %zu rows more</p>\n", left);
	buf_puts(out, "</details>\n");
}
