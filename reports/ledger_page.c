#include "reports/ledger_page.h"
#include "fixtures/base/buf.h"
#include "reports/ledger.h"
#include "reports/result.h"
#include "reports/writers/html.h"
#include "reports/writers/text.h"
#include "reports/writers/writer.h"
#include "reports/writers/writers.h"

#include <string.h>

#define ROWS_MAX 50   /* runs of a scenario in its table; older ones are counted */
#define TRENDS_MAX 12 /* expectations of a scenario that are drawn */
#define WIDTH 220.0
#define HEIGHT 36.0
#define MARGIN 4.0

struct page {
	struct ledger *ledger;
	struct arena arena;
	struct buf *out;
	const struct ledger_run *runs; /* newest first */
	size_t n_runs;
};

static void put_page_head(struct buf *out)
{
	buf_puts(out,
		"<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n"
		"<head>\n<meta charset=\"utf-8\"/>\n<meta name=\"viewport\" "
		"content=\"width=device-width, initial-scale=1\"/>\n"
		"<link rel=\"stylesheet\" href=\"index.css\"/>\n"
		"<title>runs \xc2\xb7 regionproof</title>\n</head>\n<body>\n<header>\n"
		"<p class=\"brand\">regionproof</p>\n<h1>Runs</h1>\n</header>\n<main>\n");
}

/* What most resembles the run as a whole; the words stand beside it. */
static enum verdict verdict_of(const struct ledger_run *run)
{
	switch (run->exit_code) {
	case EXIT_OK:
		return run->tally[VERDICT_WARN] ? VERDICT_WARN : VERDICT_PASS;
	case EXIT_EXPECTATION:
		return VERDICT_FAIL;
	case EXIT_NO_VERDICT:
		return run->tally[VERDICT_VOID] ? VERDICT_VOID : VERDICT_INCONCLUSIVE;
	default:
		return VERDICT_ERROR;
	}
}

/* What broke off says how, where it was no error of ours. */
static const char *word_of(const struct ledger_run *run, enum verdict verdict)
{
	switch (run->exit_code) {
	case EXIT_ABORTED:
		return "aborted";
	case EXIT_NOT_STEADY:
		return "not steady";
	case EXIT_SIGINT:
	case EXIT_SIGTERM:
		return "interrupted";
	default:
		return verdict_name(verdict);
	}
}

static void put_run(struct page *page, const struct ledger_run *run)
{
	enum verdict verdict = verdict_of(run);

	buf_puts(page->out, "<tr><td>");
	html_put_icon(page->out, verdict);
	buf_printf(page->out, " %s</td><td>", word_of(run, verdict));
	text_time(page->out, run->wall_ns);
	buf_puts(page->out, "</td><td><a href=\"");
	html_text(page->out, run->name);
	buf_puts(page->out, "/report.html\">");
	html_text(page->out, run->name);
	buf_puts(page->out, "</a></td><td>");
	html_length(page->out, (double)run->duration_ns);
	buf_puts(page->out, "</td><td>");
	for (enum verdict v = 0; v < VERDICTS; v++) {
		if (run->tally[v])
			buf_printf(page->out, "%u %s ", run->tally[v], verdict_name(v));
	}
	buf_puts(page->out, "</td></tr>\n");
}

static void put_runs(struct page *page, const char *scenario)
{
	size_t shown = 0, more = 0;

	buf_puts(page->out, "<div class=\"scroll\"><table>\n");
	html_put_head(page->out, "verdict|began (UTC)|run|length|expectations");
	buf_puts(page->out, "<tbody>\n");
	for (size_t i = 0; i < page->n_runs; i++) {
		if (strcmp(page->runs[i].scenario, scenario))
			continue;
		if (shown++ < ROWS_MAX)
			put_run(page, &page->runs[i]);
		else
			more++;
	}
	buf_puts(page->out, "</tbody></table></div>\n");
	if (more)
		buf_printf(page->out, "<p>and %zu older ones (regionproof runs)</p>\n", more);
}

/* --- trends ---------------------------------------------------------------------------------- */

static enum paint paint_of(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_PASS:
	case VERDICT_WARN:
		return PAINT_OK;
	case VERDICT_FAIL:
	case VERDICT_ERROR:
		return PAINT_FAIL;
	case VERDICT_INCONCLUSIVE:
	case VERDICT_VOID:
	case VERDICTS:
		break;
	}
	return PAINT_UNKNOWN;
}

/* Verdicts differ in shape as well: a bar that holds stands on the ground, one that failed hangs from
 * the top, one without a verdict is a stroke in the middle. */
