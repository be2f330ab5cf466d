/*
 * The timeline: a lane per region under the phases, the faults and the failover.
 *
 * What went well stands up from a lane's middle line, what did not hangs down from it: solid what
 * failed, hollow what is unknown. So nothing is told by colour alone. All lanes have one scale, and
 * nothing that happened is drawn smaller than two pixels. Instants have numbers, which the table of
 * events below explains.
 */
#include "reports/writers/html_timeline.h"
#include "fixtures/base/buf.h"
#include "reports/writers/text.h"

#include <string.h>

#define WIDTH TIMELINE_WIDTH
#define LEFT TIMELINE_LEFT
#define ROW 21
#define LINES_MAX 24 /* of events through the lanes: more would be hatching */
#define MARKER_GAP 17
#define MARKER_LEVELS 3
#define FAULT_ROWS_MAX 8

/* --- rows above the lanes -------------------------------------------------------------------- */

void timeline_put_row_name(struct timeline *t, const char *name)
{
	svg_text(t->html->out, PAINT_FAINT, ANCHOR_END, 11, LEFT - 10, t->y + 14, name);
}

static void put_phases(struct timeline *t)
{
	const struct result *result = t->html->result;
	struct buf *out = t->html->out;
	size_t shown = 0;

	timeline_put_row_name(t, "phase");
	for (size_t i = 0; i < result->n_phases; i++) {
		const struct result_phase *phase = &result->phases[i];
		double x = axis_x(&t->axis, phase->start_ns);
		double width =
			axis_x(&t->axis, phase->end_ns ? phase->end_ns : t->html->end_ns) - x;
		bool is_fault = false;

		for (size_t f = 0; f < result->n_faults; f++)
			is_fault |= !strcmp(result->faults[f].name, phase->name);
		if (is_fault || width <= 0)
			continue;
		shown++;
		svg_rect(out, PAINT_BAND, x + 0.5, t->y, width > 1 ? width - 1 : 1, 18);
		svg_text_begin(out, PAINT_INK, ANCHOR_START, 11, false, x + 5, t->y + 13);
		html_clipped(out, phase->name, svg_fitting(11, width - 8));
		svg_text_end(out);
	}
	if (!shown)
		svg_text(out, PAINT_FAINT, ANCHOR_START, 11, LEFT + 5, t->y + 14, "none");
	t->y += ROW;
}

/* Into the bar where it fits, else beside it where there is more room. */
static void put_fault_label(
	struct timeline *t, const struct result_fault *fault, double x, double width)
{
	struct buf *out = t->html->out, text = {0};
	double right = LEFT + t->axis.width + 20 - x - width, left = x - LEFT;

	buf_printf(&text, "%s: %s", fault->name, fault->text ? fault->text : "");
	if (!fault->in_force_ns)
		buf_printf(&text, " (%s)", fault->status ? fault->status : "never in force");
	if (text_columns(buf_str(&text)) <= svg_fitting(11, width - 8) ||
		(width > right && width > left)) {
		svg_text_begin(out, PAINT_INK, ANCHOR_START, 11, false, x + 6, t->y + 13);
		right = width - 2;
	} else if (right >= left || text_columns(buf_str(&text)) <= svg_fitting(11, right - 6)) {
		svg_text_begin(out, PAINT_INK, ANCHOR_START, 11, false, x + width + 6, t->y + 13);
	} else {
		svg_text_begin(out, PAINT_INK, ANCHOR_END, 11, false, x - 6, t->y + 13);
		right = left;
	}
	html_clipped(out, buf_str(&text), svg_fitting(11, right - 6));
	svg_text_end(out);
	buf_release(&text);
}

static void put_faults(struct timeline *t)
{
	const struct result *result = t->html->result;
	struct buf *out = t->html->out;

	for (size_t i = 0; i < result->n_faults && i < FAULT_ROWS_MAX; i++) {
		const struct result_fault *fault = &result->faults[i];
		uint64_t from = fault->in_force_ns ? fault->in_force_ns : fault->asked_ns;
		double x = axis_x(&t->axis, from), width = 3;

		timeline_put_row_name(t, i ? "" : "fault");
		if (fault->in_force_ns)
			width = axis_x(&t->axis, axis_fault_end(t->html, fault)) - x;
		buf_puts(out, "<g fill-opacity=\"0.5\">");
		svg_rect(out, PAINT_FAULT, x, t->y, width > 2 ? width : 2, 18);
		buf_puts(out, "</g>\n");
		put_fault_label(t, fault, x, width);
		t->y += ROW;
	}
	if (result->n_faults > FAULT_ROWS_MAX) {
		svg_text_begin(out, PAINT_FAINT, ANCHOR_START, 11, false, LEFT + 5, t->y + 13);
		buf_printf(out, "and %zu more, in the table of faults",
			result->n_faults - FAULT_ROWS_MAX);
		svg_text_end(out);
		t->y += ROW;
	}
}

