/*
 * openmetrics, prometheus-0.0.4: one model in two dialects.
 *
 * OpenMetrics 1.0 names a counter's family without _total, has units, and ends with "# EOF". The
 * older text has the full name in its metadata and knows no info. Neither carries a time stamp: the
 * Pushgateway refuses them. Numbers have as many digits as it takes to read them back.
 */
#include "fixtures/base/arena.h"
#include "fixtures/base/buf.h"
#include "reports/writers/metrics.h"
#include "reports/writers/text.h"
#include "reports/writers/writer.h"
#include "reports/writers/writers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHOLE_MAX 9007199254740992.0 /* beyond it a double skips whole numbers */

struct dialect {
	bool open;
	const char *types[METRIC_TYPES];
};

static const struct dialect open_dialect = {true,
	{[METRIC_GAUGE] = "gauge",
		[METRIC_COUNTER] = "counter",
		[METRIC_HISTOGRAM] = "histogram",
		[METRIC_INFO] = "info"}};
static const struct dialect old_dialect = {false,
	{[METRIC_GAUGE] = "gauge",
		[METRIC_COUNTER] = "counter",
		[METRIC_HISTOGRAM] = "histogram",
		[METRIC_INFO] = "gauge"}};

static const char *suffix_of(const struct metric_family *family)
{
	return family->type == METRIC_COUNTER ? "_total"
		: family->type == METRIC_INFO ? "_info"
					      : "";
}

static void put_escaped(struct buf *out, const char *text)
{
	struct buf clean = {0};

	text_clean(&clean, text, false);
	for (const char *at = buf_str(&clean); *at; at++) {
		if (*at == '\\' || *at == '"')
			buf_addc(out, '\\');
		buf_addc(out, *at);
	}
	buf_release(&clean);
}

/* A whole number as people write it, else the shortest that reads back the same, with a point whatever the locale says. */
static void put_number(struct buf *out, double value)
{
	char text[40];

	if (value == floor(value) && fabs(value) < WHOLE_MAX) {
		buf_printf(out, "%lld", (long long)value);
		return;
	}
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	for (char *at = text; *at; at++)
		*at = *at == ',' ? '.' : *at;
	buf_puts(out, text);
}

static void put_sample(
	struct buf *out, const struct metric_family *family, const struct metric_sample *sample)
{
	buf_printf(out, "%s%s%s{", family->name, suffix_of(family), sample->suffix);
	for (size_t i = 0; i < METRIC_LABELS_MAX && sample->labels[i].name; i++) {
		buf_printf(out, "%s%s=\"", i ? "," : "", sample->labels[i].name);
		put_escaped(out, sample->labels[i].value);
		buf_addc(out, '"');
	}
	buf_puts(out, "} ");
	put_number(out, sample->value);
	buf_addc(out, '\n');
}

static void put_family(
	struct buf *out, const struct metric_family *family, const struct dialect *dialect)
{
	const char *suffix = dialect->open ? "" : suffix_of(family);

	buf_printf(out, "# TYPE %s%s %s\n", family->name, suffix, dialect->types[family->type]);
	if (dialect->open && family->unit)
		buf_printf(out, "# UNIT %s %s\n", family->name, family->unit);
	buf_printf(out, "# HELP %s%s %s\n", family->name, suffix, family->help);
	for (size_t i = 0; i < family->n; i++)
		put_sample(out, family, &family->samples[i]);
}

static void put_all(const struct result *result, const struct dialect *dialect, struct buf *out)
{
	struct arena arena = {0};
	size_t n;
	const struct metric_family *families = metrics_of(&arena, result, &n);

	for (size_t i = 0; i < n; i++) {
		if (families[i].n)
			put_family(out, &families[i], dialect);
	}
	if (dialect->open)
		buf_puts(out, "# EOF\n");
	arena_release(&arena);
}

void openmetrics_write(
	const struct result *result, const struct writer_options *options, struct buf *out)
{
	(void)options;
	put_all(result, &open_dialect, out);
}

void prometheus_write(
	const struct result *result, const struct writer_options *options, struct buf *out)
{
	(void)options;
	put_all(result, &old_dialect, out);
}
