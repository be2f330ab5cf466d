/*
 * html_chart: a small chart over time, as there is one per region, and paths within it.
 */
#ifndef REPORTS_WRITERS_HTML_CHART_H
#define REPORTS_WRITERS_HTML_CHART_H

#include "reports/writers/html_axis.h"

#define CHART_WIDTH 360
#define CHART_HEIGHT 196
#define CHART_LEFT 52
#define CHART_TOP 34
#define CHART_BOTTOM 168
#define CHART_REGIONS_MAX 24 /* drawn; all are in the tables */

struct axis chart_axis(const struct html *html);
/* <svg> with faults, ticks and "region: what"; to be closed by svg_close(). label: for those who do
 * not see it. */
void chart_open(const struct axis *axis, const char *region, const char *what, const char *label);
/* A line across at y with room for a text before it: to be written, and closed by svg_text_end(). */
void chart_level_begin(const struct axis *axis, double y);
/* "10 ms": ten to the power of `decade` nanoseconds. */
void chart_put_decade(struct buf *out, double decade);
/* One command of a path's d. */
void chart_point(struct buf *path, char command, double x, double y);
/* The path as a stroke; nothing where it is empty. Releases it. */
void chart_put_path(struct buf *out, struct buf *path, enum paint paint, double width, bool round);
/* The same, filled, with sharp edges. */
void chart_put_area(struct buf *out, struct buf *path, enum paint paint);

#endif
