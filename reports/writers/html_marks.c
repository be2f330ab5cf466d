/*
 * The instants that a failover is told by: cut, last ack, detect, promote, first success, heal, gone,
 * converged. Each is a diamond with its name and time; a name that would touch its neighbour goes a
 * level deeper, and where all levels are full it is left to the table.
 */
#include "fixtures/base/buf.h"
#include "reports/writers/html_timeline.h"
#include "reports/writers/text.h"

#include <stdlib.h>
#include <string.h>

#define LEVELS 6
#define LEVEL_HEIGHT 14
#define SIZE 10.5 /* of the text */
#define GAP 8
#define LINES_MAX 24 /* through the lanes: more would be hatching */
#define ROWS_MAX 200

static void put_diamond(struct buf *out, double x, double y)
{
	buf_puts(out, "<path d=\"M");
	svg_number(out, x - 4);
	buf_addc(out, ' ');
	svg_number(out, y);
	buf_puts(out, "l4-4l4 4l-4 4z\"");
	svg_fill(out, PAINT_INK);
	buf_puts(out, "/>");
}

static void mark_text(struct buf *text, const struct series_mark *mark)
{
	buf_puts(text, series_mark_name(mark->kind));
	buf_addc(text, ' ');
	html_instant(text, mark->at_ns);
}

/* The level on which the text from x on touches nothing; LEVELS where there is none. */
static unsigned find_level(const double *ends, double x)
{
	unsigned level = 0;

	while (level < LEVELS && x < ends[level])
		level++;
	return level;
}

void timeline_put_marks(struct timeline *t)
{
	const struct series *series = &t->html->result->series;
	double ends[LEVELS] = {0}, right = TIMELINE_WIDTH;
	struct buf *out = t->html->out;
	unsigned deepest = 0;

	if (!series->n_marks)
		return;
	timeline_put_row_name(t, "mark");
	for (size_t i = 0; i < series->n_marks; i++) {
		double x = axis_x(&t->axis, series->marks[i].at_ns), y, width;
		struct buf text = {0};
		unsigned level;
		bool before;

		mark_text(&text, &series->marks[i]);
		width = (double)text_columns(buf_str(&text)) * SIZE * 0.6 + 2 * GAP;
		before = x + width > right;
		level = find_level(ends, before ? x - width : x - 4);
		if (level < LEVELS) {
			ends[level] = before ? x + GAP : x + width;
			deepest = level > deepest ? level : deepest;
			y = t->y + 9 + level * LEVEL_HEIGHT;
			put_diamond(out, x, y);
			svg_text_begin(out, PAINT_INK, before ? ANCHOR_END : ANCHOR_START, SIZE,
				false, before ? x - 7 : x + 7, y + 3.6);
			buf_puts(out, buf_str(&text));
			svg_text_end(out);
		}
		buf_release(&text);
	}
	t->y += 9 + deepest * LEVEL_HEIGHT + 12;
}

void timeline_put_mark_lines(const struct timeline *t, double bottom)
{
	const struct series *series = &t->html->result->series;
	struct buf *out = t->html->out;

	if (series->n_marks > LINES_MAX)
		return;
	buf_puts(out, "<g stroke-dasharray=\"1 3\">\n");
	for (size_t i = 0; i < series->n_marks; i++) {
		double x = axis_x(&t->axis, series->marks[i].at_ns);

		svg_line(out, PAINT_INK, x, t->lanes_top, x, bottom);
	}
	buf_puts(out, "</g>\n");
}

void timeline_put_marks_table(const struct html *html)
{
	const struct series *series = &html->result->series;
	struct buf *out = html->out;

	if (!series->n_marks)
		return;
	buf_puts(out,
		"<div class=\"scroll\"><table class=\"events\">\n"
		"<caption>Marks: cut: in force; last ack: the last write that the old primary "
		"acknowledged; detect: a node outside no longer named it; promote: another node "
		"performed a write; first success: of clients outside the cut; heal: told to end; "
		"gone: no longer in force; converged: all regions held the same</caption>\n");
	html_put_head(out, "mark|at|of");
	buf_puts(out, "<tbody>\n");
	for (size_t i = 0; i < series->n_marks && i < ROWS_MAX; i++) {
		buf_puts(out, "<tr>");
		html_put_cell(out, NULL, series_mark_name(series->marks[i].kind));
		buf_puts(out, "<td class=\"n\">");
		html_instant(out, series->marks[i].at_ns);
		buf_puts(out, "</td>");
		html_put_cell(out, NULL, series->marks[i].what);
		buf_puts(out, "</tr>\n");
	}
	buf_puts(out, "</tbody></table></div>\n");
	if (series->n_marks > ROWS_MAX)
		buf_printf(
			out, "<p>and %zu more, in series.json</p>\n", series->n_marks - ROWS_MAX);
}
