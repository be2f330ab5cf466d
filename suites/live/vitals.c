#include "suites/live/vitals.h"
#include "fixtures/json/jv.h"
#include "probes/marks.h"
#include "suites/plan.h"

#include <stdlib.h>
#include <string.h>

/* Acknowledgements that are kept of a region: 100 s of a ticker's 20 a second. */
#define ACKED_MAX 2048
/* Reads of a pair that wait for the writer's region to tell up to their time. */
#define SEEN_MAX 8
#define SECOND_NS UINT64_C(1000000000)
/* A message has at most a megabyte (fixtures/frame.h), and nobody reads ten thousand pairs. */
#define PAIRS_REGIONS_MAX 64

struct class_counts {
	uint64_t ok, fail, unknown;
};

/* Of the sessions and of the ticker; since the start, and what the last period added. */
struct counts {
	struct class_counts sum, last;
	double p99_ns;
};

struct acked {
	uint64_t sequence, at_ns;
};

struct region_vitals {
	uint64_t told_ns, period_ns;       /* since the run's zero; told_ns 0: never */
	struct counts session[2], tick[2]; /* reads, writes */
	struct acked acked[ACKED_MAX];     /* a ring, in the order of their numbers or nearly so */
	uint64_t n_acked;
};

struct pair_vitals {
	struct acked seen[SEEN_MAX]; /* a ring */
	uint64_t n_seen;
	/* Of the last second that sender and receiver told of. */
	uint64_t sent_second, arrived_second; /* plus one; 0: never */
	uint64_t sent, arrived, mean_ns;
};

struct node_vitals {
	int role;
	uint32_t epoch;
};

struct vitals {
	const struct plan *plan;
	unsigned n;
	struct region_vitals *regions;
	struct pair_vitals *pairs; /* [from * n + to] */
	struct node_vitals *nodes;
};

static void *zeros(size_t n, size_t size)
{
	void *p = calloc(n + 1, size);

	if (!p)
		abort();
	return p;
}

struct vitals *vitals_new(const struct plan *plan)
{
	struct vitals *vitals = zeros(1, sizeof(*vitals));

	vitals->plan = plan;
	vitals->n = (unsigned)plan->n_regions;
	vitals->regions = zeros(plan->n_regions, sizeof(*vitals->regions));
	vitals->pairs = zeros(plan->n_regions * plan->n_regions, sizeof(*vitals->pairs));
	vitals->nodes = zeros(plan->n_endpoints, sizeof(*vitals->nodes));
	return vitals;
}

void vitals_free(struct vitals *vitals)
{
	if (!vitals)
		return;
	free(vitals->regions);
	free(vitals->pairs);
	free(vitals->nodes);
	free(vitals);
}

static uint64_t number(const struct jv *json)
{
	int64_t n = jv_int(json, 0);

	return n > 0 ? (uint64_t)n : 0;
}

static uint64_t since(uint64_t epoch_ns, uint64_t at_ns)
{
	return at_ns > epoch_ns ? at_ns - epoch_ns : 0;
}

