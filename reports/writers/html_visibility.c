/*
 * How soon a write of one region could be read in another: a curve per ordered pair of regions.
 *
 * A prober sees a change only when it looks, so what is known of each write is an interval: the
 * band lies between the curve of the lower ends and that of the upper ends, which is stroked. Dashed:
 * writes acknowledged while a fault was in force. What was never seen keeps a curve below 100 %.
 */
#include "fixtures/base/buf.h"
#include "reports/writers/html_chart.h"

#include <math.h>
#include <string.h>

#define WIDTH 360
#define HEIGHT 180
#define LEFT 46
#define TOP 24
#define BOTTOM 150
#define PAIRS_MAX 12 /* drawn; all are in the table */
#define ROWS_MAX 300

struct bounds {
	double low, high; /* log10 of ns */
};

static bool is_never(uint64_t ns)
{
	return ns == UINT64_MAX;
}

static struct bounds find_bounds(const struct series *series)
{
	double low = 1e18, high = 0;

	for (size_t i = 0; i < series->n_visibilities; i++) {
		for (size_t s = 0; s < SERIES_SHARES; s++) {
			const struct series_visibility *v = &series->visibilities[i];

			if (is_never(v->high_ns[s]) || !v->high_ns[s])
				continue;
			low = fmin(low, (double)v->high_ns[s]);
			high = fmax(high, (double)v->high_ns[s]);
		}
	}
	low = floor(log10(low < 1e18 ? low : 1e6));
	return (struct bounds){low, fmax(ceil(log10(fmax(high, 1e6))), low + 1)};
}

static double lag_x(const struct bounds *bounds, uint64_t ns)
{
	double share = (log10(fmax((double)ns, 1)) - bounds->low) / (bounds->high - bounds->low);

	return LEFT + fmin(fmax(share, 0), 1) * (WIDTH - LEFT - 14);
}

static double share_y(double share)
{
	return BOTTOM - share * (BOTTOM - TOP);
}

static void point(struct buf *path, double x, double y)
{
	buf_addc(path, path->len ? 'L' : 'M');
	svg_number(path, x);
	buf_addc(path, ' ');
	svg_number(path, y);
}

static void put_frame(struct buf *out, const struct bounds *bounds)
{
	for (unsigned i = 0; i <= 4; i++) {
		double y = share_y(i / 4.0);

		svg_line(out, PAINT_GRID, LEFT, y, WIDTH - 14, y);
		svg_text_begin(out, PAINT_FAINT, ANCHOR_END, 11, false, LEFT - 5, y + 4);
		buf_printf(out, "%u %%", i * 25);
		svg_text_end(out);
	}
	for (double d = bounds->low; d <= bounds->high; d++) {
		double x = lag_x(bounds, (uint64_t)pow(10, d));

		svg_line(out, PAINT_GRID, x, TOP, x, BOTTOM);
		svg_text_begin(out, PAINT_FAINT, ANCHOR_MIDDLE, 11, false, x, BOTTOM + 14);
		chart_put_decade(out, d);
		svg_text_end(out);
	}
	svg_text(out, PAINT_FAINT, ANCHOR_MIDDLE, 11, (LEFT + WIDTH - 14) / 2.0, BOTTOM + 28,
		"time after the acknowledgement");
}

static void put_curve(
	struct buf *out, const struct bounds *bounds, const struct series_visibility *v)
{
	struct buf upper = {0}, band = {0};

	for (size_t s = 0; s < SERIES_SHARES; s++) {
		if (is_never(v->high_ns[s]))
			break;
		point(&upper, lag_x(bounds, v->high_ns[s]), share_y(series_share(s)));
		point(&band, lag_x(bounds, v->high_ns[s]), share_y(series_share(s)));
	}
	for (size_t s = SERIES_SHARES; s-- > 0;) {
		if (!is_never(v->high_ns[s]))
			point(&band, lag_x(bounds, v->low_ns[s]), share_y(series_share(s)));
	}
	if (upper.len) {
		buf_printf(out, "<g fill-opacity=\"0.2\"><path d=\"%sz\"", buf_str(&band));
		svg_fill(out, v->in_fault ? PAINT_FAULT : PAINT_OK);
		buf_printf(out, "/></g><g%s><path d=\"%s\"",
			v->in_fault ? " stroke-dasharray=\"5 3\"" : "", buf_str(&upper));
		svg_stroke(out, v->in_fault ? PAINT_FAIL : PAINT_OK, 1.8);
		buf_puts(out, "/></g>\n");
	}
	buf_release(&upper);
	buf_release(&band);
}

