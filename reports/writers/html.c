#include "reports/writers/html.h"
#include "fixtures/base/buf.h"
#include "reports/writers/writers.h"

#include <string.h>

/* --- what parts share ------------------------------------------------------------------------ */

static void put_shape(struct buf *out, enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_PASS:
		buf_puts(out,
			"<path d=\"M2.5 8.5l3.5 3.5l7.5-8\" fill=\"none\" stroke=\"#0b5d47\" "
			"class=\"s-pass\" stroke-width=\"2.4\"/>");
		return;
	case VERDICT_WARN:
		buf_puts(out,
			"<path d=\"M8 2l6.5 12h-13z\" fill=\"none\" stroke=\"#8a5a00\" "
			"class=\"s-warn\" stroke-width=\"2\"/>");
		return;
	case VERDICT_FAIL:
		buf_puts(out,
			"<path d=\"M3 3l10 10M13 3l-10 10\" fill=\"none\" stroke=\"#b93c05\" "
			"class=\"s-bad\" stroke-width=\"2.6\"/>");
		return;
	case VERDICT_INCONCLUSIVE:
		buf_puts(out,
			"<path d=\"M5 5.5a3 3 0 1 1 4.4 2.6q-1.4.7-1.4 2.2M8 12.4v1.6\" "
			"fill=\"none\" stroke=\"#8a5a00\" class=\"s-warn\" stroke-width=\"2\"/>");
		return;
	case VERDICT_VOID:
		buf_puts(out,
			"<path d=\"M8 2.5a5.5 5.5 0 1 1-.01 0M4.5 11.5l7-7\" fill=\"none\" "
			"stroke=\"#5b6472\" class=\"s-faint\" stroke-width=\"2\"/>");
		return;
	case VERDICT_ERROR:
		buf_puts(out,
			"<path d=\"M8 2v7.5M8 12v2.4\" fill=\"none\" stroke=\"#b93c05\" "
			"class=\"s-bad\" stroke-width=\"3\"/>");
		return;
	case VERDICTS:
		return;
	}
}

void html_put_icon(struct buf *out, enum verdict verdict)
{
	buf_puts(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"icon\" width=\"16\" "
		"height=\"16\" viewBox=\"0 0 16 16\" aria-hidden=\"true\">");
	put_shape(out, verdict);
	buf_puts(out, "</svg>");
}

void html_put_cell(struct buf *out, const char *class_, const char *text)
{
	if (class_)
		buf_printf(out, "<td class=\"%s\">", class_);
	else
		buf_puts(out, "<td>");
	html_text(out, text);
	buf_puts(out, "</td>");
}

void html_put_head(struct buf *out, const char *columns)
{
	buf_puts(out, "<thead><tr>");
	for (const char *at = columns; *at;) {
		size_t n = strcspn(at, "|");

		buf_printf(out, "<th scope=\"col\">%.*s</th>", (int)n, at);
		at += n + (at[n] == '|');
	}
	buf_puts(out, "</tr></thead>\n");
}

/* The text that is shown is the scenario's: there is no line to lead to in a file that it extends. */
void html_put_place(struct buf *out, const struct result *result, const char *file, unsigned line)
{
	if (!result->path || !file || !strcmp(result->path, file)) {
		html_put_line(out, line);
		return;
	}
	html_text(out, file);
	buf_printf(out, " line %u", line);
}

void html_put_line(struct buf *out, unsigned line)
{
	if (line)
		buf_printf(out, "<a href=\"#L%u\">line %u</a>", line, line);
}

/* --- the page -------------------------------------------------------------------------------- */

static uint64_t end_of(const struct result *result)
{
	uint64_t end_ns = result->duration_ns;
	const struct series *series = &result->series;

	for (size_t i = 0; i < result->n_events; i++) {
		if (result->events[i].at_ns > end_ns)
			end_ns = result->events[i].at_ns;
	}
	if (series->n_buckets && (series->n_buckets - 1) * series->bucket_ns > end_ns)
		end_ns = (series->n_buckets - 1) * series->bucket_ns;
	return end_ns ? end_ns : 1;
}

static void put_head(const struct html *html)
{
	struct buf *out = html->out;

	buf_puts(out,
		"<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n"
		"<head>\n<meta charset=\"utf-8\"/>\n<meta name=\"viewport\" "
		"content=\"width=device-width, initial-scale=1\"/>\n<meta name=\"generator\" "
		"content=\"regionproof\"/>\n<link rel=\"stylesheet\" href=\"report.css\"/>\n"
		"<title>");
	html_text(out, html->result->scenario);
	buf_puts(out, " \xc2\xb7 regionproof</title>\n</head>\n<body>\n");
}

static bool has_counterexamples(const struct result *result)
{
	for (size_t i = 0; i < result->n_expects; i++) {
		if (result->expects[i].verdict == VERDICT_FAIL && result->expects[i].n_witnesses)
			return true;
	}
	return false;
}

static void put_contents(const struct html *html)
{
	const struct result *result = html->result;
	const struct {
		const char *name;
		bool there;
	} sections[] = {{"claims", result->n_claims > 0}, {"expectations", true},
		{"timeline", true}, {"counterexamples", has_counterexamples(result)},
		{"charts", result->series.n_buckets > 0},
		{"staleness", result->series.n_buckets > 0}, {"links", result->series.n_links > 0},
		{"visibility", result->series.n_visibilities > 0}, {"faults", true},
		{"limits", true}, {"environment", true}, {"scenario", true}, {"files", true}};

	buf_puts(html->out, "<nav aria-label=\"Sections\">");
	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++) {
		if (sections[i].there)
			buf_printf(html->out, "%s<a href=\"#%s\">%s</a>", i ? " " : "",
				sections[i].name, sections[i].name);
	}
	buf_puts(html->out, " <a href=\"zoom.html\">zoom</a></nav>\n");
}

void html_write(const struct result *result, const struct writer_options *options, struct buf *out)
{
	struct html html = {.result = result, .out = out, .end_ns = end_of(result)};

	(void)options;
	put_head(&html);
	html_put_verdict(&html);
	put_contents(&html);
	buf_puts(out, "<main>\n");
	html_put_claims(&html);
	html_put_expects(&html);
	html_put_timeline(&html);
	html_put_witnesses(&html);
	html_put_charts(&html);
	html_put_trouble(&html);
	html_put_matrix(&html);
	html_put_visibility(&html);
	html_put_proof(&html);
	html_put_limits(&html);
	html_put_scenario(&html);
	buf_puts(out, "</main>\n</body>\n</html>\n");
}
