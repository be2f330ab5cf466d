#include "suites/judge/sensitivity.h"
#include "suites/judge/index.h"
#include "suites/judge/ops.h"

#include <stdlib.h>
#include <string.h>

/* Places are tried so often before a history is said to offer none. */
#define TRIES_PER_PLANT 40
#define KEYS_MAX 4

static const uint64_t sizes_ns[] = {10000000, 20000000, 40000000, 80000000, 160000000, 320000000,
	640000000, 1280000000, 2560000000, 5120000000, 10240000000};
#define N_SIZES (sizeof(sizes_ns) / sizeof(*sizes_ns))

struct planting {
	struct arena arena; /* of one plant; released between them */
	const struct evidence *whole;
	const struct question *question;
	const struct checker_ops *checker;
	struct rng rng;
	uint32_t *keys; /* those with something written by a session */
	uint32_t n_keys;
};

static bool is_plantable(const struct planting *p, uint32_t key)
{
	const struct index *index = p->whole->index;
	struct span writes = index_writes(index, key);
	unsigned classes = p->checker->plant_classes;

	return writes.first < writes.end &&
		op_is_session(&index->ops[index->writes[writes.first]]) &&
		(!classes || classes & 1u << op_key_class(index->keys[key]));
}

static uint32_t writer_of(const struct planting *p, uint32_t key)
{
	const struct index *index = p->whole->index;

	return index->ops[index->writes[index_writes(index, key).first]].session;
}

static void find_keys(struct planting *p)
{
	const struct index *index = p->whole->index;

	p->keys = calloc(index->n_keys + 1, sizeof(*p->keys));
	if (!p->keys)
		abort();
	for (uint32_t k = 0; k < index->n_keys; k++) {
		if (is_plantable(p, k))
			p->keys[p->n_keys++] = k;
	}
}

static int compare_places(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static bool is_among(const uint32_t *keys, unsigned n, uint32_t key)
{
	for (unsigned i = 0; i < n; i++) {
		if (keys[i] == key)
			return true;
	}
	return false;
}

/* Half of the time the further keys are of the writer of the first: what one session did to two keys
 * is rare among keys drawn freely. */
static unsigned draw_keys(struct planting *p, uint32_t keys[KEYS_MAX])
{
	unsigned wanted = p->checker->plant_keys ? p->checker->plant_keys : 1, n = 0;
	bool same_writer = rng_below(&p->rng, 2);

	for (int tries = 0; n < wanted && tries < 200; tries++) {
		uint32_t key = p->keys[rng_below(&p->rng, p->n_keys)];

		if (is_among(keys, n, key) ||
			(n && same_writer && writer_of(p, key) != writer_of(p, keys[0])))
			continue;
		keys[n++] = key;
	}
	return n;
}

/* The operations on a few keys, copied, in the order of the history. */
static struct evidence extract(struct planting *p, const uint32_t *keys, unsigned n_keys)
{
	const struct index *index = p->whole->index;
	struct evidence part = *p->whole;
	uint32_t *places, n = 0;

	for (unsigned k = 0; k < n_keys; k++) {
		struct span span = index_key(index, keys[k]);

		n += span.end - span.first;
	}
	places = arena_array(&p->arena, n, sizeof(*places));
	n = 0;
	for (unsigned k = 0; k < n_keys; k++) {
		struct span span = index_key(index, keys[k]);

		memcpy(places + n, index->by_key + span.first,
			(span.end - span.first) * sizeof(*places));
		n += span.end - span.first;
	}
	if (n_keys > 1)
		qsort(places, n, sizeof(*places), compare_places);
	part.history.ops = arena_array(&p->arena, n, sizeof(*part.history.ops));
	part.history.n = n;
	for (uint32_t i = 0; i < n; i++)
		part.history.ops[i] = index->ops[places[i]];
	part.index = index_build(&p->arena, &part, index);
	return part;
}

static uint64_t count_findings(struct planting *p, struct evidence *evidence)
{
	struct measurement m = {.fault = -1};

	p->checker->measure(&p->arena, evidence, p->question, &m);
	return m.total_findings;
}

enum planted { PLANTED_NOWHERE, PLANTED_MISSED, PLANTED_FOUND };

static enum planted plant_one(struct planting *p, uint64_t size_ns)
{
	enum planted result = PLANTED_NOWHERE;

	for (int tries = 0; tries < TRIES_PER_PLANT && result == PLANTED_NOWHERE; tries++) {
		uint32_t keys[KEYS_MAX];
		struct evidence part = extract(p, keys, draw_keys(p, keys));
		uint64_t before = count_findings(p, &part);

		if (p->checker->plant(&p->arena, &part, p->question, &p->rng, size_ns)) {
			part.index = index_build(&p->arena, &part, p->whole->index);
			result = count_findings(p, &part) > before ? PLANTED_FOUND : PLANTED_MISSED;
		}
		arena_release(&p->arena);
	}
	return result;
}

static void plant_many(
	struct planting *p, unsigned plants, uint64_t size_ns, struct sensitivity *out)
{
	out->planted = out->found = 0;
	for (unsigned i = 0; i < plants; i++) {
		enum planted planted = plant_one(p, size_ns);

		if (planted == PLANTED_NOWHERE) {
			if (!out->planted)
				return; /* the first found no place: the others would not either */
			continue;
		}
		out->planted++;
		out->found += planted == PLANTED_FOUND;
	}
}

/* What a bound allows is no violation. */
static bool is_allowed(const struct planting *p, uint64_t size_ns)
{
	return p->question->metric->unit == PARAM_DURATION && p->question->bound > 0 &&
		(double)size_ns <= p->question->bound;
}

/* The smallest size of which everything planted is found; sizes that have no place are passed. */
static void plant_sizes(struct planting *p, unsigned plants, struct sensitivity *out)
{
	for (size_t s = 0; s < N_SIZES; s++) {
		struct sensitivity one = {0};

		if (is_allowed(p, sizes_ns[s]))
			continue;
		plant_many(p, plants, sizes_ns[s], &one);
		if (!one.planted)
			continue;
		*out = one;
		out->possible = true;
		if (one.found == one.planted) {
			out->smallest_ns = sizes_ns[s];
			return;
		}
	}
}

void sensitivity_measure(const struct evidence *evidence, const struct question *question,
	unsigned plants, uint64_t seed, struct sensitivity *out)
{
	struct planting p = {.whole = evidence,
		.question = question,
		.checker = checker_find(question->metric->checker)};

	*out = (struct sensitivity){0};
	if (!p.checker || !p.checker->plant)
		return;
	rng_seed(&p.rng, rng_derive(seed, question->metric->name));
	find_keys(&p);
	if (p.n_keys) {
		if (p.checker->plant_has_size)
			plant_sizes(&p, plants, out);
		else
			plant_many(&p, plants, 0, out);
		out->possible = out->planted > 0;
	}
	free(p.keys);
}
