/*
 * html_axis: the axis of time that all charts share, and what lies behind the data.
 */
#ifndef REPORTS_WRITERS_HTML_AXIS_H
#define REPORTS_WRITERS_HTML_AXIS_H

#include "reports/writers/html.h"

struct axis {
	const struct html *html;
	double left, width; /* of the plot */
};

double axis_x(const struct axis *axis, uint64_t ns);
/* Lines from top to bottom with numbers below (or above top, where `above`); at most `most`. */
void axis_put_ticks(const struct axis *axis, double top, double bottom, bool above, unsigned most);
/* Where faults were in force. */
void axis_put_faults(const struct axis *axis, double top, double bottom);
/* When a fault ceased to be in force, or the end; 0: it never was. */
uint64_t axis_fault_end(const struct html *html, const struct result_fault *fault);
/* The corners of a filled box, for the d of a path. */
void axis_box(struct buf *out, double x, double y, double width, double height);

#endif
