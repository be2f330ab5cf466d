/*
 * Counterexamples as small sequence diagrams: a lifeline per region, time downwards.
 *
 * An operation is a square (write) or a circle (read) on the line of the region where the client
 * was, with an arrow to the region of the node that answered where that is another. Filled: ok;
 * hollow: not. Instants at which a fault came or went are lines across.
 */
#include "fixtures/base/buf.h"
#include "reports/writers/html.h"

#include <string.h>

#define WIDTH 1060
#define LEFT 92 /* of the first lifeline */
#define COLUMN 118
#define COLUMNS_MAX 8
#define ROW 40
#define TOP 40
#define LINE 15
#define SIZE 12
#define DIAGRAMS_MAX 1 /* per expectation; others as text */

struct diagram {
	const struct html *html;
	const struct result_witness *witness;
	const char *columns[COLUMNS_MAX];
	size_t n_columns;
	double y, text_left;
};

static size_t find_column(const struct diagram *d, const char *region)
{
	size_t i = 0;

	while (i < d->n_columns && strcmp(d->columns[i], region))
		i++;
	return i;
}

static void add_column(struct diagram *d, const char *region)
{
	if (region && *region && find_column(d, region) == d->n_columns &&
		d->n_columns < COLUMNS_MAX)
		d->columns[d->n_columns++] = region;
}

/* In the order of the scenario where that is known. */
static void choose_columns(struct diagram *d)
{
	const struct result *result = d->html->result;

	for (size_t r = 0; r < result->n_regions; r++) {
		for (size_t i = 0; i < d->witness->n_ops; i++) {
			const struct result_op *op = &d->witness->ops[i];

			if (!strcmp(op->region, result->regions[r].name) ||
				(op->server && !strcmp(op->server, result->regions[r].name)))
				add_column(d, result->regions[r].name);
		}
	}
	for (size_t i = 0; i < d->witness->n_ops; i++) {
		add_column(d, d->witness->ops[i].region);
		add_column(d, d->witness->ops[i].server);
	}
}

static double column_x(const struct diagram *d, const char *region)
{
	size_t column = find_column(d, region);

	return LEFT + COLUMN / 2.0 + (double)(column < d->n_columns ? column : 0) * COLUMN;
}

/* --- one operation --------------------------------------------------------------------------- */

static void put_time(const struct diagram *d, uint64_t ns, enum paint paint)
{
	struct buf *out = d->html->out;

	svg_text_begin(out, paint, ANCHOR_END, SIZE, false, LEFT - 12, d->y + 4);
	html_instant(out, ns);
	svg_text_end(out);
}

static void put_arrow(const struct diagram *d, const struct result_op *op, double from)
{
	struct buf *out = d->html->out;
	double to = column_x(d, op->server), back = to > from ? -8 : 8;

	svg_line(out, PAINT_INK, from, d->y, to, d->y);
	buf_puts(out, "<path d=\"M");
	svg_number(out, to + back);
	buf_addc(out, ' ');
	svg_number(out, d->y - 4);
	buf_addc(out, 'l');
	svg_number(out, -back);
	buf_puts(out, " 4l");
	svg_number(out, back);
	buf_puts(out, " 4z\"");
	svg_fill(out, PAINT_INK);
	buf_puts(out, "/>\n");
}

static void put_shape(const struct diagram *d, const struct result_op *op, double x)
{
	struct buf *out = d->html->out;
	bool ok = !op->outcome || !strcmp(op->outcome, "ok");

	if (op->writes) {
		buf_puts(out, "<rect");
		svg_at(out, "x", x - 7);
		svg_at(out, "y", d->y - 7);
		buf_puts(out, " width=\"14\" height=\"14\"");
	} else {
		buf_puts(out, "<circle");
		svg_at(out, "cx", x);
		svg_at(out, "cy", d->y);
		buf_puts(out, " r=\"7\"");
	}
	if (ok)
		svg_fill(out, op->writes ? PAINT_SPAN : PAINT_OK);
	else
		svg_stroke(out, PAINT_FAIL, 2);
	buf_puts(out, "/>\n");
}

