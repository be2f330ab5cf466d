#include "reports/result.h"

size_t result_count(const struct result *result, enum verdict verdict)
{
	size_t n = 0;

	for (size_t i = 0; i < result->n_expects; i++)
		n += result->expects[i].verdict == verdict;
	return n;
}
