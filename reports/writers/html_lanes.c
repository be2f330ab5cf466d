/*
 * The lanes of the timeline, one per region: who was primary, stale answers, operations.
 *
 * What went well stands up from a lane's middle line, what did not hangs down from it: solid what
 * failed, hollow what is unknown. A triangle above says that an answer of that stretch was stale:
 * solid where it did not say so, hollow where it did. So nothing is told by colour alone. All lanes
 * have one scale, and nothing that happened is drawn smaller than two pixels.
 */
#include "fixtures/base/buf.h"
#include "reports/writers/html_chart.h"
#include "reports/writers/html_timeline.h"

#include <string.h>

#define LEFT TIMELINE_LEFT
#define HEIGHT 64 /* of a lane's bars */
#define UP_LEAST 30
#define LEAST 2
#define ROLE_ROW 9
#define STALE_ROW 9
#define LANE_GAP 16
#define BARS_MAX 130 /* of a lane: buckets are joined where there are more */

struct lanes {
	struct timeline *t;
	size_t join, n_bars;  /* buckets of a bar; bars of a lane */
	double px_per_op, up; /* pixels of an operation; of a lane above its line */
};

static void add_stats(struct series_stats *sum, const struct series_stats *one)
{
	sum->ok += one->ok;
	sum->fail += one->fail;
	sum->unknown += one->unknown;
	sum->not_sent += one->not_sent;
	sum->stale_flagged += one->stale_flagged;
	sum->stale_unflagged += one->stale_unflagged;
}

/* Reads and writes of one bar together. */
static struct series_stats bar_of(const struct lanes *l, const char *region, size_t bar)
{
	const struct series *series = &l->t->html->result->series;
	struct series_stats sum = {0};

