#include "reports/writers/html_chart.h"
#include "fixtures/base/buf.h"

#include <math.h>

struct axis chart_axis(const struct html *html)
{
	return (struct axis){
		.html = html, .left = CHART_LEFT, .width = CHART_WIDTH - CHART_LEFT - 10};
}

void chart_open(const struct axis *axis, const char *region, const char *what, const char *label)
{
	struct buf *out = axis->html->out;

	svg_open(out, "chart", CHART_WIDTH, CHART_HEIGHT, label);
	axis_put_faults(axis, CHART_TOP, CHART_BOTTOM);
	axis_put_ticks(axis, CHART_TOP, CHART_BOTTOM, false, 6);
	svg_text_begin(out, PAINT_INK, ANCHOR_START, 12, true, 2, 13);
	html_clipped(out, region, 24);
	buf_puts(out, ": ");
	buf_puts(out, what);
	svg_text_end(out);
}

void chart_level_begin(const struct axis *axis, double y)
{
	struct buf *out = axis->html->out;

	svg_line(out, PAINT_GRID, axis->left, y, axis->left + axis->width, y);
	svg_text_begin(out, PAINT_FAINT, ANCHOR_END, 11, false, axis->left - 5, y + 4);
}

void chart_put_decade(struct buf *out, double decade)
{
	if (decade < 6)
		buf_printf(out, "%.0f \xc2\xb5s", pow(10, decade - 3));
	else if (decade < 9)
		buf_printf(out, "%.0f ms", pow(10, decade - 6));
	else
		buf_printf(out, "%.0f s", pow(10, decade - 9));
}

void chart_point(struct buf *path, char command, double x, double y)
{
	buf_addc(path, command);
	svg_number(path, x);
	buf_addc(path, ' ');
	svg_number(path, y);
}

void chart_put_path(struct buf *out, struct buf *path, enum paint paint, double width, bool round)
{
	if (path->len) {
		buf_printf(out, "<path d=\"%s\"", buf_str(path));
		if (round)
			buf_puts(out, " stroke-linecap=\"round\"");
		svg_stroke(out, paint, width);
		buf_puts(out, "/>\n");
	}
	buf_release(path);
}

void chart_put_area(struct buf *out, struct buf *path, enum paint paint)
{
	if (path->len) {
		buf_printf(out, "<path shape-rendering=\"crispEdges\" d=\"%s\"", buf_str(path));
		svg_fill(out, paint);
		buf_puts(out, "/>\n");
	}
	buf_release(path);
}
