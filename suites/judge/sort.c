#include "suites/judge/sort.h"

#include <stdbool.h>
#include <stdlib.h>

static bool returns_later(const struct op *ops, uint32_t a, uint32_t b)
{
	if (ops[a].ret_ns != ops[b].ret_ns)
		return ops[a].ret_ns > ops[b].ret_ns;
	return a > b;
}

static int compare_returns(const void *a, const void *b, void *ops)
{
	return returns_later(ops, *(const uint32_t *)a, *(const uint32_t *)b) ? 1 : -1;
}

void sort_by_return(const struct op *ops, uint32_t *places, size_t n)
{
	size_t moves = 0, allowed = 16 * n;

	for (size_t i = 1; i < n; i++) {
		uint32_t place = places[i];
		size_t at = i;

		for (; at > 0 && returns_later(ops, places[at - 1], place); at--, moves++)
			places[at] = places[at - 1];
		places[at] = place;
		if (moves > allowed) {
			qsort_r(places, n, sizeof(*places), compare_returns, (void *)ops);
			return;
		}
	}
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void sort_doubles(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare_doubles);
}
