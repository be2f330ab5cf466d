/* median: of what a benchmark or a test measured several times. */
#ifndef TESTS_HELPERS_MEDIAN_H
#define TESTS_HELPERS_MEDIAN_H

#include <stddef.h>

/* Of an odd number of values; sorts them. */
double median(double *values, size_t n);
/* The value below which the share q of all lies, 0 to 1; sorts them. */
double quantile(double *values, size_t n, double q);

#endif
