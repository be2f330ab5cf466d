/*
 * What the beacons saw of every ordered pair of regions over time, both address families together.
 * With many regions the buckets are wider, so that all links together stay bounded.
 */
#include "suites/series.h"
#include "probes/beacon.h"

#include <stdlib.h>

#define CELLS_MAX 40000 /* buckets of all links together */
#define LEAST_BUCKETS 8

struct delays {
	uint64_t bucket_ns;
	size_t n_buckets;
	struct series_delay *buckets;
	uint64_t *values; /* of one bucket, room for a whole stream */
};

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static size_t bucket_of(const struct delays *d, const struct beacon_sample *sample)
{
	size_t bucket = (size_t)(sample->sent_ns / d->bucket_ns);

	return bucket < d->n_buckets ? bucket : d->n_buckets - 1;
}

static void add_delays(struct series_delay *bucket, uint64_t *values, size_t n)
{
	if (!n)
		return;
	qsort(values, n, sizeof(*values), compare_u64);
	if (!bucket->max_ns || values[0] < bucket->min_ns)
		bucket->min_ns = values[0];
	if (values[n - 1] > bucket->max_ns)
		bucket->max_ns = values[n - 1];
	if (values[(n - 1) / 2] > bucket->p50_ns) /* of two families the slower */
		bucket->p50_ns = values[(n - 1) / 2];
}

/* A stream is in the order of sending, so a bucket is a stretch of it. */
static void add_stream(struct delays *d, const struct beacon_sample *samples, size_t n)
{
	for (size_t i = 0, end; i < n; i = end) {
		size_t place = bucket_of(d, &samples[i]), arrived = 0;
		struct series_delay *bucket = &d->buckets[place];

		for (end = i; end < n && bucket_of(d, &samples[end]) == place; end++) {
			bucket->sent++;
			bucket->lost += !samples[end].recv_ns;
			if (samples[end].recv_ns > samples[end].sent_ns)
				d->values[arrived++] = samples[end].recv_ns - samples[end].sent_ns;
		}
		add_delays(bucket, d->values, arrived);
	}
}

static void fill_link(struct arena *arena, const struct beacons *beacons, unsigned from,
	unsigned to, struct delays *d)
{
	d->buckets = arena_array(arena, d->n_buckets + 1, sizeof(*d->buckets));
	for (enum beacon_family family = 0; family < BEACON_FAMILIES; family++) {
		struct arena scratch = {0};
		size_t n;
		const struct beacon_sample *samples = beacons_stream(beacons, from, to, family, &n);

		d->values = arena_array(&scratch, n + 1, sizeof(*d->values));
		add_stream(d, samples, n);
		arena_release(&scratch);
	}
}

static size_t buckets_for(size_t n_links)
{
	size_t most = CELLS_MAX / (n_links + 1);

	most = most > SERIES_LINK_BUCKETS_MAX ? SERIES_LINK_BUCKETS_MAX : most;
	return most < LEAST_BUCKETS ? LEAST_BUCKETS : most;
}

void series_fill_links(struct arena *arena, const struct evidence *evidence, struct series *out)
{
	const struct plan *plan = evidence->plan;
	size_t n = plan->n_regions * plan->n_regions - plan->n_regions;
	struct delays d = {.bucket_ns = series_bucket_width(evidence->end_ns, buckets_for(n))};
	struct series_link *links;

	if (!evidence->beacons.n || evidence->beacons.n_regions < plan->n_regions)
		return;
	d.n_buckets = (size_t)(evidence->end_ns / d.bucket_ns) + 1;
	links = arena_array(arena, n + 1, sizeof(*links));
	for (unsigned from = 0; from < plan->n_regions; from++) {
		for (unsigned to = 0; to < plan->n_regions; to++) {
			if (from == to)
				continue;
			fill_link(arena, &evidence->beacons, from, to, &d);
			links[out->n_links++] =
				(struct series_link){.from = plan->regions[from].name,
					.to = plan->regions[to].name,
					.buckets = d.buckets,
					.n = d.n_buckets};
		}
	}
	out->link_bucket_ns = d.bucket_ns;
	out->links = links;
}
