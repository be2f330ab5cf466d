/*
 * sort: orders of operations and of numbers.
 *
 * Most of what is sorted here is nearly sorted already (returns follow calls), so insertion comes
 * first and gives way to a merge sort where it has to move too much.
 */
#ifndef SUITES_JUDGE_SORT_H
#define SUITES_JUDGE_SORT_H

#include "probes/op.h"

#include <stddef.h>
#include <stdint.h>

/* Places in ops, by return; stable. */
void sort_by_return(const struct op *ops, uint32_t *places, size_t n);
void sort_doubles(double *values, size_t n);

#endif
