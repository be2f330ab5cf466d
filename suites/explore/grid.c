#include "suites/explore/grid.h"

#include <string.h>

#define CELL_WIDTH 110
#define CELL_HEIGHT 34
#define MARGIN 120

void grid_set(struct arena *arena, struct grid *grid, const char *id, size_t x, size_t y,
	enum verdict verdict, const char *got)
{
	struct grid_sheet *sheet = NULL;

	for (size_t i = 0; i < grid->n && !sheet; i++) {
		if (!strcmp(grid->sheets[i].id, id))
			sheet = &grid->sheets[i];
	}
	if (!sheet) {
		sheet = ARENA_PUSH(arena, grid->sheets, grid->n);
		sheet->id = id;
	}
	sheet->cells[y][x] = (struct grid_cell){true, verdict, got};
}

static size_t rows(const struct grid *grid)
{
	return grid->axes[1].n ? grid->axes[1].n : 1;
}

static const char *mark(const struct grid_cell *cell)
{
	if (!cell->has)
		return "";
	switch (cell->verdict) {
	case VERDICT_PASS:
	case VERDICT_WARN:
		return "";
	case VERDICT_FAIL:
		return " FAIL";
	case VERDICT_INCONCLUSIVE:
	case VERDICT_VOID:
	case VERDICT_ERROR:
	case VERDICTS:
		return " ?";
	}
	return "";
}

/* The first failing value of x in each row; nothing where none fails. */
static void print_edge(const struct grid *grid, const struct grid_sheet *sheet, struct buf *out)
{
	for (size_t y = 0; y < rows(grid); y++) {
		for (size_t x = 0; x < grid->axes[0].n; x++) {
			const struct grid_cell *cell = &sheet->cells[y][x];

			if (!cell->has || cell->verdict != VERDICT_FAIL)
				continue;
			buf_printf(out, "  begins to fail at %s.%s = %s", grid->axes[0].fault,
				grid->axes[0].key, grid->axes[0].values[x]);
			if (grid->axes[1].n)
				buf_printf(out, " with %s.%s = %s", grid->axes[1].fault,
					grid->axes[1].key, grid->axes[1].values[y]);
			buf_puts(out, "\n");
			break;
		}
	}
}

static void print_row(
	const struct grid *grid, const struct grid_sheet *sheet, size_t y, struct buf *out)
{
	buf_printf(out, "  %12s", grid->axes[1].n ? grid->axes[1].values[y] : "");
	for (size_t x = 0; x < grid->axes[0].n; x++) {
		const struct grid_cell *cell = &sheet->cells[y][x];
		int width = 18 - (int)strlen(mark(cell));

		buf_printf(out, " %*s%s", width > 0 ? width : 0,
			cell->has ? cell->got : "not asked", mark(cell));
	}
	buf_puts(out, "\n");
}

void grid_print(const struct grid *grid, struct buf *out)
{
	for (size_t i = 0; i < grid->n; i++) {
		const struct grid_sheet *sheet = &grid->sheets[i];

		buf_printf(out, "%s\n  %12s", sheet->id, "");
		for (size_t x = 0; x < grid->axes[0].n; x++)
			buf_printf(out, " %18s", grid->axes[0].values[x]);
		buf_printf(out, "   %s.%s\n", grid->axes[0].fault, grid->axes[0].key);
		for (size_t y = 0; y < rows(grid); y++)
			print_row(grid, sheet, y, out);
		print_edge(grid, sheet, out);
	}
}

static void put_text(struct buf *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			buf_puts(out, "&lt;");
			break;
		case '>':
			buf_puts(out, "&gt;");
			break;
		case '&':
			buf_puts(out, "&amp;");
			break;
		case '"':
			buf_puts(out, "&quot;");
			break;
		default:
			buf_addc(out, *text);
		}
	}
}

static const char *colour(const struct grid_cell *cell)
{
	if (!cell->has)
		return "#eeeeee";
	if (cell->verdict == VERDICT_FAIL)
		return "#e8a09a";
	return *mark(cell) ? "#e6e0b0" : "#a9d3a9";
}

static void svg_text(struct buf *out, size_t x, size_t y, const char *text)
{
	buf_printf(out, "<text x=\"%zu\" y=\"%zu\" text-anchor=\"middle\">", x, y);
	put_text(out, text);
	buf_puts(out, "</text>\n");
}

static void svg_cell(struct buf *out, const struct grid_cell *cell, size_t x, size_t y)
{
	size_t left = MARGIN + x * CELL_WIDTH, top = (y + 1) * CELL_HEIGHT;

	buf_printf(out,
		"<rect x=\"%zu\" y=\"%zu\" width=\"%d\" height=\"%d\" fill=\"%s\" "
		"stroke=\"#ffffff\"/>\n",
		left, top, CELL_WIDTH, CELL_HEIGHT, colour(cell));
	svg_text(out, left + CELL_WIDTH / 2, top + 22, cell->has ? cell->got : "not asked");
}

static void svg_sheet(const struct grid *grid, const struct grid_sheet *sheet, struct buf *out)
{
	size_t width = MARGIN + grid->axes[0].n * CELL_WIDTH + MARGIN;

	buf_puts(out, "<h2>");
	put_text(out, sheet->id);
	buf_printf(out, "</h2>\n<svg width=\"%zu\" height=\"%zu\" role=\"img\">\n", width,
		(rows(grid) + 1) * CELL_HEIGHT + 4);
	for (size_t x = 0; x < grid->axes[0].n; x++)
		svg_text(
			out, MARGIN + x * CELL_WIDTH + CELL_WIDTH / 2, 22, grid->axes[0].values[x]);
	for (size_t y = 0; y < rows(grid); y++) {
		if (grid->axes[1].n)
			svg_text(out, MARGIN / 2, (y + 1) * CELL_HEIGHT + 22,
				grid->axes[1].values[y]);
		for (size_t x = 0; x < grid->axes[0].n; x++)
			svg_cell(out, &sheet->cells[y][x], x, y);
	}
	buf_puts(out, "</svg>\n");
}

void grid_html(const struct grid *grid, const char *title, struct buf *out)
{
	buf_puts(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>");
	put_text(out, title);
	buf_puts(out,
		"</title><style>body,text{font:14px sans-serif}h2{font-size:15px}</style></head>"
		"<body>\n<h1>Envelope of ");
	put_text(out, title);
	buf_puts(out, "</h1>\n<p>Across: ");
	put_text(out, grid->axes[0].fault);
	buf_puts(out, ".");
	put_text(out, grid->axes[0].key);
	if (grid->axes[1].n) {
		buf_puts(out, ". Down: ");
		put_text(out, grid->axes[1].fault);
		buf_puts(out, ".");
		put_text(out, grid->axes[1].key);
	}
	buf_puts(out, ". Green held, red failed, yellow is inconclusive or void.</p>\n");
	for (size_t i = 0; i < grid->n; i++)
		svg_sheet(grid, &grid->sheets[i], out);
	buf_puts(out, "</body></html>\n");
}
