/* The events that the timeline numbers, as a table. */
#include "fixtures/base/buf.h"
#include "reports/writers/html.h"

void html_put_events(const struct html *html)
{
	const struct result *result = html->result;
	struct buf *out = html->out;

	if (!result->n_events)
		return;
	buf_puts(
		out, "<div class=\"scroll\"><table class=\"events\">\n<caption>Events</caption>\n");
	html_put_head(out, "#|at|what|event");
	buf_puts(out, "<tbody>\n");
	for (size_t i = 0; i < result->n_events && i < HTML_EVENTS_MAX; i++) {
		buf_printf(out, "<tr id=\"event-%zu\"><td class=\"n\">%zu</td><td class=\"n\">",
			i + 1, i + 1);
		html_instant(out, result->events[i].at_ns);
		buf_puts(out, "</td>");
		html_put_cell(out, NULL, result->events[i].what);
		html_put_cell(out, NULL, result->events[i].text);
		buf_puts(out, "</tr>\n");
	}
	buf_puts(out, "</tbody></table></div>\n");
	if (result->n_events > HTML_EVENTS_MAX)
		buf_printf(out, "<p>and %zu more, in run.json</p>\n",
			result->n_events - HTML_EVENTS_MAX);
}