/* Words broken into lines that fit beside the lifelines; returns how many. */
static unsigned put_words(const struct diagram *d, const char *text)
{
	size_t most = svg_fitting(SIZE, WIDTH - d->text_left - 8), used = 0;
	struct buf *out = d->html->out;
	unsigned lines = 1;

	svg_text_begin(out, PAINT_INK, ANCHOR_START, SIZE, false, d->text_left, d->y + 4);
	while (*text && lines < 12) {
		size_t gap = strspn(text, " "), n = strcspn(text + gap, " ");
		struct buf word = {0};

		if (used && used + gap + n > most) {
			buf_puts(out, "<tspan");
			svg_at(out, "x", d->text_left);
			svg_at(out, "y", d->y + 4 + lines++ * LINE);
			buf_puts(out, ">");
			used = 0;
		} else {
			buf_puts(out, "<tspan>");
		}
		buf_add(&word, text, gap + n);
		html_clipped(out, buf_str(&word) + (used ? 0 : gap), most);
		buf_puts(out, "</tspan>");
		buf_release(&word);
		used += gap + n;
		text += gap + n;
	}
	svg_text_end(out);
	return lines;
}

static void put_op(struct diagram *d, const struct result_op *op)
{
	double x = column_x(d, op->region);
	struct buf text = {0};
	unsigned lines;

	put_time(d, op->call_ns, PAINT_INK);
	if (op->server && *op->server && strcmp(op->server, op->region))
		put_arrow(d, op, x);
	put_shape(d, op, x);
	buf_printf(&text, "%s: %s", op->session, op->text);
	lines = put_words(d, buf_str(&text));
	buf_release(&text);
	d->y += ROW + (lines > 1 ? (lines - 1) * LINE : 0);
}

/* --- faults between them --------------------------------------------------------------------- */

static void put_instant(struct diagram *d, uint64_t ns, const char *name, const char *what)
{
	struct buf *out = d->html->out;

	d->y -= 8;
	put_time(d, ns, PAINT_FAINT);
	buf_puts(out, "<g stroke-dasharray=\"4 3\">");
	svg_line(out, PAINT_FAULT, LEFT, d->y, d->text_left - 12, d->y);
	buf_puts(out, "</g>\n");
	svg_text_begin(out, PAINT_FAINT, ANCHOR_START, SIZE, false, d->text_left, d->y + 4);
	html_clipped(out, name, 40);
	buf_addc(out, ' ');
	buf_puts(out, what);
	svg_text_end(out);
	d->y += ROW - 8;
}

/* Those after `from` and not after `to`. */
static void put_instants(struct diagram *d, uint64_t from, uint64_t to)
{
	const struct result *result = d->html->result;

	for (size_t i = 0; i < result->n_faults; i++) {
		const struct result_fault *fault = &result->faults[i];

		if (fault->in_force_ns > from && fault->in_force_ns <= to)
			put_instant(d, fault->in_force_ns, fault->name, "in force");
		if (fault->gone_ns > from && fault->gone_ns <= to)
			put_instant(d, fault->gone_ns, fault->name, "gone");
	}
}

static void put_lifelines(const struct diagram *d, struct buf *out, double bottom)
{
	for (size_t i = 0; i < d->n_columns; i++) {
		double x = LEFT + COLUMN / 2.0 + (double)i * COLUMN;

		svg_line(out, PAINT_GRID, x, TOP - 16, x, bottom);
		svg_text_begin(out, PAINT_INK, ANCHOR_MIDDLE, SIZE, true, x, TOP - 22);
		html_clipped(out, d->columns[i], svg_fitting(SIZE + 1, COLUMN - 6));
		svg_text_end(out);
	}
}