	for (size_t i = 0; i < series->n_lines; i++) {
		if (strcmp(series->lines[i].region, region))
			continue;
		for (size_t b = bar * l->join; b < (bar + 1) * l->join && b < series->n_buckets;
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

uint64_t timeline_bar_ns(const struct result *result)
{
	return result->series.bucket_ns * joined(result);
}

static void find_scale(struct lanes *l)
{
	const struct result *result = l->t->html->result;
	double up = 1, down = 1;

	l->join = joined(result);
	l->n_bars = l->join ? (result->series.n_buckets + l->join - 1) / l->join : 0;
	for (size_t r = 0; r < result->n_regions; r++) {
		for (size_t b = 0; b < l->n_bars; b++) {
			struct series_stats sum = bar_of(l, result->regions[r].name, b);
			double not_ok = (double)(sum.fail + sum.unknown + sum.not_sent);

			if ((double)sum.ok > up)
				up = (double)sum.ok;
			if (not_ok > down)
				down = not_ok;
		}
	}
	l->px_per_op = HEIGHT / (up + down);
	l->up = up * l->px_per_op < UP_LEAST ? UP_LEAST : up * l->px_per_op;
}

static double height_of(const struct lanes *l, uint64_t n)
{
	double height = (double)n * l->px_per_op;

	return n && height < LEAST ? LEAST : height;
}

enum layer { LAYER_OK, LAYER_FAIL, LAYER_UNKNOWN, LAYER_NOT_SENT, LAYERS };

static void add_bar(const struct lanes *l, enum layer layer, const struct series_stats *sum,
	double x, double width, double middle, struct buf *path)
{
	double fail = height_of(l, sum->fail), unknown = height_of(l, sum->unknown);

	switch (layer) {
	case LAYER_OK:
		if (sum->ok)
			axis_box(path, x, middle - height_of(l, sum->ok), width,
				height_of(l, sum->ok));
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
				height_of(l, sum->not_sent));
		break;
	case LAYERS:
		break;
	}
}

static void put_layer(struct lanes *l, enum layer layer, const char *region, double middle)
{
	static const enum paint paints[LAYERS] = {PAINT_OK, PAINT_FAIL, PAINT_UNKNOWN, PAINT_FAINT};
	uint64_t bar_ns = timeline_bar_ns(l->t->html->result);
	struct buf *out = l->t->html->out, path = {0};

	for (size_t b = 0; b < l->n_bars; b++) {
		struct series_stats sum = bar_of(l, region, b);
		double x = axis_x(&l->t->axis, b * bar_ns);
		double width = axis_x(&l->t->axis, (b + 1) * bar_ns) - x;

		add_bar(l, layer, &sum, x, width > 0.5 ? width : 0.5, middle, &path);
	}
	if (layer == LAYER_UNKNOWN)
		chart_put_path(out, &path, PAINT_UNKNOWN, 0.8, false);
	else
		chart_put_area(out, &path, paints[layer]);
}

/* Thick: primary. Thin: replica. Dotted: did not answer. */
static void put_role_span(struct lanes *l, const struct series_role_span *span, double y)
{
	struct buf *out = l->t->html->out;
	double x = axis_x(&l->t->axis, span->start_ns), end = axis_x(&l->t->axis, span->end_ns);

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

static void put_roles(struct lanes *l, const char *region)
{
	const struct series *series = &l->t->html->result->series;
	const char *node = NULL;

	for (size_t i = 0; i < series->n_roles; i++) {
		const struct series_role_span *span = &series->roles[i];

		if (strcmp(span->region, region))
			continue;
		if (!node || strcmp(node, span->node))
			l->t->y += node ? ROLE_ROW + 6 : ROLE_ROW;
		node = span->node;
		put_role_span(l, span, l->t->y);
	}
	l->t->y += node ? 6 : 0;
}

/* Triangles where an answer was stale. A row takes room only where there is one. */
static void put_stale(struct lanes *l, const char *region, bool flagged)
{
	uint64_t bar_ns = timeline_bar_ns(l->t->html->result);
	struct buf path = {0}, *out = l->t->html->out;

	for (size_t b = 0; b < l->n_bars; b++) {
		struct series_stats sum = bar_of(l, region, b);

		if (!(flagged ? sum.stale_flagged : sum.stale_unflagged))
			continue;
		chart_point(&path, 'M', axis_x(&l->t->axis, b * bar_ns + bar_ns / 2) - 3,
			l->t->y + STALE_ROW);
		buf_puts(&path, "h6l-3-6z");
	}
	if (path.len)
		l->t->y += STALE_ROW;
	if (flagged)
		chart_put_path(out, &path, PAINT_FAULT, 1, false);
	else
		chart_put_area(out, &path, PAINT_FAIL);
}

/* How far the bars of a region hang down. */
static double below(const struct lanes *l, const char *region)
{
	double most = 0;

	for (size_t b = 0; b < l->n_bars; b++) {
		struct series_stats sum = bar_of(l, region, b);
		double height = height_of(l, sum.fail) + height_of(l, sum.unknown) +
			height_of(l, sum.not_sent);

		most = height > most ? height : most;
	}
	return most;
}

static void put_lane(struct lanes *l, const struct result_region *region)
{
	struct buf *out = l->t->html->out;
	double middle;

	l->t->y += LANE_GAP;
	put_roles(l, region->name);
	put_stale(l, region->name, false);
	put_stale(l, region->name, true);
	l->t->y += 3;
	middle = l->t->y + l->up;
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
		put_layer(l, layer, region->name, middle);
	svg_line(out, PAINT_FAINT, LEFT, middle + 0.5, LEFT + l->t->axis.width, middle + 0.5);
	l->t->y = middle + below(l, region->name) + 6;
}

void timeline_put_key(const struct html *html)
{
	struct buf *out = html->out;

	svg_open(out, "key", 970, 22,
		"Key: up from the line ok; down solid failed, hollow unknown; triangles stale answers");
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
	buf_puts(out, "<path d=\"M762 14h8l-4-8z\"");
	svg_fill(out, PAINT_FAIL);
	buf_puts(out, "/>");
	svg_text(out, PAINT_INK, ANCHOR_START, 12, 776, 15, "stale");
	buf_puts(out, "<path d=\"M818 14h8l-4-8z\"");
	svg_stroke(out, PAINT_FAULT, 1.2);
	buf_puts(out, "/>");
	svg_text(out, PAINT_INK, ANCHOR_START, 12, 832, 15, "stale, and said so");
	svg_close(out);
}

void timeline_put_lanes(struct timeline *t)
{
	const struct result *result = t->html->result;
	struct lanes lanes = {.t = t};

	find_scale(&lanes);
	t->lanes_top = t->y + 14;
	t->y = t->lanes_top;
	for (size_t r = 0; r < result->n_regions; r++)
		put_lane(&lanes, &result->regions[r]);
}
