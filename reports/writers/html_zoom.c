/*
 * zoom.html, beside the report: the same series with zoom and cursor, by a script.
 *
 * A page of its own, since a browser under Jenkins' content policy tells every script it blocks as an
 * error, and report.html shall have none. uPlot (MIT) is put into the program where npm fetched it
 * (suites/packaging/npm.sh); without it the page says so, and report.html has all charts all the
 * same. All that is foreign stands in one block of JSON, in which no "<" is left.
 */
#include "fixtures/base/buf.h"
#include "fixtures/base/embed.h"
#include "reports/writers/html_text.h"
#include "reports/result.h"
#include "reports/writers/writers.h"

#ifdef UPLOT
EMBED(html_zoom_script, "reports/writers/zoom.js");
EMBED(html_uplot_script, UPLOT "/uPlot.iife.min.js");
EMBED(html_uplot_style, UPLOT "/uPlot.min.css");
#endif

static void put_head(struct buf *out, const struct result *result)
{
	buf_puts(out,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<link rel=\"stylesheet\" href=\"report.css\">\n<title>");
	html_text(out, result->scenario);
	buf_puts(out, " \xc2\xb7 zoom \xc2\xb7 regionproof</title>\n");
#ifdef UPLOT
	buf_printf(out, "<style>%s</style>\n", html_uplot_style);
#endif
	buf_puts(out, "</head>\n<body>\n<header>\n<p class=\"brand\">regionproof \xc2\xb7 ");
	html_text(out, result->run);
	buf_puts(out, "</p>\n<h1>");
	html_text(out, result->scenario);
	buf_puts(out, "</h1>\n<p><a href=\"report.html\">Back to the report</a>");
}

#ifdef UPLOT
static void put_data(struct buf *out, const struct result *result)
{
	struct buf json = {0};

	series_write(result, NULL, &json);
	buf_puts(out, "<script type=\"application/json\" id=\"series\">");
	for (const char *at = buf_str(&json); *at; at++) {
		if (*at == '<')
			buf_puts(out, "\\u003c");
		else
			buf_addc(out, *at);
	}
	buf_puts(out, "</script>\n");
	buf_release(&json);
}
#endif

void html_write_zoom(
	const struct result *result, const struct writer_options *options, struct buf *out)
{
	(void)options;
	put_head(out, result);
#ifdef UPLOT
	buf_puts(out,
		". Drag to zoom, double click to see all; dotted: the marks of the timeline.</p>\n"
		"<noscript><p>Zoom needs JavaScript, which is off here; the report has all charts "
		"without it.</p></noscript>\n</header>\n<main id=\"charts\"></main>\n");
	put_data(out, result);
	buf_printf(out, "<script>%s</script>\n<script>%s</script>\n", html_uplot_script,
		html_zoom_script);
#else
	buf_puts(out,
		"</p>\n</header>\n<main><p>This build of regionproof has no uPlot, since npm was not "
		"there or could not fetch it: the report has all charts, without zoom.</p></main>\n");
#endif
	buf_puts(out, "</body>\n</html>\n");
}