static void put_mark(struct buf *out, const struct ledger_value *v, double x, double most)
{
	double ground = HEIGHT - MARGIN, size = HEIGHT - 2 * MARGIN;
	double share = v->has_value && most > 0 ? v->value / most : 0;

	if (paint_of(v->verdict) == PAINT_UNKNOWN)
		svg_rect(out, PAINT_UNKNOWN, x, HEIGHT / 2 - 1, 5, 2);
	else if (paint_of(v->verdict) == PAINT_FAIL)
		svg_rect(out, PAINT_FAIL, x, MARGIN, 5, size * share > 3 ? size * share : 3);
	else
		svg_rect(out, PAINT_OK, x, ground - (size * share > 2 ? size * share : 2), 5,
			size * share > 2 ? size * share : 2);
}

static void put_spark(struct page *page, const struct ledger_value *values, size_t n)
{
	size_t first = n > (size_t)(WIDTH / 7) ? n - (size_t)(WIDTH / 7) : 0;
	double most = 0;

	for (size_t i = first; i < n; i++)
		most = values[i].has_value && values[i].value > most ? values[i].value : most;
	svg_open(page->out, "spark", WIDTH, HEIGHT, values[n - 1].id);
	svg_line(page->out, PAINT_GRID, 0, HEIGHT - MARGIN, WIDTH, HEIGHT - MARGIN);
	for (size_t i = first; i < n; i++)
		put_mark(page->out, &values[i], (double)(i - first) * 7 + 1, most);
	svg_close(page->out);
}

static int put_trend(
	struct page *page, const char *scenario, const struct ledger_value *newest, struct err *err)
{
	struct ledger_value *values;
	size_t n;

	if (ledger_trend(page->ledger, scenario, newest->id, &page->arena, &values, &n, err))
		return -1;
	if (!n)
		return 0;
	buf_puts(page->out, "<tr><td>");
	html_text(page->out, newest->id);
	buf_puts(page->out, "</td><td>");
	put_spark(page, values, n);
	buf_puts(page->out, "</td>");
	html_put_cell(page->out, NULL, newest->got);
	html_put_cell(page->out, NULL, verdict_name(newest->verdict));
	buf_puts(page->out, "</tr>\n");
	return 0;
}

/* Those that the newest run asked for. */
static int put_trends(struct page *page, const char *scenario, const char *newest, struct err *err)
{
	struct ledger_value *values;
	int rc = 0;
	size_t n;

	if (ledger_values(page->ledger, newest, &page->arena, &values, &n, err))
		return -1;
	buf_puts(page->out, "<div class=\"scroll\"><table>\n");
	html_put_head(page->out, "expectation|run by run, the newest at the right|newest|verdict");
	buf_puts(page->out, "<tbody>\n");
	for (size_t i = 0; i < n && i < TRENDS_MAX && !rc; i++)
		rc = put_trend(page, scenario, &values[i], err);
	buf_puts(page->out, "</tbody></table></div>\n");
	return rc;
}

static bool is_first(const struct page *page, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (!strcmp(page->runs[k].scenario, page->runs[i].scenario))
			return false;
	}
	return true;
}

static int put_scenarios(struct page *page, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < page->n_runs && !rc; i++) {
		const char *scenario = page->runs[i].scenario;

		if (!is_first(page, i))
			continue;
		buf_puts(page->out, "<section>\n<h2>");
		html_text(page->out, scenario);
		buf_puts(page->out, "</h2>\n");
		rc = put_trends(page, scenario, page->runs[i].name, err);
		put_runs(page, scenario);
		buf_puts(page->out, "</section>\n");
	}
	return rc;
}

int ledger_page(struct ledger *ledger, struct buf *out, struct err *err)
{
	struct ledger_filter all = {.exit_code = -1};
	struct page page = {.ledger = ledger, .out = out};
	struct ledger_run *runs;
	int rc = ledger_runs(ledger, &all, &page.arena, &runs, &page.n_runs, err);

	page.runs = runs;
	put_page_head(out);
	if (!rc)
		rc = put_scenarios(&page, err);
	if (!rc && !page.n_runs)
		buf_puts(out, "<p>No run is finished yet.</p>\n");
	buf_puts(out, "</main>\n</body>\n</html>\n");
	arena_release(&page.arena);
	return rc;
}

void ledger_page_style(struct buf *out)
{
	const struct writer_options plain = {.width = 0};
	const struct result none = {.run = ""};

	html_write_style(&none, &plain, out);
}
