#include "suites/proof/window.h"
#include "fixtures/base/clock.h"
#include "suites/proof/chance.h"

#include <math.h>
#include <stdlib.h>

#define GAP_MIN_NS (50 * NSEC_PER_MSEC)
#define GAP_PERIODS 10
#define NEAR_NS (5 * NSEC_PER_MSEC) /* the queue behind a stall is worked off by then */
#define DELAY_SHARE 50              /* 1/50 = 2 % */
#define DELAYS_MIN 5                /* arrivals for a median */
#define SPREAD_MIN 50               /* arrivals for a spread */
#define MEDIAN_SD 1.2533 /* of a median of n normal values, times sqrt(n), in their s.d. */
#define SPREAD_MOST 2.5  /* times the stated jitter */
#define SPREAD_LEAST 0.3
#define ORDERED_LEAST 0.05 /* packets that wait for slower ones before them lie closer together */
/* With so many packets before their time the median may be one of them. */
#define OVERTAKE_TELLS_PPM 400000
#define ORDERED_SHIFT 4 /* and later, by so many jitters at most */

static bool is_near(const struct stall *stall, uint64_t at_ns)
{
	return at_ns + NEAR_NS >= stall->at_ns &&
		at_ns <= stall->at_ns + stall->length_ns + NEAR_NS;
}

bool stalls_taint(
	const struct stalls *stalls, const struct beacon_sample *sample, uint64_t reach_ns)
{
	uint64_t due_ns = sample->recv_ns ? sample->recv_ns : sample->sent_ns + reach_ns;

	for (size_t i = 0; i < stalls->n; i++) {
		const struct stall *stall = &stalls->stalls[i];

		if (stall->at_ns > due_ns + NEAR_NS)
			return false; /* sorted by time */
		if (is_near(stall, sample->sent_ns) || is_near(stall, due_ns))
			return true;
	}
	return false;
}

