#include "reports/writers/html_svg.h"
#include "fixtures/base/buf.h"
#include "reports/writers/html_text.h"

#include <assert.h>
#include <math.h>

#define CHAR_WIDTH 0.6 /* of the size: an average over text in common sans-serif fonts */

/* After Okabe and Ito: apart for all common kinds of colour blindness, and apart in lightness. */
static const struct {
	const char *class_, *colour;
} paints[] = {
	[PAINT_INK] = {"ink", "#1c2330"},
	[PAINT_FAINT] = {"faint", "#5b6472"},
	[PAINT_GRID] = {"grid", "#d9dee6"},
	[PAINT_BAND] = {"band", "#f1f4f8"},
	[PAINT_OK] = {"ok", "#1769aa"},
	[PAINT_SOFT] = {"soft", "#a9cbe8"},
	[PAINT_FAIL] = {"fail", "#c9480a"},
	[PAINT_UNKNOWN] = {"unknown", "#a3478a"},
	[PAINT_FAULT] = {"fault", "#e69f00"},
	[PAINT_ROLE] = {"role", "#0b5d47"},
	[PAINT_SPAN] = {"span", "#4b3fb5"},
	[PAINT_PAPER] = {"paper", "#ffffff"},
};
static_assert(sizeof(paints) / sizeof(*paints) == PAINTS, "a row per paint");

void svg_number(struct buf *out, double value)
{
	double tenths = floor(value * 10 + 0.5);

	html_fixed(out, tenths / 10, fmod(tenths, 10) == 0 ? 0 : 1);
}

void svg_at(struct buf *out, const char *name, double value)
{
	buf_printf(out, " %s=\"", name);
	svg_number(out, value);
	buf_addc(out, '"');
}

void svg_open(struct buf *out, const char *class_, double width, double height, const char *label)
{
	buf_printf(
		out, "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"%s\" role=\"img\"", class_);
	svg_at(out, "width", width);
	svg_at(out, "height", height);
	buf_puts(out, " viewBox=\"0 0 ");
	svg_number(out, width);
	buf_addc(out, ' ');
	svg_number(out, height);
	buf_puts(out, "\" font-family=\"system-ui, sans-serif\"");
	html_attribute(out, "aria-label", label);
	buf_puts(out, ">\n");
}

void svg_close(struct buf *out)
{
	buf_puts(out, "</svg>\n");
}

void svg_fill(struct buf *out, enum paint paint)
{
	buf_printf(out, " class=\"f-%s\" fill=\"%s\"", paints[paint].class_, paints[paint].colour);
}

void svg_stroke(struct buf *out, enum paint paint, double width)
{
	buf_printf(out, " class=\"s-%s\" fill=\"none\" stroke=\"%s\"", paints[paint].class_,
		paints[paint].colour);
	svg_at(out, "stroke-width", width);
}

void svg_line(struct buf *out, enum paint paint, double x1, double y1, double x2, double y2)
{
	buf_puts(out, "<line");
	svg_at(out, "x1", x1);
	svg_at(out, "y1", y1);
	svg_at(out, "x2", x2);
	svg_at(out, "y2", y2);
	svg_stroke(out, paint, 1);
	buf_puts(out, "/>\n");
}

void svg_rect(struct buf *out, enum paint paint, double x, double y, double width, double height)
{
	buf_puts(out, "<rect");
	svg_at(out, "x", x);
	svg_at(out, "y", y);
	svg_at(out, "width", width);
	svg_at(out, "height", height);
	svg_fill(out, paint);
	buf_puts(out, "/>\n");
}

void svg_text_begin(struct buf *out, enum paint paint, enum anchor anchor, double size, bool bold,
	double x, double y)
{
	static const char *const anchors[] = {
		[ANCHOR_START] = "", [ANCHOR_MIDDLE] = "middle", [ANCHOR_END] = "end"};

	buf_puts(out, "<text");
	svg_at(out, "x", x);
	svg_at(out, "y", y);
	svg_at(out, "font-size", size);
	if (anchor != ANCHOR_START)
		buf_printf(out, " text-anchor=\"%s\"", anchors[anchor]);
	if (bold)
		buf_puts(out, " font-weight=\"600\"");
	svg_fill(out, paint);
	buf_addc(out, '>');
}

void svg_text_end(struct buf *out)
{
	buf_puts(out, "</text>\n");
}

void svg_text(struct buf *out, enum paint paint, enum anchor anchor, double size, double x,
	double y, const char *text)
{
	svg_text_begin(out, paint, anchor, size, false, x, y);
	html_text(out, text);
	svg_text_end(out);
}

size_t svg_fitting(double size, double width)
{
	return width <= 0 ? 0 : (size_t)(width / (size * CHAR_WIDTH));
}

double svg_step(double value, unsigned most)
{
	static const double steps[] = {1, 2, 5};
	double unit = 1e-9;

	for (; unit < 1e18; unit *= 10) {
		for (size_t i = 0; i < 3; i++) {
			if (value <= unit * steps[i] * most)
				return unit * steps[i];
		}
	}
	return unit;
}
