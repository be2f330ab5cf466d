/*
 * Delay and loss between regions over time, as the beacons saw them: a cell per ordered pair, rows
 * send, columns receive.
 *
 * A bar goes from the fastest to the slowest beacon of its stretch, the stroke is the median; nothing
 * is averaged away. Below it hang what did not arrive, by their share, and at least two pixels. A
 * stretch in which nothing arrived has a cross. Of many regions the first are drawn; all pairs are in
 * the table, with the round trip (there and back).
 */
#include "fixtures/base/buf.h"
#include "reports/writers/html_chart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 1100.0
#define LEFT 96.0
#define HEAD 24
#define REGIONS_MAX 7 /* drawn */
#define PLOT 74
#define LOSS 16
#define CELL_GAP 14
#define CELL_HEIGHT (PLOT + LOSS + 34)
#define LABEL 50 /* room for the levels of a cell */

struct matrix {
	const struct html *html;
	size_t n; /* regions that are drawn */
	double cell_width;
	double low, high; /* log10 of ns */
};

static const struct series_link *find_link(
	const struct series *series, const char *from, const char *to)
{
	for (size_t i = 0; i < series->n_links; i++) {
		if (!strcmp(series->links[i].from, from) && !strcmp(series->links[i].to, to))
			return &series->links[i];
	}
	return NULL;
}

static void find_bounds(struct matrix *m)
{
	const struct series *series = &m->html->result->series;
	double low = 1e18, high = 0;

	for (size_t i = 0; i < series->n_links; i++) {
		for (size_t b = 0; b < series->links[i].n; b++) {
			const struct series_delay *delay = &series->links[i].buckets[b];

			if (!delay->max_ns)
				continue;
			low = fmin(low, (double)delay->min_ns);
			high = fmax(high, (double)delay->max_ns);
		}
	}
	m->low = floor(log10(fmax(low < 1e18 ? low : 1e6, 1000)));
	m->high = fmax(ceil(log10(fmax(high, 10))), m->low + 1);
}

static double delay_y(const struct matrix *m, double top, uint64_t ns)
{
	double share = (log10(fmax((double)ns, 1)) - m->low) / (m->high - m->low);

	return top + PLOT * (1 - fmin(fmax(share, 0), 1));
}

static void put_levels(const struct matrix *m, const struct axis *axis, double top)
{
	double step = m->high - m->low > 4 ? 2 : 1;

	for (double d = m->low; d <= m->high; d += step) {
		chart_level_begin(axis, top + PLOT * (1 - (d - m->low) / (m->high - m->low)));
		chart_put_decade(m->html->out, d);
		svg_text_end(m->html->out);
	}
}

static void put_delays(
	const struct matrix *m, const struct axis *axis, double top, const struct series_link *link)
{
	struct buf ranges = {0}, medians = {0}, lost = {0}, none = {0}, *out = m->html->out;
	uint64_t bucket_ns = m->html->result->series.link_bucket_ns;
	double width = fmax(axis_x(axis, bucket_ns) - axis->left, 1), floor_y = top + PLOT + 3;

	for (size_t b = 0; b < link->n; b++) {
		const struct series_delay *delay = &link->buckets[b];
		double x = axis_x(axis, b * bucket_ns + bucket_ns / 2);

		if (delay->max_ns) {
			double low = delay_y(m, top, delay->min_ns);

			chart_point(&ranges, 'M', x, fmax(low, delay_y(m, top, delay->max_ns) + 1));
			buf_addc(&ranges, 'V');
			svg_number(&ranges, delay_y(m, top, delay->max_ns));
			chart_point(&medians, 'M', x - width / 2, delay_y(m, top, delay->p50_ns));
			buf_addc(&medians, 'h');
			svg_number(&medians, width);
		}
		if (delay->lost)
			axis_box(&lost, x - width / 2, floor_y, width,
				fmax(2, LOSS * (double)delay->lost / (double)delay->sent));
		if (delay->sent && delay->lost == delay->sent) {
			chart_point(&none, 'M', x - 2, top + PLOT / 2.0 - 2);
			buf_puts(&none, "l4 4m0-4l-4 4");
		}
	}
	chart_put_path(out, &ranges, PAINT_SOFT, width, false);
	chart_put_path(out, &medians, PAINT_OK, 1.6, false);
	chart_put_area(out, &lost, PAINT_FAIL);
	chart_put_path(out, &none, PAINT_FAIL, 1, false);
}

static void put_pair(const struct matrix *m, size_t from, size_t to)
{
	const struct result_region *regions = m->html->result->regions;
	const struct series_link *link =
		find_link(&m->html->result->series, regions[from].name, regions[to].name);
	double top = HEAD + (double)from * CELL_HEIGHT + 6;
	struct axis axis = {.html = m->html,
		.left = LEFT + (double)to * m->cell_width + LABEL,
		.width = m->cell_width - LABEL - CELL_GAP};

	if (!link)
		return;
	axis_put_faults(&axis, top, top + PLOT);
	axis_put_ticks(&axis, top, top + PLOT + LOSS + 3, false, m->n > 4 ? 2 : 4);
	put_levels(m, &axis, top);
	put_delays(m, &axis, top, link);
}

