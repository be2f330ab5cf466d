#include "probes/beacon_seconds.h"
#include "fixtures/base/clock.h"
#include "fixtures/json/jv.h"

#include <stdatomic.h>
#include <stdlib.h>

#define RING 8

struct count {
	atomic_uint_fast64_t sent, arrived, sum_ns, max_ns;
};

struct beacon_seconds {
	unsigned n_regions;
	uint64_t next;        /* second to report */
	struct count *counts; /* RING of n_regions each */
};

struct beacon_seconds *beacon_seconds_new(unsigned n_regions)
{
	struct beacon_seconds *seconds = calloc(1, sizeof(*seconds));

	if (seconds)
		seconds->counts = calloc((size_t)RING * n_regions, sizeof(*seconds->counts));
	if (!seconds || !seconds->counts)
		abort();
	seconds->n_regions = n_regions;
	return seconds;
}

void beacon_seconds_free(struct beacon_seconds *seconds)
{
	if (seconds)
		free(seconds->counts);
	free(seconds);
}

static struct count *count_of(struct beacon_seconds *seconds, unsigned region, uint64_t second)
{
	return &seconds->counts[second % RING * seconds->n_regions + region];
}

static void add(atomic_uint_fast64_t *to, uint64_t n)
{
	atomic_fetch_add_explicit(to, n, memory_order_relaxed);
}

void beacon_seconds_sent(struct beacon_seconds *seconds, unsigned to, uint64_t sent_ns)
{
	add(&count_of(seconds, to, sent_ns / NSEC_PER_SEC)->sent, 1);
}

void beacon_seconds_arrived(
	struct beacon_seconds *seconds, unsigned from, uint64_t sent_ns, uint64_t delay_ns)
{
	struct count *count = count_of(seconds, from, sent_ns / NSEC_PER_SEC);

	if (delay_ns > BEACON_SECONDS_DUE_NS)
		return; /* its second may have been told */
	add(&count->arrived, 1);
	add(&count->sum_ns, delay_ns);
	if (delay_ns > atomic_load_explicit(&count->max_ns, memory_order_relaxed))
		atomic_store_explicit(&count->max_ns, delay_ns, memory_order_relaxed);
}

static struct jv *arrived_out(const struct count *count)
{
	uint64_t n = atomic_load(&count->arrived), sum = atomic_load(&count->sum_ns);
	struct jv *one = jv_new_array();

	jv_add(one, jv_new_int((int64_t)n));
	jv_add(one, jv_new_int((int64_t)(n ? sum / n : 0)));
	jv_add(one, jv_new_int((int64_t)atomic_load(&count->max_ns)));
	return one;
}

static void clear(struct count *count)
{
	atomic_store(&count->sent, 0);
	atomic_store(&count->arrived, 0);
	atomic_store(&count->sum_ns, 0);
	atomic_store(&count->max_ns, 0);
}

struct jv *beacon_seconds_report(struct beacon_seconds *seconds, uint64_t now_ns)
{
	uint64_t second = seconds->next;
	struct jv *message, *sent, *arrived;

	if (now_ns < (second + 1) * NSEC_PER_SEC + BEACON_SECONDS_DUE_NS)
		return NULL;
	message = jv_new_object();
	sent = jv_new_array();
	arrived = jv_new_array();
	for (unsigned r = 0; r < seconds->n_regions; r++) {
		struct count *count = count_of(seconds, r, second);

		jv_add(sent, jv_new_int((int64_t)atomic_load(&count->sent)));
		jv_add(arrived, arrived_out(count));
		clear(count);
	}
	jv_set(message, "type", jv_new_string("progress"));
	jv_set(message, "second", jv_new_int((int64_t)second));
	jv_set(message, "sent", sent);
	jv_set(message, "arrived", arrived);
	seconds->next++;
	return message;
}
