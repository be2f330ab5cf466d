#include "suites/tests/helpers/beacon_world.h"
#include "chaos/loss.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

void world_init(struct world *world, unsigned n_regions, uint64_t end_ns, uint64_t seed)
{
	*world = (struct world){.n_regions = n_regions, .end_ns = end_ns, .noise_ns = 20000};
	rng_seed(&world->rng, seed);
}

void world_change(struct world *world, unsigned from, unsigned to, unsigned families,
	uint64_t at_ns, const struct impairment *impairment)
{
	assert(world->n_changes < WORLD_CHANGES_MAX);
	world->changes[world->n_changes++] =
		(struct world_change){from, to, families, at_ns, *impairment};
}

static struct impairment impairment_at(
	const struct world *world, unsigned from, unsigned to, int family, uint64_t at_ns)
{
	struct impairment now = {0};

	for (size_t i = 0; i < world->n_changes; i++) {
		const struct world_change *c = &world->changes[i];

		if (c->from == from && c->to == to && (c->families & 1u << family) &&
			c->at_ns <= at_ns)
			now = c->impairment;
	}
	return now;
}

static double normal(struct rng *rng)
{
	return sqrt(-2 * log(1 - rng_unit(rng))) * cos(2 * M_PI * rng_unit(rng));
}

static double delay_of(struct world *world, const struct impairment *imp)
{
	double delay = (double)imp->delay_ns, jitter = (double)imp->jitter_ns;

	if (jitter > 0 && imp->distribution == DISTRIBUTION_UNIFORM)
		delay += jitter * (2 * rng_unit(&world->rng) - 1);
	else if (jitter > 0)
		delay += jitter * normal(&world->rng);
	return fmax(0, delay) + 8000 - (double)world->noise_ns * log(1 - rng_unit(&world->rng));
}

/* One direction: the families share the chain of losses, and the order of a link that keeps it. */
struct line {
	bool bad;
	uint64_t last_ns;
};

static uint64_t arrival_ns(
	struct world *world, struct line *line, const struct impairment *imp, uint64_t sent_ns)
{
	struct gilbert chain = impairment_gilbert(imp);
	double u = rng_unit(&world->rng);
	uint64_t at_ns;

	line->bad = line->bad ? u >= chain.leave : u < chain.enter;
	if (imp->cut || line->bad)
		return 0;
	at_ns = sent_ns + (uint64_t)delay_of(world, imp);
	if (!imp->reorder && at_ns < line->last_ns)
		at_ns = line->last_ns + 1000;
	line->last_ns = at_ns;
	return at_ns;
}

void world_make(struct world *world, struct beacons *beacons)
{
	size_t per_stream = world->end_ns / WORLD_PERIOD_NS;
	unsigned n = world->n_regions;

	*beacons = (struct beacons){.n_regions = n, .period_ns = WORLD_PERIOD_NS};
	beacons->ends = calloc(n, sizeof(*beacons->ends));
	beacons->samples = calloc(n * n * BEACON_FAMILIES * per_stream, sizeof(*beacons->samples));
	assert(beacons->ends && beacons->samples);
	for (unsigned r = 0; r < n; r++)
		beacons->ends[r] =
			(struct beacon_end){true, true, 0, world->end_ns, 0, world->end_ns, 0};
	for (unsigned pair = 0; pair < n * n; pair++) {
		struct beacon_sample *base = beacons->samples + beacons->n;
		struct line line = {0};

		if (pair / n == pair % n)
			continue;
		for (size_t i = 0; i < per_stream * BEACON_FAMILIES; i++) {
			int family = i % BEACON_FAMILIES;
			struct beacon_sample *s = base + family * per_stream + i / BEACON_FAMILIES;
			struct impairment imp;

			*s = (struct beacon_sample){
				.sent_ns = (i / BEACON_FAMILIES) * WORLD_PERIOD_NS +
					(uint64_t)family * 15000,
				.seq = (uint32_t)(i / BEACON_FAMILIES),
				.from = (uint8_t)(pair / n),
				.to = (uint8_t)(pair % n),
				.family = (uint8_t)family,
			};
			imp = impairment_at(world, s->from, s->to, family, s->sent_ns);
			s->recv_ns = arrival_ns(world, &line, &imp, s->sent_ns);
			s->copies = s->recv_ns != 0;
		}
		beacons->n += per_stream * BEACON_FAMILIES;
	}
}

void world_forget(
	struct beacons *beacons, unsigned from, unsigned to, uint64_t from_ns, uint64_t to_ns)
{
	size_t kept = 0;

	for (size_t i = 0; i < beacons->n; i++) {
		const struct beacon_sample *s = &beacons->samples[i];

		if ((from >= beacons->n_regions || s->from == from) &&
			(to >= beacons->n_regions || s->to == to) && s->sent_ns >= from_ns &&
			s->sent_ns < to_ns)
			continue;
		beacons->samples[kept++] = *s;
	}
	beacons->n = kept;
}

void world_stall(struct beacons *beacons, uint64_t at_ns, uint64_t length_ns)
{
	for (size_t i = 0; i < beacons->n; i++) {
		struct beacon_sample *s = &beacons->samples[i];

		if (s->sent_ns < at_ns && s->recv_ns > at_ns && s->recv_ns < at_ns + length_ns)
			s->recv_ns = at_ns + length_ns + 100000;
	}
	world_forget(beacons, beacons->n_regions, beacons->n_regions, at_ns, at_ns + length_ns);
}