static bool same_pair(const struct series_visibility *a, const struct series_visibility *b)
{
	return !strcmp(a->from, b->from) && !strcmp(a->to, b->to);
}

/* Curves of a pair stand next to each other: without and with a fault. */
static size_t put_pair(struct buf *out, const struct series *series, size_t first,
	const struct bounds *bounds, bool draw)
{
	const struct series_visibility *v = &series->visibilities[first];
	size_t end = first;

	while (end < series->n_visibilities && same_pair(v, &series->visibilities[end]))
		end++;
	if (!draw)
		return end;
	svg_open(out, "chart", WIDTH, HEIGHT,
		"Share of writes visible over time since their acknowledgement; numbers are below");
	svg_text_begin(out, PAINT_INK, ANCHOR_START, 12, true, 2, 13);
	html_clipped(out, v->from, 22);
	buf_puts(out, " \xe2\x86\x92 ");
	html_clipped(out, v->to, 22);
	svg_text_end(out);
	put_frame(out, bounds);
	for (size_t i = first; i < end; i++)
		put_curve(out, bounds, &series->visibilities[i]);
	svg_close(out);
	return end;
}

static void put_lag(struct buf *out, const struct series_visibility *v, double share)
{
	size_t s = 0;

	while (s + 1 < SERIES_SHARES && series_share(s) < share)
		s++;
	buf_puts(out, "<td class=\"n\">");
	if (is_never(v->high_ns[s]))
		buf_puts(out, "never");
	else
		html_length(out, (double)v->high_ns[s]);
	buf_puts(out, "</td>");
}

static void put_table(struct buf *out, const struct series *series)
{
	buf_puts(out,
		"<details><summary>The same in numbers</summary>\n<div class=\"scroll\">"
		"<table>\n<caption>Time after which that share of writes was visible, at most"
		"</caption>\n");
	html_put_head(out, "from|to|acknowledged|writes|50 %|90 %|99 %|slowest|never seen");
	buf_puts(out, "<tbody>\n");
	for (size_t i = 0; i < series->n_visibilities && i < ROWS_MAX; i++) {
		const struct series_visibility *v = &series->visibilities[i];

		buf_puts(out, "<tr>");
		html_put_cell(out, NULL, v->from);
		html_put_cell(out, NULL, v->to);
		html_put_cell(
			out, NULL, v->in_fault ? "while a fault was in force" : "without a fault");
		buf_puts(out, "<td class=\"n\">");
		html_count(out, v->n);
		buf_puts(out, "</td>");
		put_lag(out, v, 0.5);
		put_lag(out, v, 0.9);
		put_lag(out, v, 0.99);
		put_lag(out, v, 1);
		buf_puts(out, "<td class=\"n\">");
		html_count(out, v->never);
		buf_puts(out, "</td></tr>\n");
	}
	buf_puts(out, "</tbody></table></div></details>\n");
}

void html_put_visibility(const struct html *html)
{
	const struct series *series = &html->result->series;
	struct bounds bounds = find_bounds(series);
	struct buf *out = html->out;
	size_t pairs = 0;

	if (!series->n_visibilities)
		return;
	buf_puts(out,
		"<section id=\"visibility\">\n<h2>Visibility</h2>\n"
		"<p>How soon a write that one region acknowledged could be read in another. "
		"Solid: acknowledged while no fault was in force; dashed: while one was. The "
		"band is what looking every so often leaves open; a curve that ends below "
		"100 % has writes that were never seen there while we watched.</p>\n"
		"<div class=\"charts\">\n");
	for (size_t i = 0; i < series->n_visibilities; pairs++)
		i = put_pair(out, series, i, &bounds, pairs < PAIRS_MAX);
	buf_puts(out, "</div>\n");
	if (pairs > PAIRS_MAX)
		buf_printf(out, "<p>The first %d of %zu pairs are drawn.</p>\n", PAIRS_MAX, pairs);
	put_table(out, series);
	buf_puts(out, "</section>\n");
}