static uint64_t grown(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

static void take_counts(struct counts *counts, const struct jv *from)
{
	struct class_counts now = {number(jv_get(from, "ok")), number(jv_get(from, "fail")),
		number(jv_get(from, "unknown"))};

	counts->last = (struct class_counts){grown(now.ok, counts->sum.ok),
		grown(now.fail, counts->sum.fail), grown(now.unknown, counts->sum.unknown)};
	counts->sum = now;
	counts->p99_ns = (double)number(jv_get(from, "p99_ns"));
}

static void take_acked(struct region_vitals *region, const struct jv *list, uint64_t epoch_ns)
{
	for (size_t i = 0; i < jv_count(list); i++) {
		const struct jv *one = jv_at(list, i);

		region->acked[region->n_acked++ % ACKED_MAX] = (struct acked){
			number(jv_at(one, 0)), since(epoch_ns, number(jv_at(one, 1)))};
	}
}

static void take_seen(
	struct vitals *vitals, unsigned from, const struct jv *list, uint64_t epoch_ns)
{
	for (size_t i = 0; i < jv_count(list); i++) {
		const struct jv *one = jv_at(list, i);
		uint64_t to = number(jv_at(one, 2));
		struct pair_vitals *pair;

		if (to >= vitals->n)
			continue;
		pair = &vitals->pairs[from * vitals->n + to];
		pair->seen[pair->n_seen++ % SEEN_MAX] = (struct acked){
			number(jv_at(one, 0)), since(epoch_ns, number(jv_at(one, 1)))};
	}
}

static void take_roles(struct vitals *vitals, const struct jv *list)
{
	for (size_t i = 0; i < jv_count(list); i++) {
		const struct jv *one = jv_at(list, i);
		uint64_t node = number(jv_at(one, 0));

		if (node < vitals->plan->n_endpoints)
			vitals->nodes[node] = (struct node_vitals){
				(int)number(jv_at(one, 1)), (uint32_t)number(jv_at(one, 2))};
	}
}

void vitals_take_prober(
	struct vitals *vitals, unsigned region, const struct jv *body, uint64_t epoch_ns)
{
	struct region_vitals *own = &vitals->regions[region];
	uint64_t at = since(epoch_ns, number(jv_get(body, "at_ns")));

	own->period_ns = grown(at, own->told_ns);
	own->told_ns = at;
	take_counts(&own->session[0], jv_get(body, "reads"));
	take_counts(&own->session[1], jv_get(body, "writes"));
	take_counts(&own->tick[0], jv_get(body, "tick_reads"));
	take_counts(&own->tick[1], jv_get(body, "tick_writes"));
	take_acked(own, jv_get(body, "acked"), epoch_ns);
	take_seen(vitals, region, jv_get(body, "seen"), epoch_ns);
	take_roles(vitals, jv_get(body, "roles"));
}

void vitals_take_beacon(struct vitals *vitals, unsigned region, const struct jv *body)
{
	uint64_t second = number(jv_get(body, "second")) + 1;
	const struct jv *sent = jv_get(body, "sent"), *arrived = jv_get(body, "arrived");

	for (unsigned r = 0; r < vitals->n; r++) {
		struct pair_vitals *out = &vitals->pairs[region * vitals->n + r];
		struct pair_vitals *in = &vitals->pairs[r * vitals->n + region];
		const struct jv *one = jv_at(arrived, r);

		out->sent = number(jv_at(sent, r));
		out->sent_second = second;
		in->arrived = number(jv_at(one, 0));
		in->mean_ns = number(jv_at(one, 1));
		in->arrived_second = second;
	}
}

bool vitals_period(const struct vitals *vitals, unsigned region, uint64_t *from_ns, uint64_t *to_ns)
{
	const struct region_vitals *own = &vitals->regions[region];

	*to_ns = own->told_ns;
	*from_ns = grown(own->told_ns, own->period_ns);
	return own->told_ns != 0;
}

/* The newest read that the writer's region has told up to. */
static const struct acked *settled_read(const struct vitals *vitals, unsigned from, unsigned to)
{
	const struct pair_vitals *pair = &vitals->pairs[from * vitals->n + to];
	uint64_t told = vitals->regions[to].told_ns;

	for (uint64_t k = 0; k < SEEN_MAX && k < pair->n_seen; k++) {
		const struct acked *seen = &pair->seen[(pair->n_seen - 1 - k) % SEEN_MAX];

		if (seen->at_ns <= told)
			return seen;
	}
	return NULL;
}

/* Negative: unknown. */
static double staleness(const struct vitals *vitals, unsigned from, unsigned to, uint64_t now_ns)
{
	const struct region_vitals *writer = &vitals->regions[to];
	const struct acked *seen = settled_read(vitals, from, to);
	uint64_t oldest = UINT64_MAX;

	if (!seen || seen->at_ns + VITALS_LIMIT_NS < now_ns)
		return -1;
	for (uint64_t k = 0; k < ACKED_MAX && k < writer->n_acked; k++) {
		const struct acked *acked = &writer->acked[(writer->n_acked - 1 - k) % ACKED_MAX];

		if (acked->sequence > seen->sequence && acked->at_ns < oldest)
			oldest = acked->at_ns;
	}
	return oldest < seen->at_ns ? (double)(seen->at_ns - oldest) : 0;
}

static double worst_staleness(const struct vitals *vitals, unsigned region, uint64_t now_ns)
{
	double worst = -1;

	for (unsigned r = 0; r < vitals->n; r++) {
		double age = staleness(vitals, region, r, now_ns);

		if (age > worst)
			worst = age;
	}
	return worst;
}

/* Share of what did not end well; negative: nothing ended. */
static double bad_share(const struct counts counts[2], enum vital_class class_)
{
	uint64_t ok = 0, bad = 0;

	for (int write = 0; write < 2; write++) {
		if (class_ == (write ? VITAL_READS : VITAL_WRITES))
			continue;
		ok += counts[write].last.ok;
		bad += counts[write].last.fail + counts[write].last.unknown;
	}
	return ok + bad ? (double)bad / (double)(ok + bad) : -1;
}

static double worst_p99(const struct counts counts[2], enum vital_class class_)
{
	double reads = class_ == VITAL_WRITES ? 0 : counts[0].p99_ns;
	double writes = class_ == VITAL_READS ? 0 : counts[1].p99_ns;
	double worst = reads > writes ? reads : writes;

	return worst > 0 ? worst : -1;
}

bool vitals_value(const struct vitals *vitals, enum vital vital, enum vital_class class_,
	unsigned region, double *out)
{
	const struct region_vitals *own = &vitals->regions[region];

	*out = -1;
	switch (vital) {
	case VITAL_ERRORS:
		*out = bad_share(own->session, class_);
		break;
	case VITAL_LATENCY:
		*out = worst_p99(own->session, class_);
		break;
	case VITAL_AVAILABILITY:
		*out = bad_share(own->tick, class_);
		if (*out >= 0)
			*out = 1 - *out;
		break;
	case VITAL_STALENESS:
		*out = worst_staleness(vitals, region, own->told_ns);
		break;
	case VITALS:
		break;
	}
	return *out >= 0;
}

struct vital_pair vitals_pair(
	const struct vitals *vitals, unsigned from, unsigned to, uint64_t now_ns)
{
	const struct pair_vitals *pair = &vitals->pairs[from * vitals->n + to];
	struct vital_pair out = {-1, -1, staleness(vitals, from, to, now_ns)};
	uint64_t second = pair->arrived_second;

	if (!second || (second + 1) * SECOND_NS + VITALS_LIMIT_NS < now_ns)
		return out;
	if (pair->arrived)
		out.delay_ns = (double)pair->mean_ns;
	if (second == pair->sent_second && pair->sent)
		out.loss = pair->arrived < pair->sent
			? 1 - (double)pair->arrived / (double)pair->sent
			: 0;
	return out;
}

static double per_second(const struct region_vitals *own, const struct class_counts *last)
{
	uint64_t n = last->ok + last->fail + last->unknown;

	return own->period_ns ? (double)n * 1e9 / (double)own->period_ns : 0;
}

struct vital_rates vitals_rates(const struct vitals *vitals, unsigned region, uint64_t now_ns)
{
	const struct region_vitals *own = &vitals->regions[region];
	struct vital_rates rates = {-1, -1, -1, -1, -1, -1};

	if (!own->told_ns || own->told_ns + VITALS_LIMIT_NS < now_ns)
		return rates;
	rates.reads = per_second(own, &own->session[0].last);
	rates.writes = per_second(own, &own->session[1].last);
	rates.read_p99_ns = worst_p99(own->session, VITAL_READS);
	rates.write_p99_ns = worst_p99(own->session, VITAL_WRITES);
	vitals_value(vitals, VITAL_ERRORS, VITAL_ALL, region, &rates.errors);
	vitals_value(vitals, VITAL_AVAILABILITY, VITAL_ALL, region, &rates.availability);
	return rates;
}

int vitals_role(const struct vitals *vitals, size_t endpoint, uint32_t *epoch)
{
	*epoch = vitals->nodes[endpoint].epoch;
	return vitals->nodes[endpoint].role;
}

static void put(struct jv *object, const char *name, double value, double scale)
{
	jv_set(object, name, value < 0 ? jv_new_null() : jv_new_real(value * scale));
}

static struct jv *region_json(const struct vitals *vitals, unsigned r, uint64_t now_ns)
{
	struct vital_rates rates = vitals_rates(vitals, r, now_ns);
	struct jv *out = jv_new_object();

	jv_set(out, "name", jv_new_string(vitals->plan->regions[r].name));
	put(out, "reads", rates.reads, 1);
	put(out, "writes", rates.writes, 1);
	put(out, "errors", rates.errors, 1);
	put(out, "availability", rates.availability, 1);
	put(out, "read_p99_ms", rates.read_p99_ns, 1e-6);
	put(out, "write_p99_ms", rates.write_p99_ns, 1e-6);
	return out;
}

static struct jv *pair_json(
	const struct vitals *vitals, unsigned from, unsigned to, uint64_t now_ns)
{
	struct vital_pair there = vitals_pair(vitals, from, to, now_ns);
	struct vital_pair back = vitals_pair(vitals, to, from, now_ns);
	struct jv *out = jv_new_object();
	bool rtt = there.delay_ns >= 0 && back.delay_ns >= 0;

	jv_set(out, "from", jv_new_int(from));
	jv_set(out, "to", jv_new_int(to));
	put(out, "rtt_ms", rtt ? there.delay_ns + back.delay_ns : -1, 1e-6);
	put(out, "delay_ms", there.delay_ns, 1e-6);
	put(out, "loss", there.loss, 1);
	put(out, "staleness_ms", there.staleness_ns, 1e-6);
	return out;
}

static struct jv *node_json(const struct vitals *vitals, size_t i)
{
	static const char *const names[] = {
		[ROLE_UNKNOWN] = "unknown", [ROLE_PRIMARY] = "primary", [ROLE_REPLICA] = "replica"};
	const struct endpoint *endpoint = &vitals->plan->endpoints[i];
	int role = vitals->nodes[i].role;
	struct jv *out = jv_new_object();

	jv_set(out, "name", jv_new_string(endpoint->name));
	jv_set(out, "region", jv_new_int(endpoint->region));
	jv_set(out, "role", jv_new_string(names[role <= ROLE_REPLICA ? role : ROLE_UNKNOWN]));
	jv_set(out, "epoch", jv_new_int(vitals->nodes[i].epoch));
	return out;
}

struct jv *vitals_json(const struct vitals *vitals, uint64_t now_ns)
{
	struct jv *out = jv_new_object(), *regions = jv_new_array(), *pairs = jv_new_array(),
		  *nodes = jv_new_array();

	jv_set(out, "at_s", jv_new_real((double)now_ns / 1e9));
	for (unsigned r = 0; r < vitals->n; r++) {
		jv_add(regions, region_json(vitals, r, now_ns));
		for (unsigned to = 0; to < vitals->n; to++) {
			if (to != r && vitals->n <= PAIRS_REGIONS_MAX)
				jv_add(pairs, pair_json(vitals, r, to, now_ns));
		}
	}
	for (size_t i = 0; i < vitals->plan->n_endpoints; i++)
		jv_add(nodes, node_json(vitals, i));
	jv_set(out, "regions", regions);
	jv_set(out, "pairs", pairs);
	jv_set(out, "nodes", nodes);
	return out;
}