/* How high it gets is known when it is drawn: so it is drawn to a buffer first. */
static void put_diagram(const struct html *html, const struct result_witness *witness)
{
	struct buf front = {0};
	struct html inner = *html;
	struct diagram d = {.html = &inner, .witness = witness, .y = TOP + 10};
	uint64_t last = 0;

	inner.out = &front;
	choose_columns(&d);
	d.text_left = LEFT + (double)d.n_columns * COLUMN + 8;
	for (size_t i = 0; i < witness->n_ops; i++) {
		const struct result_op *op = &witness->ops[i];

		/* a write while the fault came is called before and returns after */
		if (i)
			put_instants(&d, last, op->call_ns);
		put_op(&d, op);
		last = op->call_ns;
	}
	svg_open(html->out, "witness", WIDTH, d.y - 8,
		"Counterexample: its operations in the order of time; the list below holds the same");
	put_lifelines(&d, html->out, d.y - 14);
	buf_add(html->out, buf_str(&front), front.len);
	svg_close(html->out);
	buf_release(&front);
}

/* --- as text --------------------------------------------------------------------------------- */

static void put_list(struct buf *out, const struct result_witness *witness)
{
	buf_puts(out, "<ol>\n");
	for (size_t i = 0; i < witness->n_ops; i++) {
		const struct result_op *op = &witness->ops[i];

		buf_puts(out, "<li>");
		html_instant(out, op->call_ns);
		buf_puts(out, " \xe2\x80\x93 ");
		if (op->ret_ns)
			html_instant(out, op->ret_ns);
		else
			buf_puts(out, "never answered");
		buf_puts(out, " <b>");
		html_text(out, op->session);
		buf_puts(out, "</b> ");
		html_text(out, op->text);
		buf_printf(out, " <small>operation %llu</small></li>\n",
			(unsigned long long)op->index);
	}
	buf_puts(out, "</ol>\n");
}

static void put_reason(struct buf *out, const struct result_witness *witness)
{
	if (!witness->reason)
		return;
	buf_puts(out, "<p><i>so</i> ");
	html_text(out, witness->reason);
	buf_puts(out, "</p>\n");
}

static void put_others(struct buf *out, const struct result_expect *expect)
{
	if (expect->total_findings < 2)
		return;
	buf_puts(out, "<details><summary>");
	html_count(out, expect->total_findings - 1);
	buf_puts(out, " more like it");
	if (expect->n_witnesses < expect->total_findings)
		buf_printf(out, "; the worst %zu of them are kept",
			expect->n_witnesses - DIAGRAMS_MAX);
	buf_puts(out, "</summary>\n");
	for (size_t i = DIAGRAMS_MAX; i < expect->n_witnesses; i++) {
		put_list(out, &expect->witnesses[i]);
		put_reason(out, &expect->witnesses[i]);
	}
	buf_puts(out, "</details>\n");
}

static void put_expect(const struct html *html, const struct result_expect *expect, size_t number)
{
	struct buf *out = html->out;

	buf_printf(out, "<article id=\"witness-%zu\" class=\"v-fail\">\n<h3>", number);
	html_put_icon(out, expect->verdict);
	buf_addc(out, ' ');
	html_text(out, expect->id);
	buf_puts(out, " <small>");
	html_put_place(out, html->result, expect->file, expect->line);
	buf_puts(out, "</small></h3>\n<figure class=\"wide\">\n");
	put_diagram(html, expect->witnesses);
	buf_puts(out, "</figure>\n");
	put_reason(out, expect->witnesses);
	buf_puts(out, "<details><summary>The same as text</summary>\n");
	put_list(out, expect->witnesses);
	buf_puts(out, "</details>\n");
	put_others(out, expect);
	buf_puts(out, "</article>\n");
}

void html_put_witnesses(const struct html *html)
{
	const struct result *result = html->result;
	struct buf *out = html->out;
	bool any = false;

	for (size_t i = 0; i < result->n_expects; i++) {
		if (result->expects[i].verdict != VERDICT_FAIL || !result->expects[i].n_witnesses)
			continue;
		if (!any)
			buf_puts(out,
				"<section id=\"counterexamples\">\n<h2>Counterexamples</h2>\n"
				"<p>\xe2\x96\xa0 write, \xe2\x97\x8f read, on the line of the "
				"region where the client was; hollow where it did not go well; "
				"an arrow leads to the region that answered.</p>\n");
		any = true;
		put_expect(html, &result->expects[i], i + 1);
	}
	if (any)
		buf_puts(out, "</section>\n");
}