uint64_t stalls_overlap_ns(const struct stalls *stalls, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t sum = 0, done_ns = from_ns;

	for (size_t i = 0; i < stalls->n; i++) {
		uint64_t start = stalls->stalls[i].at_ns, end = start + stalls->stalls[i].length_ns;

		start = start > done_ns ? start : done_ns;
		end = end < to_ns ? end : to_ns;
		if (start >= end)
			continue;
		sum += end - start;
		done_ns = end;
	}
	return sum;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void summarise(struct window *window, uint64_t *delays, size_t n)
{
	double mean = 0, square = 0;

	window->arrived = n;
	if (!n)
		return;
	qsort(delays, n, sizeof(*delays), by_value);
	window->p16_ns = delays[n * 16 / 100];
	window->p50_ns = delays[n / 2];
	window->p84_ns = delays[n * 84 / 100];
	window->p95_ns = delays[n * 95 / 100];
	for (size_t i = 0; i < n; i++)
		mean += (double)delays[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		square += ((double)delays[i] - mean) * ((double)delays[i] - mean);
	window->sd_ns = n > 1 ? (uint64_t)sqrt(square / (double)(n - 1)) : 0;
}

static uint64_t uncovered_ns(const struct stream *stream, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t limit_ns = GAP_PERIODS * stream->period_ns, gap_ns = to_ns - from_ns;

	if (limit_ns < GAP_MIN_NS)
		limit_ns = GAP_MIN_NS;
	return gap_ns > limit_ns ? gap_ns - stream->period_ns : 0;
}

size_t stream_first_sent(const struct stream *stream, uint64_t at_ns)
{
	size_t low = 0, high = stream->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (stream->samples[middle].sent_ns < at_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void window_measure(struct window *window, const struct stream *stream, uint64_t from_ns,
	uint64_t to_ns, uint64_t reach_ns)
{
	size_t first = stream_first_sent(stream, from_ns), last = stream_first_sent(stream, to_ns),
	       n = 0;
	uint64_t *delays, uncovered = 0, seen_ns = from_ns;

	*window = (struct window){.from_ns = from_ns, .to_ns = to_ns > from_ns ? to_ns : from_ns};
	if (to_ns <= from_ns)
		return;
	delays = calloc(last - first + 1, sizeof(*delays));
	for (size_t i = first; delays && i < last; i++) {
		const struct beacon_sample *s = &stream->samples[i];

		if (stalls_taint(stream->stalls, s, reach_ns)) {
			window->tainted++;
			continue;
		}
		uncovered += uncovered_ns(stream, seen_ns, s->sent_ns);
		seen_ns = s->sent_ns;
		window->sent++;
		if (s->recv_ns)
			delays[n++] = s->recv_ns - s->sent_ns;
		else
			window->lost++;
	}
	uncovered += uncovered_ns(stream, seen_ns, to_ns);
	window->covered_ns = to_ns - from_ns - uncovered;
	summarise(window, delays, n);
	free(delays);
}

double window_coverage(const struct window *window)
{
	uint64_t length_ns = window->to_ns - window->from_ns;

	return length_ns && window->sent ? (double)window->covered_ns / (double)length_ns : 0;
}

uint64_t window_delay_tolerance_ns(const struct impairment *imp, const struct yardstick *yardstick)
{
	uint64_t share_ns = imp->delay_ns / DELAY_SHARE;

	return share_ns > yardstick->floor_ns ? share_ns : yardstick->floor_ns;
}

static struct gilbert with_noise(const struct gilbert *chain, double noise)
{
	double mean = 1 - (1 - chance_mean(chain)) * (1 - noise);

	if (chance_mean(chain) <= 0)
		return (struct gilbert){.enter = mean, .leave = 1 - mean};
	if (chain->leave <= 0)
		return *chain;
	return (struct gilbert){
		.enter = fmin(1, mean * chain->leave / (1 - mean)), .leave = chain->leave};
}

static bool loss_contradicts(const struct window *window, const struct impairment *imp,
	const struct yardstick *yardstick)
{
	struct gilbert chain = chance_chain(imp), noisy = with_noise(&chain, yardstick->noise_loss);
	double mean = chance_mean(&chain), n = (double)window->sent;
	double near =
		3 * sqrt(n * mean * (1 - mean) * chance_variance_factor(&chain, window->sent));

	/* Three standard deviations are no accusation; saves most of the work. */
	if (fabs((double)window->lost - mean * n) <= near)
		return false;
	if (chance_at_most(&chain, window->sent, window->lost) < yardstick->alpha)
		return true;
	/* A queue before a limited rate overflows as the traffic wants. */
	return !imp->rate_bps && !imp->limit &&
		chance_at_least(&noisy, window->sent, window->lost) < yardstick->alpha;
}

/* Long-tailed distributions have their median elsewhere than the stated delay. */
static bool is_skewed(const struct impairment *imp)
{
	switch ((enum distribution)imp->distribution) {
	case DISTRIBUTION_UNIFORM:
	case DISTRIBUTION_NORMAL:
		return false;
	case DISTRIBUTION_PARETO:
	case DISTRIBUTION_PARETONORMAL:
	case DISTRIBUTION_TABLE:
		return true;
	}
	return false;
}

static bool delay_contradicts(const struct window *window, const struct impairment *imp,
	const struct yardstick *yardstick)
{
	double tolerance = (double)window_delay_tolerance_ns(imp, yardstick);
	double jitter = (double)imp->jitter_ns, p50 = (double)window->p50_ns;
	double expected = (double)(imp->delay_ns + yardstick->path_ns);
	double low, high;

	if (window->arrived < DELAYS_MIN)
		return false;
	tolerance += yardstick->z * MEDIAN_SD * jitter / sqrt((double)window->arrived);
	if (is_skewed(imp))
		tolerance += jitter;
	low = (double)imp->delay_ns - tolerance;
	if (imp->overtake_ppm >= OVERTAKE_TELLS_PPM)
		low = 0;
	high = expected + tolerance + (imp->reorder ? 0 : ORDERED_SHIFT * jitter) +
		(double)imp->slot_max_ns;
	return p50 < low || (!imp->rate_bps && p50 > high);
}

/* Packets that wait for slower ones before them carry the tail of a table into its middle: the most
 * that is believable is told by its unit, the least by its middle. */
static bool jitter_contradicts(const struct window *window, const struct impairment *imp,
	const struct yardstick *yardstick)
{
	double spread = (double)(window->p84_ns - window->p16_ns) / 2;
	double least = imp->reorder ? SPREAD_LEAST : ORDERED_LEAST;

	if (window->arrived < SPREAD_MIN)
		return false;
	if (spread < least * impairment_spread_ns(imp) - (double)yardstick->floor_ns)
		return true;
	return !imp->rate_bps && !imp->slot_max_ns && !imp->overtake_ppm &&
		spread > SPREAD_MOST * (double)imp->jitter_ns +
			(double)window_delay_tolerance_ns(imp, yardstick);
}

bool window_contradicts(const struct window *window, const struct impairment *imp,
	const struct yardstick *yardstick, const char **what)
{
	const char *reason = NULL;

	if (!window->sent)
		return false;
	if (loss_contradicts(window, imp, yardstick))
		reason = "loss";
	else if (!imp->cut && delay_contradicts(window, imp, yardstick))
		reason = "delay";
	else if (!imp->cut && jitter_contradicts(window, imp, yardstick))
		reason = "jitter";
	if (what)
		*what = reason;
	return reason != NULL;
}

struct certificate_measure window_report(const struct window *window, const struct impairment *imp)
{
	struct gilbert chain = chance_chain(imp);
	double factor = chance_variance_factor(&chain, window->sent);
	struct chance_interval interval = chance_share(window->sent, window->lost, factor);

	return (struct certificate_measure){
		.sent = window->sent,
		.lost = window->lost,
		.tainted = window->tainted,
		.loss = window->sent ? (double)window->lost / (double)window->sent : 0,
		.loss_low = interval.low,
		.loss_high = interval.high,
		.p50_ns = window->p50_ns,
		.p95_ns = window->p95_ns,
		.jitter_ns = window->sd_ns,
	};
}
