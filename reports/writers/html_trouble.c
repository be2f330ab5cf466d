/*
 * How old the answers to reads were, and what share of operations did not go well, per region.
 *
 * Age is what an answer surely was older than; a bar goes up to p99 of its bucket, the dot is the
 * oldest. Triangles above: stale answers, solid where they did not say so. Shares are of all that
 * was asked for in a step: solid failed, hollow on top unknown, grey not sent. All regions share the
 * axes, and one operation of many is still two pixels high.
 */
#include "fixtures/base/buf.h"
#include "reports/writers/html_chart.h"

#include <math.h>
#include <string.h>

#define STEPS_MAX 60 /* of shares: buckets are joined */
#define LEAST 2
#define PLOT (CHART_BOTTOM - CHART_TOP)

struct trouble {
	const struct html *html;
	struct axis axis;
	double oldest_s;
	size_t join;
};

static bool is_of(const struct series_line *line, const char *region)
{
	return !strcmp(line->region, region);
}

/* --- ages ------------------------------------------------------------------------------------ */

static double find_oldest(const struct series *series)
{
	uint64_t oldest_ns = 0;

	for (size_t i = 0; i < series->n_lines; i++) {
		for (size_t b = 0; b < series->n_buckets; b++) {
			if (series->lines[i].buckets[b].age_max_ns > oldest_ns)
				oldest_ns = series->lines[i].buckets[b].age_max_ns;
		}
	}
	return (double)oldest_ns / 1e9;
}

static double age_y(const struct trouble *trouble, uint64_t ns)
{
	double top = trouble->oldest_s > 0 ? trouble->oldest_s : 1;

	return CHART_BOTTOM - (double)ns / 1e9 / top * PLOT;
}

static void put_age_levels(const struct trouble *trouble)
{
	double top = trouble->oldest_s > 0 ? trouble->oldest_s : 1, step = svg_step(top, 5);

	for (unsigned i = 0; i * step <= top; i++) {
		chart_level_begin(&trouble->axis, age_y(trouble, (uint64_t)(i * step * 1e9)));
		html_length(trouble->html->out, i * step * 1e9);
		svg_text_end(trouble->html->out);
	}
}

static double bucket_x(const struct trouble *trouble, size_t bucket)
{
	uint64_t bucket_ns = trouble->html->result->series.bucket_ns;

	return axis_x(&trouble->axis, bucket * bucket_ns + bucket_ns / 2);
}

static void add_triangle(struct buf *path, double x, double y)
{
	chart_point(path, 'M', x - 2.5, y);
	buf_puts(path, "h5l-2.5-5z");
}

static void put_ages(const struct trouble *trouble, const struct series_line *line)
{
	struct buf bars = {0}, oldest = {0}, told = {0}, untold = {0};
	struct buf *out = trouble->html->out;
	double width = bucket_x(trouble, 1) - bucket_x(trouble, 0);

	for (size_t b = 0; b < line->n; b++) {
		const struct series_stats *stats = &line->buckets[b];
		double x = bucket_x(trouble, b);

		if (stats->age_p99_ns) {
			chart_point(&bars, 'M', x, CHART_BOTTOM);
			buf_addc(&bars, 'V');
			svg_number(
				&bars, fmin(age_y(trouble, stats->age_p99_ns), CHART_BOTTOM - 1));
		}
		if (stats->age_max_ns) {
			chart_point(&oldest, 'M', x, age_y(trouble, stats->age_max_ns));
			buf_puts(&oldest, "h0");
		}
		if (stats->stale_unflagged)
			add_triangle(&untold, x, CHART_TOP - 8);
		if (stats->stale_flagged)
			add_triangle(&told, x, CHART_TOP - 1);
	}
	chart_put_path(out, &bars, PAINT_SOFT, fmax(width, 1), false);
	chart_put_path(out, &oldest, PAINT_INK, 2.4, true);
	chart_put_area(out, &untold, PAINT_FAIL);
	chart_put_path(out, &told, PAINT_FAULT, 0.8, false);
}

static void put_ages_of(const struct trouble *trouble, const char *region)
{
	const struct series *series = &trouble->html->result->series;

	chart_open(&trouble->axis, region, "age of reads",
		"How old answers to reads surely were over time; the table below has numbers");
	put_age_levels(trouble);
	for (size_t i = 0; i < series->n_lines; i++) {
		if (is_of(&series->lines[i], region) && !series->lines[i].writes)
			put_ages(trouble, &series->lines[i]);
	}
	svg_close(trouble->html->out);
}

/* --- shares of what did not go well ---------------------------------------------------------- */

static struct result_counts counts_of(
	const struct trouble *trouble, const char *region, size_t first)
{
	const struct series *series = &trouble->html->result->series;
	struct result_counts counts = {0};

	for (size_t i = 0; i < series->n_lines; i++) {
		if (!is_of(&series->lines[i], region))
			continue;
		for (size_t b = first; b < first + trouble->join && b < series->n_buckets; b++) {
			counts.ok += series->lines[i].buckets[b].ok;
			counts.fail += series->lines[i].buckets[b].fail;
			counts.unknown += series->lines[i].buckets[b].unknown;
			counts.not_sent += series->lines[i].buckets[b].not_sent;
		}
	}
	return counts;
}

