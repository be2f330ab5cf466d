/*
 * html_svg: pieces of charts.
 *
 * Every paint is a presentation attribute and a class beside it: the attribute shows without a style
 * sheet, the class lets report.css paint it anew for dark screens.
 */
#ifndef REPORTS_WRITERS_HTML_SVG_H
#define REPORTS_WRITERS_HTML_SVG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

enum paint {
	PAINT_INK,   /* text */
	PAINT_FAINT, /* secondary text, axes */
	PAINT_GRID,  /* lines behind data */
	PAINT_BAND,  /* every other phase */
	PAINT_OK,    /* operations that went well */
	PAINT_SOFT,  /* the range of what went well */
	PAINT_FAIL,
	PAINT_UNKNOWN,
	PAINT_FAULT, /* a fault in force */
	PAINT_ROLE,  /* a primary */
	PAINT_SPAN,  /* a dimension arrow */
	PAINT_PAPER, /* what lies behind */
	PAINTS
};

enum anchor { ANCHOR_START, ANCHOR_MIDDLE, ANCHOR_END };

/* <svg>, with a text for those who do not see it; label is foreign. */
void svg_open(struct buf *out, const char *class_, double width, double height, const char *label);
void svg_close(struct buf *out);

void svg_fill(struct buf *out, enum paint paint);
void svg_stroke(struct buf *out, enum paint paint, double width);
/* One decimal: a tenth of a pixel. */
void svg_number(struct buf *out, double value);
/* ` x="1.5"` */
void svg_at(struct buf *out, const char *name, double value);

void svg_line(struct buf *out, enum paint paint, double x1, double y1, double x2, double y2);
void svg_rect(struct buf *out, enum paint paint, double x, double y, double width, double height);
/* <text ..>, to be closed with svg_text_end. size in pixels; bold for what is read first. */
void svg_text_begin(struct buf *out, enum paint paint, enum anchor anchor, double size, bool bold,
	double x, double y);
void svg_text_end(struct buf *out);
void svg_text(struct buf *out, enum paint paint, enum anchor anchor, double size, double x,
	double y, const char *text);
/* How many characters of that size fit into so many pixels, roughly. */
size_t svg_fitting(double size, double width);

/* A step of 1, 2 or 5 times a power of ten, at most `most` of them up to the value. */
double svg_step(double value, unsigned most);

#endif
