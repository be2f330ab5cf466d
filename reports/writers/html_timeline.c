/*
 * The timeline: a lane per region under the phases, the faults and the failover.
 *
 * What went well stands up from a lane's middle line, what did not hangs down from it: solid what
 * failed, hollow what is unknown. So nothing is told by colour alone. All lanes have one scale, and
 * nothing that happened is drawn smaller than two pixels. Instants have numbers, which the table of
 * events below explains.
 */
#include "reports/writers/html_axis.h"
#include "fixtures/base/buf.h"
#include "reports/writers/html.h"
#include "reports/writers/text.h"

#include <string.h>

#define WIDTH 1100
#define LEFT 122
#define ROW 21
#define HEIGHT 64 /* of a lane's bars */
#define UP_LEAST 30
#define LEAST 2
#define ROLE_ROW 9
#define LANE_GAP 16
#define LINES_MAX 24 /* of events through the lanes: more would be hatching */
#define MARKER_GAP 17
#define MARKER_LEVELS 3
#define FAULT_ROWS_MAX 8
#define BARS_MAX 130 /* of a lane: buckets are joined where there are more */

struct timeline {
	const struct html *html;
	struct axis axis;
	double y;
	double lanes_top;
	size_t join, n_bars; /* buckets of a bar; bars of a lane */
	double px_per_op, up,
		down; /* pixels: of an operation, of a lane above and below its line */
};

/* --- rows above the lanes -------------------------------------------------------------------- */

static void put_row_name(struct timeline *t, const char *name)
{
	svg_text(t->html->out, PAINT_FAINT, ANCHOR_END, 11, LEFT - 10, t->y + 14, name);
}

