/*
 * html_timeline: what the parts of the timeline share: rows above, marks, and a lane per region.
 */
#ifndef REPORTS_WRITERS_HTML_TIMELINE_H
#define REPORTS_WRITERS_HTML_TIMELINE_H

#include "reports/writers/html_axis.h"

#define TIMELINE_WIDTH 1100
#define TIMELINE_LEFT 122

struct timeline {
	const struct html *html;
	struct axis axis;
	double y; /* where the next row begins */
	double lanes_top;
};

/* Beside the row that begins at y. */
void timeline_put_row_name(struct timeline *t, const char *name);
/* The instants of a failover by name; the lines through the lanes come with the second. */
void timeline_put_marks(struct timeline *t);
void timeline_put_mark_lines(const struct timeline *t, double bottom);
void timeline_put_marks_table(const struct html *html);
/* One per region; sets lanes_top. */
void timeline_put_lanes(struct timeline *t);
void timeline_put_key(const struct html *html);
/* Time that a bar of a lane stands for. */
uint64_t timeline_bar_ns(const struct result *result);

#endif