static void put_names(const struct matrix *m, size_t i)
{
	const char *name = m->html->result->regions[i].name;
	struct buf *out = m->html->out;

	svg_text_begin(out, PAINT_INK, ANCHOR_START, 12, true,
		LEFT + (double)i * m->cell_width + LABEL, 14);
	buf_puts(out, "\xe2\x86\x92 ");
	html_clipped(out, name, svg_fitting(12, m->cell_width - LABEL - 20));
	svg_text_end(out);
	svg_text_begin(out, PAINT_INK, ANCHOR_END, 12, true, LEFT - 6,
		HEAD + (double)i * CELL_HEIGHT + 6 + PLOT / 2.0);
	html_clipped(out, name, svg_fitting(12, LEFT - 24));
	buf_puts(out, " \xe2\x86\x92");
	svg_text_end(out);
}

static void put_drawing(const struct matrix *m)
{
	struct buf *out = m->html->out;

	svg_open(out, "timeline", WIDTH, HEAD + (double)m->n * CELL_HEIGHT + 4,
		"Delay and loss of beacons over time per ordered pair; the table below has numbers");
	for (size_t from = 0; from < m->n; from++) {
		put_names(m, from);
		for (size_t to = 0; to < m->n; to++) {
			if (from != to)
				put_pair(m, from, to);
		}
	}
	svg_close(out);
}

/* --- numbers --------------------------------------------------------------------------------- */

struct totals {
	uint64_t sent, lost, min_ns, max_ns;
	uint64_t typical_ns; /* median of the stretches' medians; 0: nothing arrived */
};

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static struct totals totals_of(const struct series_link *link)
{
	uint64_t *medians = calloc(link->n + 1, sizeof(*medians));
	struct totals all = {0};
	size_t n = 0;

	for (size_t b = 0; b < link->n; b++) {
		const struct series_delay *delay = &link->buckets[b];

		all.sent += delay->sent;
		all.lost += delay->lost;
		if (!delay->max_ns)
			continue;
		if (medians)
			medians[n++] = delay->p50_ns;
		if (!all.min_ns || delay->min_ns < all.min_ns)
			all.min_ns = delay->min_ns;
		if (delay->max_ns > all.max_ns)
			all.max_ns = delay->max_ns;
	}
	if (n) {
		qsort(medians, n, sizeof(*medians), compare_u64);
		all.typical_ns = medians[(n - 1) / 2];
	}
	free(medians);
	return all;
}

static void put_length(struct buf *out, uint64_t ns)
{
	buf_puts(out, "<td class=\"n\">");
	if (ns)
		html_length(out, (double)ns);
	else
		buf_addc(out, '-');
	buf_puts(out, "</td>");
}

static void put_row(struct buf *out, const struct series *series, const struct series_link *link)
{
	const struct series_link *back = find_link(series, link->to, link->from);
	struct totals all = totals_of(link);
	uint64_t back_ns = back ? totals_of(back).typical_ns : 0;

	buf_puts(out, "<tr>");
	html_put_cell(out, NULL, link->from);
	html_put_cell(out, NULL, link->to);
	buf_puts(out, "<td class=\"n\">");
	html_count(out, all.sent);
	buf_puts(out, all.lost ? "</td><td class=\"n bad\">" : "</td><td class=\"n\">");
	html_count(out, all.lost);
	buf_puts(out, "</td>");
	put_length(out, all.min_ns);
	put_length(out, all.typical_ns);
	put_length(out, all.max_ns);
	put_length(out, all.typical_ns && back_ns ? all.typical_ns + back_ns : 0);
	buf_puts(out, "</tr>\n");
}

static void put_table(struct buf *out, const struct series *series)
{
	buf_puts(out,
		"<details><summary>The same in numbers</summary>\n<div class=\"scroll\"><table>\n"
		"<caption>Beacons, one way; typical is the median of the medians of the stretches, "
		"round trip is typical there and back</caption>\n");
	html_put_head(out, "from|to|sent|lost|fastest|typical|slowest|round trip");
	buf_puts(out, "<tbody>\n");
	for (size_t i = 0; i < series->n_links && i < HTML_ROWS_MAX; i++)
		put_row(out, series, &series->links[i]);
	buf_puts(out, "</tbody></table></div>\n");
	if (series->n_links > HTML_ROWS_MAX)
		buf_printf(out, "<p>and %zu more, in series.json</p>\n",
			series->n_links - HTML_ROWS_MAX);
	buf_puts(out, "</details>\n");
}

void html_put_matrix(const struct html *html)
{
	const struct result *result = html->result;
	struct matrix m = {.html = html, .n = result->n_regions};
	struct buf *out = html->out;

	if (!result->series.n_links)
		return;
	m.n = m.n > REGIONS_MAX ? REGIONS_MAX : m.n;
	m.cell_width = (WIDTH - LEFT) / (double)m.n;
	find_bounds(&m);
	buf_puts(out,
		"<section id=\"links\">\n<h2>Delay and loss between regions</h2>\n"
		"<p>Beacons, one way, by when they were sent; a row sends, a column receives. A "
		"bar goes from the fastest to the slowest, the stroke in it is the median. What "
		"hangs below did not arrive, by its share; \xc3\x97: nothing did. Shaded: a fault "
		"in force.</p>\n<figure class=\"wide\">\n");
	put_drawing(&m);
	buf_puts(out, "</figure>\n");
	if (result->n_regions > m.n)
		buf_printf(out, "<p>The first %zu of %zu regions are drawn.</p>\n", m.n,
			result->n_regions);
	put_table(out, &result->series);
	buf_puts(out, "</section>\n");
}