static void put_phases(struct timeline *t)
{
	const struct result *result = t->html->result;
	struct buf *out = t->html->out;
	size_t shown = 0;

	put_row_name(t, "phase");
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

		put_row_name(t, i ? "" : "fault");
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
	put_row_name(t, "failover");
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
	put_row_name(t, "event");
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

/* --- lanes ----------------------------------------------------------------------------------- */

static void add_stats(struct series_stats *sum, const struct series_stats *one)
{
	sum->ok += one->ok;
	sum->fail += one->fail;
	sum->unknown += one->unknown;
	sum->not_sent += one->not_sent;
}

/* Reads and writes of one bar together. */
static struct series_stats bar_of(const struct timeline *t, const char *region, size_t bar)
{
	const struct series *series = &t->html->result->series;
	struct series_stats sum = {0};

	for (size_t i = 0; i < series->n_lines; i++) {
		if (strcmp(series->lines[i].region, region))
			continue;
		for (size_t b = bar * t->join; b < (bar + 1) * t->join && b < series->n_buckets;
			b++)
			add_stats(&sum, &series->lines[i].buckets[b]);
	}
	return sum;
}

/* How many buckets make a bar. */
static size_t joined(const struct result *result)
{
	return (result->series.n_buckets + BARS_MAX - 1) / BARS_MAX;
}

static void find_scale(struct timeline *t)
{
	const struct result *result = t->html->result;
	double up = 1, down = 1;

	t->join = joined(result);
	t->n_bars = t->join ? (result->series.n_buckets + t->join - 1) / t->join : 0;
	for (size_t r = 0; r < result->n_regions; r++) {
		for (size_t b = 0; b < t->n_bars; b++) {
			struct series_stats sum = bar_of(t, result->regions[r].name, b);
			double not_ok = (double)(sum.fail + sum.unknown + sum.not_sent);

			if ((double)sum.ok > up)
				up = (double)sum.ok;
			if (not_ok > down)
				down = not_ok;
		}
	}
	t->px_per_op = HEIGHT / (up + down);
	t->up = up * t->px_per_op < UP_LEAST ? UP_LEAST : up * t->px_per_op;
}

static double height_of(const struct timeline *t, uint64_t n)
{
	double height = (double)n * t->px_per_op;

	return n && height < LEAST ? LEAST : height;
}

enum layer { LAYER_OK, LAYER_FAIL, LAYER_UNKNOWN, LAYER_NOT_SENT, LAYERS };

static void add_bar(const struct timeline *t, enum layer layer, const struct series_stats *sum,
	double x, double width, double middle, struct buf *path)
{
	double fail = height_of(t, sum->fail), unknown = height_of(t, sum->unknown);

	switch (layer) {
	case LAYER_OK:
		if (sum->ok)
			axis_box(path, x, middle - height_of(t, sum->ok), width,
				height_of(t, sum->ok));
		break;
	case LAYER_FAIL:
		if (sum->fail)
			axis_box(path, x, middle + 1, width, fail);
		break;
	case LAYER_UNKNOWN:
		if (sum->unknown)
			axis_box(path, x + 0.4, middle + 1.4 + fail, width - 0.8, unknown);
		break;
	case LAYER_NOT_SENT:
		if (sum->not_sent)
			axis_box(path, x, middle + 2 + fail + unknown, width,
				height_of(t, sum->not_sent));
		break;
	case LAYERS:
		break;
	}
}

static void put_layer(struct timeline *t, enum layer layer, const char *region, double middle)
{
	uint64_t bar_ns = t->html->result->series.bucket_ns * t->join;
	struct buf *out = t->html->out, path = {0};

	for (size_t b = 0; b < t->n_bars; b++) {
		struct series_stats sum = bar_of(t, region, b);
		double x = axis_x(&t->axis, b * bar_ns);
		double width = axis_x(&t->axis, (b + 1) * bar_ns) - x;

		add_bar(t, layer, &sum, x, width > 0.5 ? width : 0.5, middle, &path);
	}
	if (path.len) {
		buf_printf(out, "<path shape-rendering=\"crispEdges\" d=\"%s\"", buf_str(&path));
		if (layer == LAYER_OK)
			svg_fill(out, PAINT_OK);
		else if (layer == LAYER_FAIL)
			svg_fill(out, PAINT_FAIL);
		else if (layer == LAYER_UNKNOWN)
			svg_stroke(out, PAINT_UNKNOWN, 0.8);
		else
			svg_fill(out, PAINT_FAINT);
		buf_puts(out, "/>\n");
	}
	buf_release(&path);
}

/* Thick: primary. Thin: replica. Dotted: did not answer. */
static void put_role_span(struct timeline *t, const struct series_role_span *span, double y)
{
	struct buf *out = t->html->out;
	double x = axis_x(&t->axis, span->start_ns), end = axis_x(&t->axis, span->end_ns);

	if (span->roles & SERIES_PRIMARY) {
		svg_rect(out, PAINT_ROLE, x, y - 3, end - x, 6);
	} else if (span->roles & SERIES_REPLICA) {
		svg_rect(out, PAINT_FAINT, x, y - 0.5, end - x, 1);
	} else {
		buf_puts(out, "<g stroke-dasharray=\"1.5 3\">");
		svg_line(out, PAINT_FAIL, x, y, end, y);
		buf_puts(out, "</g>\n");
	}
	if (span->roles & SERIES_PRIMARY && end - x > 52) {
		svg_text_begin(out, PAINT_ROLE, ANCHOR_START, 10, true, x + 3, y - 5);
		buf_puts(out, "primary");
		svg_text_end(out);
	}
}

static void put_roles(struct timeline *t, const char *region)
{
	const struct series *series = &t->html->result->series;
	const char *node = NULL;

	for (size_t i = 0; i < series->n_roles; i++) {
		const struct series_role_span *span = &series->roles[i];

		if (strcmp(span->region, region))
			continue;
		if (!node || strcmp(node, span->node))
			t->y += node ? ROLE_ROW + 6 : ROLE_ROW;
		node = span->node;
		put_role_span(t, span, t->y);
	}
	t->y += node ? 6 : 0;
}

/* How far the bars of a region hang down. */
static double below(const struct timeline *t, const char *region)
{
	double most = 0;

	for (size_t b = 0; b < t->n_bars; b++) {
		struct series_stats sum = bar_of(t, region, b);
		double height = height_of(t, sum.fail) + height_of(t, sum.unknown) +
			height_of(t, sum.not_sent);

		most = height > most ? height : most;
	}
	return most;
}

static void put_lane(struct timeline *t, const struct result_region *region)
{
	struct buf *out = t->html->out;
	double middle;

	t->y += LANE_GAP;
	put_roles(t, region->name);
	middle = t->y + t->up;
	svg_text_begin(out, PAINT_INK, ANCHOR_END, 12.5, true, LEFT - 10, middle - 24);
	buf_puts(out, "<title>");
	html_text(out, region->name);
	buf_puts(out, "</title>");
	html_clipped(out, region->name, svg_fitting(14, LEFT - 10));
	svg_text_end(out);
	svg_text_begin(out, PAINT_FAINT, ANCHOR_END, 10, false, LEFT - 10, middle - 10);
	html_count(out, region->reads.ok + region->writes.ok);
	buf_puts(out, " ok");
	svg_text_end(out);
	svg_text_begin(out, PAINT_FAINT, ANCHOR_END, 10, false, LEFT - 10, middle + 3);
	html_count(out,
		region->reads.fail + region->reads.unknown + region->writes.fail +
			region->writes.unknown);
	buf_puts(out, " not ok");
	svg_text_end(out);
	for (enum layer layer = 0; layer < LAYERS; layer++)
		put_layer(t, layer, region->name, middle);
	svg_line(out, PAINT_FAINT, LEFT, middle + 0.5, LEFT + t->axis.width, middle + 0.5);
	t->y = middle + below(t, region->name) + 6;
}

/* --- the whole ------------------------------------------------------------------------------- */

static void put_key(const struct html *html)
{
	struct buf *out = html->out;

	svg_open(
		out, "key", 760, 22, "Key: up from the line ok; down solid failed, hollow unknown");
	svg_rect(out, PAINT_OK, 2, 3, 12, 9);
	svg_text(out, PAINT_INK, ANCHOR_START, 12, 20, 15, "ok (up)");
	svg_rect(out, PAINT_FAIL, 82, 8, 12, 9);
	svg_text(out, PAINT_INK, ANCHOR_START, 12, 100, 15, "failed (down)");
	buf_puts(out, "<path d=\"M203 8h11v9h-11z\"");
	svg_stroke(out, PAINT_UNKNOWN, 1.4);
	buf_puts(out, "/>");
	svg_text(out, PAINT_INK, ANCHOR_START, 12, 220, 15, "unknown (down, hollow)");
	svg_rect(out, PAINT_FAINT, 372, 8, 12, 9);
	svg_text(out, PAINT_INK, ANCHOR_START, 12, 390, 15, "not sent");
	svg_rect(out, PAINT_ROLE, 456, 8, 24, 6);
	svg_text(out, PAINT_INK, ANCHOR_START, 12, 486, 15, "primary");
	svg_rect(out, PAINT_FAINT, 546, 11, 24, 1);
	svg_text(out, PAINT_INK, ANCHOR_START, 12, 576, 15, "replica");
	buf_puts(out, "<g fill-opacity=\"0.5\">");
	svg_rect(out, PAINT_FAULT, 632, 3, 24, 14);
	buf_puts(out, "</g>");
	svg_text(out, PAINT_INK, ANCHOR_START, 12, 662, 15, "fault in force");
	svg_close(out);
}

static void put_lanes(struct timeline *t)
{
	const struct result *result = t->html->result;

	find_scale(t);
	t->lanes_top = t->y + 14;
	t->y = t->lanes_top;
	for (size_t r = 0; r < result->n_regions; r++)
		put_lane(t, &result->regions[r]);
}

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
	put_lanes(&t);
	bottom = t.y + 4;
	svg_open(html->out, "timeline", WIDTH, bottom + 22,
		"Timeline of the run: phases, faults, events, and per region roles and operations. The "
		"tables below hold the same.");
	t.axis.html = html;
	axis_put_ticks(&t.axis, t.lanes_top, bottom, false, 12);
	axis_put_faults(&t.axis, t.lanes_top, bottom);
	buf_add(html->out, buf_str(&front), front.len);
	t.html = html;
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
	put_key(html);
	buf_puts(out, "<figure class=\"wide\">\n");
	put_drawing(html);
	buf_puts(out, "<figcaption>Operations of client sessions by their intended start");
	if (result->series.n_buckets) {
		buf_puts(out, ", in steps of ");
		html_length(out, (double)(result->series.bucket_ns * joined(result)));
		buf_puts(out,
			", all regions on one scale; anything that happened is at least 2 pixels "
			"high. Time counts from the instant at which all regions were ready.");
	}
	buf_puts(out, "</figcaption>\n</figure>\n");
	html_put_events(html);
	buf_puts(out, "</section>\n");
}