static const struct result_fault *fault_of(
	const struct result *result, const struct result_expect *expect)
{
	for (size_t f = 0; f < result->n_faults; f++) {
		const struct result_fault *fault = &result->faults[f];

		if (fault->in_force_ns && (!expect->phase || !strcmp(expect->phase, fault->name)))
			return fault;
	}
	return NULL;
}

static void put_parts_label(struct buf *out, const struct result_expect *expect)
{
	buf_puts(out, "RTO ");
	html_text(out, expect->got);
	for (size_t i = 0; i < expect->n_parts; i++) {
		buf_puts(out, i ? " + " : " = ");
		html_text(out, expect->parts[i].name);
		buf_addc(out, ' ');
		if (expect->parts[i].has)
			html_length(out, expect->parts[i].value_ns);
		else
			buf_puts(out, "missing");
	}
}

/* A dimension arrow from in force to the first success that lasts, with its parts ticked off. */
static void put_rto(struct timeline *t, const struct result_expect *expect)
{
	const struct result_fault *fault = fault_of(t->html->result, expect);
	struct buf *out = t->html->out;
	double from, to, y = t->y + 9, at;

	if (!fault || !expect->has_got || expect->got_value < 0)
		return;
	from = axis_x(&t->axis, fault->in_force_ns);
	to = axis_x(&t->axis, fault->in_force_ns + (uint64_t)expect->got_value);
	timeline_put_row_name(t, "failover");
	svg_line(out, PAINT_SPAN, from, y, to, y);
	svg_line(out, PAINT_SPAN, from, y - 7, from, y + 7);
	svg_line(out, PAINT_SPAN, to, y - 7, to, y + 7);
	buf_puts(out, "<path d=\"");
	buf_addc(out, 'M');
	svg_number(out, from + 7);
	buf_addc(out, ' ');
	svg_number(out, y - 4);
	buf_puts(out, "l-7 4l7 4zM");
	svg_number(out, to - 7);
	buf_addc(out, ' ');
	svg_number(out, y - 4);
	buf_puts(out, "l7 4l-7 4z\"");
	svg_fill(out, PAINT_SPAN);
	buf_puts(out, "/>\n");
	at = (double)fault->in_force_ns;
	for (size_t i = 0; i + 1 < expect->n_parts && expect->parts[i].has; i++) {
		double x;

		at += expect->parts[i].value_ns;
		x = axis_x(&t->axis, (uint64_t)at);
		svg_line(out, PAINT_SPAN, x, y - 4, x, y + 4);
	}
	if (to + 380 < WIDTH) {
		svg_text_begin(out, PAINT_SPAN, ANCHOR_START, 11, true, to + 8, y + 4);
	} else {
		t->y += ROW - 4;
		svg_text_begin(out, PAINT_SPAN, ANCHOR_END, 11, true, to, t->y + 12);
	}
	put_parts_label(out, expect);
	svg_text_end(out);
	t->y += ROW;
}

static void put_failovers(struct timeline *t)
{
	const struct result *result = t->html->result;

	for (size_t i = 0; i < result->n_expects; i++) {
		if (!strcmp(result->expects[i].metric, "failover.rto")) {
			put_rto(t, &result->expects[i]);
			return; /* others differ by operation and phase; they stand in the table */
		}
	}
}

/* --- events ---------------------------------------------------------------------------------- */

static void put_marker(
	struct buf *out, const struct result_event *event, size_t number, double x, double y)
{
	buf_printf(out, "<a href=\"#event-%zu\"><title>", number);
	html_instant(out, event->at_ns);
	buf_addc(out, ' ');
	html_text(out, event->what);
	buf_puts(out, ": ");
	html_text(out, event->text);
	buf_puts(out, "</title>\n<circle");
	svg_at(out, "cx", x);
	svg_at(out, "cy", y);
	svg_at(out, "r", number < 100 ? 7.5 : 9);
	svg_fill(out, PAINT_INK);
	buf_puts(out, "/>");
	svg_text_begin(out, PAINT_PAPER, ANCHOR_MIDDLE, number < 100 ? 9.5 : 8.5, true, x, y + 3.4);
	buf_printf(out, "%zu", number);
	svg_text_end(out);
	buf_puts(out, "</a>\n");
}

