#include "suites/tests/helpers/median.h"
#include "suites/judge/sort.h"

double median(double *values, size_t n)
{
	sort_doubles(values, n);
	return values[n / 2];
}

double quantile(double *values, size_t n, double q)
{
	sort_doubles(values, n);
	return values[(size_t)(q * (double)(n - 1))];
}
