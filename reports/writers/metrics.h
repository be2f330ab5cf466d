/*
 * metrics: a result as families of samples, which two writers turn into their dialects.
 *
 * Names are in base units with the unit as suffix. Labels are few: no key, no session. What was not
 * measured has no sample; an expectation that nobody could decide is not ok.
 */
#ifndef REPORTS_WRITERS_METRICS_H
#define REPORTS_WRITERS_METRICS_H

#include "fixtures/base/arena.h"

#include <stdint.h>

struct result;

#define METRIC_LABELS_MAX 5

struct metric_label {
	const char *name, *value;
};

struct metric_sample {
	const char *suffix; /* behind the family's name: "_bucket", "_count"; "": none */
	struct metric_label labels[METRIC_LABELS_MAX]; /* name NULL behind the last */
	double value;
};

enum metric_type { METRIC_GAUGE, METRIC_COUNTER, METRIC_HISTOGRAM, METRIC_INFO, METRIC_TYPES };

struct metric_family {
	const char *name; /* without _total and _info */
	enum metric_type type;
	const char *unit; /* "seconds"; NULL: none */
	const char *help;
	struct metric_sample *samples;
	size_t n;
};

/* Families without a sample are there too; who writes leaves them out. */
struct metric_family *metrics_of(struct arena *arena, const struct result *result, size_t *n);

#endif