/* A box of that share on top of *y, which rises. */
static void stack(struct buf *path, double x, double width, double share, double *y)
{
	double height = share * PLOT;

	if (share <= 0)
		return;
	height = fmax(height, LEAST);
	*y -= height;
	axis_box(path, x, *y, fmax(width, 1), height);
}

static void put_shares_of(const struct trouble *trouble, const char *region)
{
	const struct series *series = &trouble->html->result->series;
	struct buf fail = {0}, unknown = {0}, not_sent = {0}, *out = trouble->html->out;

	chart_open(&trouble->axis, region, "errors",
		"Share of operations that failed or are unknown; the table below has numbers");
	for (unsigned i = 0; i <= 4; i++) {
		chart_level_begin(&trouble->axis, CHART_BOTTOM - i * PLOT / 4.0);
		buf_printf(out, "%u %%", i * 25);
		svg_text_end(out);
	}
	for (size_t b = 0; b < series->n_buckets; b += trouble->join) {
		struct result_counts n = counts_of(trouble, region, b);
		double all = (double)(n.ok + n.fail + n.unknown + n.not_sent);
		double x = axis_x(&trouble->axis, b * series->bucket_ns), y = CHART_BOTTOM;
		double end = axis_x(&trouble->axis, (b + trouble->join) * series->bucket_ns);

		if (all <= 0)
			continue;
		stack(&fail, x, end - x, (double)n.fail / all, &y);
		stack(&unknown, x, end - x, (double)n.unknown / all, &y);
		stack(&not_sent, x, end - x, (double)n.not_sent / all, &y);
	}
	chart_put_area(out, &fail, PAINT_FAIL);
	chart_put_path(out, &unknown, PAINT_UNKNOWN, 1, false);
	chart_put_area(out, &not_sent, PAINT_FAINT);
	svg_close(out);
}

/* --- numbers --------------------------------------------------------------------------------- */

static void put_ages_row(struct buf *out, const struct series_cell *cell)
{
	const struct series_stats *stats = &cell->stats;

	buf_puts(out, "<tr>");
	html_put_cell(out, NULL, cell->phase);
	buf_puts(out, "<th scope=\"row\">");
	html_text(out, cell->region);
	buf_puts(out, "</th><td class=\"n\">");
	html_count(out, stats->ok);
	buf_puts(out, "</td><td class=\"n\">");
	html_length(out, (double)stats->age_p99_ns);
	buf_puts(out, "</td><td class=\"n\">");
	html_length(out, (double)stats->age_max_ns);
	buf_puts(out, "</td><td class=\"n\">");
	html_count(out, stats->stale_flagged);
	buf_puts(out,
		stats->stale_unflagged ? "</td><td class=\"n bad\">" : "</td><td class=\"n\">");
	html_count(out, stats->stale_unflagged);
	buf_puts(out, "</td></tr>\n");
}

static void put_ages_table(struct buf *out, const struct series *series)
{
	buf_puts(out,
		"<details><summary>Ages in numbers, per phase and region</summary>\n"
		"<div class=\"scroll\"><table>\n<caption>Reads of client sessions, and how old "
		"their answers surely were at least</caption>\n");
	html_put_head(out, "phase|region|reads ok|age p99|oldest|stale, said so|stale, unsaid");
	buf_puts(out, "<tbody>\n");
	for (size_t i = 0; i < series->n_cells && i < HTML_ROWS_MAX; i++) {
		if (!series->cells[i].writes && series->cells[i].stats.ok)
			put_ages_row(out, &series->cells[i]);
	}
	buf_puts(out, "</tbody></table></div></details>\n");
}

void html_put_trouble(const struct html *html)
{
	const struct result *result = html->result;
	const struct series *series = &result->series;
	struct trouble trouble = {.html = html, .axis = chart_axis(html)};
	struct buf *out = html->out;

	if (!series->n_buckets)
		return;
	trouble.oldest_s = find_oldest(series);
	trouble.join = (series->n_buckets + STEPS_MAX - 1) / STEPS_MAX;
	buf_puts(out,
		"<section id=\"staleness\">\n<h2>Staleness and errors</h2>\n"
		"<p>How old answers to reads surely were, at least: a bar goes up to p99, the dot "
		"is the oldest. \xe2\x96\xb2 above: an answer older than its limit that did not "
		"say so; \xe2\x96\xb3: one that said so. Errors: share of operations that failed "
		"(solid), whose outcome is unknown (hollow), that were not sent (grey).</p>\n"
		"<div class=\"charts\">\n");
	for (size_t r = 0; r < result->n_regions && r < CHART_REGIONS_MAX; r++)
		put_ages_of(&trouble, result->regions[r].name);
	buf_puts(out, "</div>\n<div class=\"charts\">\n");
	for (size_t r = 0; r < result->n_regions && r < CHART_REGIONS_MAX; r++)
		put_shares_of(&trouble, result->regions[r].name);
	buf_puts(out, "</div>\n");
	put_ages_table(out, series);
	buf_puts(out, "</section>\n");
}