/* Numbers in circles; one that would touch its neighbour goes to the next level, and where all are
 * full it is left to the table. */
static void put_events(struct timeline *t)
{
	const struct result *result = t->html->result;
	double last[MARKER_LEVELS];
	unsigned deepest = 0;

	if (!result->n_events)
		return;
	for (unsigned level = 0; level < MARKER_LEVELS; level++)
		last[level] = -2 * MARKER_GAP;
	timeline_put_row_name(t, "event");
	for (size_t i = 0; i < result->n_events && i < HTML_EVENTS_MAX; i++) {
		double x = axis_x(&t->axis, result->events[i].at_ns);
		unsigned level = 0;

		while (level < MARKER_LEVELS && x - last[level] < MARKER_GAP + (i >= 99) * 4)
			level++;
		if (level == MARKER_LEVELS)
			continue;
		last[level] = x;
		deepest = level > deepest ? level : deepest;
		put_marker(
			t->html->out, &result->events[i], i + 1, x, t->y + 9 + level * MARKER_GAP);
	}
	t->y += 9 + deepest * MARKER_GAP + 14;
}

static void put_event_lines(struct timeline *t, double bottom)
{
	const struct result *result = t->html->result;
	struct buf *out = t->html->out;

	if (result->n_events > LINES_MAX)
		return;
	buf_puts(out, "<g stroke-dasharray=\"1 3\">\n");
	for (size_t i = 0; i < result->n_events; i++) {
		double x = axis_x(&t->axis, result->events[i].at_ns);

		svg_line(out, PAINT_INK, x, t->lanes_top, x, bottom);
	}
	buf_puts(out, "</g>\n");
}

/* --- the whole ------------------------------------------------------------------------------- */

/* Where a lane ends is known when it is drawn, and what lies behind it must be drawn before: so
 * lanes go to a buffer of their own. */
static void put_drawing(const struct html *html)
{
	struct buf front = {0};
	struct html parts = *html;
	struct timeline t = {.html = &parts, .y = 4};
	double bottom;

	parts.out = &front;
	t.axis = (struct axis){.html = &parts, .left = LEFT, .width = WIDTH - LEFT - 24};
	put_phases(&t);
	put_faults(&t);
	put_failovers(&t);
	put_events(&t);
	timeline_put_marks(&t);
	timeline_put_lanes(&t);
	bottom = t.y + 4;
	svg_open(html->out, "timeline", WIDTH, bottom + 22,
		"Timeline of the run: phases, faults, events, and per region roles and operations. The "
		"tables below hold the same.");
	t.axis.html = html;
	axis_put_ticks(&t.axis, t.lanes_top, bottom, false, 12);
	axis_put_faults(&t.axis, t.lanes_top, bottom);
	buf_add(html->out, buf_str(&front), front.len);
	t.html = html;
	if (html->result->series.n_marks)
		timeline_put_mark_lines(&t, bottom);
	else
		put_event_lines(&t, bottom);
	svg_close(html->out);
	buf_release(&front);
}

void html_put_timeline(const struct html *html)
{
	const struct result *result = html->result;
	struct buf *out = html->out;

	buf_puts(out, "<section id=\"timeline\">\n<h2>Timeline</h2>\n");
	if (!result->series.n_buckets)
		buf_puts(out, "<p>No operation was recorded.</p>\n");
	timeline_put_key(html);
	buf_puts(out, "<figure class=\"wide\">\n");
	put_drawing(html);
	buf_puts(out, "<figcaption>Operations of client sessions by their intended start");
	if (result->series.n_buckets) {
		buf_puts(out, ", in steps of ");
		html_length(out, (double)(timeline_bar_ns(result)));
		buf_puts(out,
			", all regions on one scale; anything that happened is at least 2 pixels "
			"high. Time counts from the instant at which all regions were ready.");
	}
	buf_puts(out, "</figcaption>\n</figure>\n");
	timeline_put_marks_table(html);
	html_put_events(html);
	buf_puts(out, "</section>\n");
}
