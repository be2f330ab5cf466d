/*
 * grid: what each expectation came to over two parameters; as a table and as a picture. Pure.
 */
#ifndef SUITES_EXPLORE_GRID_H
#define SUITES_EXPLORE_GRID_H

#include "fixtures/base/arena.h"
#include "fixtures/base/buf.h"
#include "reports/verdict.h"

#include <stdbool.h>
#include <stddef.h>

#define GRID_VALUES_MAX 16

struct grid_axis {
	const char *fault, *key; /* key "for", or a setting */
	const char *values[GRID_VALUES_MAX];
	size_t n; /* 0: there is no such axis */
};

struct grid_cell {
	bool has;
	enum verdict verdict;
	const char *got;
};

struct grid_sheet {
	const char *id;                                           /* of the expectation */
	struct grid_cell cells[GRID_VALUES_MAX][GRID_VALUES_MAX]; /* [y][x] */
};

struct grid {
	struct grid_axis axes[2]; /* x, y */
	struct grid_sheet *sheets;
	size_t n;
};

void grid_set(struct arena *arena, struct grid *grid, const char *id, size_t x, size_t y,
	enum verdict verdict, const char *got);
/* A table per expectation, and where it begins to fail. */
void grid_print(const struct grid *grid, struct buf *out);
/* A page by itself: one SVG per expectation. */
void grid_html(const struct grid *grid, const char *title, struct buf *out);

#endif
