#include "chaos/trace.h"
#include "chaos/percentiles.h"
#include "fixtures/base/param.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_TEXT 1024
/* As long as an impairment may delay. */
#define VALUE_MAX_NS UINT64_C(600000000000)
#define PING_MARK "time="

struct values {
	uint64_t *v;
	size_t n, room;
};

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void add(struct values *values, uint64_t ns)
{
	if (values->n == values->room) {
		values->room = values->room ? 2 * values->room : 1024;
		values->v = reallocarray(values->v, values->room, sizeof(*values->v));
		if (!values->v)
			abort();
	}
	values->v[values->n++] = ns;
}

/* Without what is around it. */
static char *trimmed(char *text)
{
	size_t len;

	text += strspn(text, " \t\r");
	len = strlen(text);
	while (len && strchr(" \t\r", text[len - 1]))
		text[--len] = '\0';
	return text;
}

/* "64 bytes from ...: icmp_seq=1 ttl=57 time=81.3 ms" becomes "81.3ms". */
static char *ping_value(char *line)
{
	char *value = strstr(line, PING_MARK), *unit;

	if (!value)
		return NULL;
	value += strlen(PING_MARK);
	unit = strchr(value, ' ');
	if (unit &&
		!strcmp(trimmed(unit), "ms")) /* "time=81.3 ms (DUP!)" is a copy, and no answer */
		memcpy(unit, "ms", sizeof("ms"));
	else if (unit)
		return NULL;
	return value;
}

static int take(struct values *values, char *line, bool ping, unsigned number, struct err *err)
{
	char *text = ping ? ping_value(line) : trimmed(line);
	struct err why;
	uint64_t ns;

	if (!text || !*text || *text == '#')
		return 0;
	if (param_parse_value(PARAM_DURATION, text, &ns, &why))
		return err_set(err, "line %u: %s", number, why.text);
	if (ns > VALUE_MAX_NS)
		return err_set(err, "line %u: \"%.40s\" is longer than 10m", number, text);
	if (values->n == TRACE_MAX)
		return err_set(err, "more than %d values; a tenth of them says as much", TRACE_MAX);
	add(values, ns);
	return 0;
}

static int read_values(const char *text, struct values *values, struct err *err)
{
	bool ping = strstr(text, PING_MARK) != NULL;
	char line[LINE_MAX_TEXT];
	unsigned number = 1;

	for (const char *at = text; *at; number++) {
		size_t len = strcspn(at, "\n");

		if (len >= sizeof(line))
			return err_set(err, "line %u is longer than %zu characters", number,
				sizeof(line) - 1);
		memcpy(line, at, len);
		line[len] = '\0';
		if (take(values, line, ping, number, err))
			return -1;
		at += len + (at[len] == '\n');
	}
	if (values->n < TRACE_MIN)
		return err_set(
			err, "%zu values; a distribution needs %d at least", values->n, TRACE_MIN);
	return 0;
}

static uint64_t value_at(const struct values *values, double share)
{
	double at = share * (double)(values->n - 1);
	size_t i = (size_t)at;

	if (i + 1 >= values->n)
		return values->v[values->n - 1];
	return values->v[i] +
		(uint64_t)((at - (double)i) * (double)(values->v[i + 1] - values->v[i]));
}

int trace_set(const char *text, bool round, struct impairment *out, size_t *n, struct err *err)
{
	struct percentile points[IMPAIRMENT_QUANTILES];
	struct values values = {0};
	int rc = read_values(text, &values, err);

	if (!rc) {
		qsort(values.v, values.n, sizeof(*values.v), by_value);
		for (size_t i = 0; i < IMPAIRMENT_QUANTILES; i++)
			points[i] = (struct percentile){100 * impairment_quantile_at[i],
				value_at(&values, impairment_quantile_at[i]) / (round ? 2 : 1)};
		rc = percentiles_set(points, IMPAIRMENT_QUANTILES, out, err);
	}
	if (n)
		*n = values.n;
	free(values.v);
	return rc;
}
