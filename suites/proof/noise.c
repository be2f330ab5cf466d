#include "suites/proof/noise.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/param.h"
#include "suites/proof/window.h"

#include <stdlib.h>

#define N_MIN 20 /* fewer packets of a link say nothing about its p99 */
#define SHARE_MAX 5

struct sample_list {
	int64_t *values;
	size_t n;
};

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int64_t quantile(const struct sample_list *list, double q)
{
	return list->values[(size_t)(q * (double)(list->n - 1))];
}

static bool tells(const struct impairment *imp)
{
	return !imp->cut && !imp->jitter_ns && !imp->rate_bps && !imp->slot_max_ns &&
		!imp->overtake_ppm;
}

/* What is measured over. */
struct scope {
	const struct beacons *beacons;
	const struct stalls *stalls;
	uint64_t from_ns, to_ns;
};

static bool counts(const struct scope *scope, const struct beacon_sample *s)
{
	return s->sent_ns >= scope->from_ns && s->sent_ns < scope->to_ns &&
		!stalls_taint(scope->stalls, s, 0);
}

static void take_delays(struct sample_list *list, const struct scope *scope,
	const struct beacon_sample *s, size_t n, uint64_t delay_ns)
{
	list->n = 0;
	for (size_t i = 0; i < n; i++)
		if (s[i].recv_ns && counts(scope, &s[i]))
			list->values[list->n++] = (int64_t)(s[i].recv_ns - s[i].sent_ns - delay_ns);
}

/* A period that was longer than it should be: the sender woke late. */
static void take_lateness(struct sample_list *list, const struct scope *scope,
	const struct beacon_sample *s, size_t n)
{
	uint64_t period_ns = scope->beacons->period_ns;

	list->n = 0;
	for (size_t i = 1; i < n; i++) {
		uint64_t gap = s[i].sent_ns - s[i - 1].sent_ns;

		if (s[i].seq == s[i - 1].seq + 1 && counts(scope, &s[i]))
			list->values[list->n++] = gap > period_ns ? (int64_t)(gap - period_ns) : 0;
	}
}

static void raise_to(uint64_t *to, int64_t value)
{
	if (value > 0 && (uint64_t)value > *to)
		*to = (uint64_t)value;
}

static void add_stream(struct noise *noise, struct sample_list *list, const struct scope *scope,
	const struct beacon_sample *s, size_t n, const struct impairment *imp)
{
	take_lateness(list, scope, s, n);
	if (list->n >= N_MIN) {
		qsort(list->values, list->n, sizeof(*list->values), by_value);
		raise_to(&noise->late_ns, quantile(list, 0.99));
	}
	if (!tells(imp))
		return;
	take_delays(list, scope, s, n, imp->delay_ns);
	if (list->n < N_MIN)
		return;
	qsort(list->values, list->n, sizeof(*list->values), by_value);
	raise_to(&noise->delay_ns, quantile(list, 0.99) - list->values[0]);
	raise_to(&noise->path_ns, quantile(list, 0.5));
	noise->n += list->n;
}

void noise_measure(struct noise *noise, const struct beacons *beacons, const struct stalls *stalls,
	const struct impairment *links, unsigned n_regions, uint64_t from_ns, uint64_t to_ns)
{
	struct sample_list list = {.values = calloc(beacons->n + 1, sizeof(*list.values))};
	struct scope scope = {beacons, stalls, from_ns, to_ns};

	*noise = (struct noise){0};
	for (unsigned pair = 0; list.values && pair < n_regions * n_regions; pair++) {
		for (int family = 0; family < BEACON_FAMILIES; family++) {
			size_t n;
			const struct beacon_sample *s = beacons_stream(
				beacons, pair / n_regions, pair % n_regions, family, &n);

			add_stream(noise, &list, &scope, s, n, &links[pair]);
		}
	}
	if (!noise->n)
		noise->delay_ns = noise->late_ns;
	free(list.values);
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

int noise_check(const struct noise *noise, const struct impairment *before,
	const struct impairment *asked, const char *what, struct err *err)
{
	uint64_t size_ns = distance(before->delay_ns, asked->delay_ns);
	uint64_t jitter_ns = distance(before->jitter_ns, asked->jitter_ns);
	struct buf floor = {0}, size = {0};

	if (jitter_ns > size_ns)
		size_ns = jitter_ns;
	if (asked->cut || !size_ns || noise->delay_ns * SHARE_MAX <= size_ns)
		return 0;
	param_print(&floor, PARAM_DURATION, noise->delay_ns / NSEC_PER_USEC * NSEC_PER_USEC);
	param_print(&size, PARAM_DURATION, size_ns);
	err_exit(err, EXIT_MACHINE,
		"%s changes %s, but this machine alone moves packets by %s (the noise floor, which may be "
		"a fifth of that at most): use a quieter machine or a larger fault",
		what, buf_str(&size), buf_str(&floor));
	buf_release(&floor);
	buf_release(&size);
	return -1;
}
