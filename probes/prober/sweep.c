/*
 * sweep: every key once from every node of the own region, while nobody writes.
 *
 * Workers take keys one after the other from a shared list, each with a connection of its own; a
 * region's nodes are asked in parallel that way but in order. What was read stands in the history
 * and, as a digest, in the answer to the agent, who compares regions by it.
 */
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/rng.h"
#include "fixtures/json/jv.h"
#include "probes/prober/attempt.h"
#include "probes/prober/prober_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define WORKERS 8
#define GIVE_UP_AFTER 8 /* reads in a row without an answer */
#define READ_LIMIT_NS (2 * NSEC_PER_SEC)

struct item {
	uint32_t key;
	uint32_t group;
};

struct reading {
	uint64_t value;
	bool answered, absent;
};

struct worker {
	struct sweeps *sweeps;
	struct driver **drivers; /* one per group */
	bool running;
	pthread_t thread;
};

struct sweeps {
	struct prober *prober;
	struct history_writer *writer;
	struct worker workers[WORKERS];
	const struct endpoint **nodes; /* of the own region */
	size_t n_nodes;
	bool running;
	pthread_t thread;

	/* the present one */
	int64_t id;
	struct item *items;
	size_t n_items;
	struct reading *readings; /* [n_nodes][n_items] */
	size_t next;              /* taken by workers: node * n_items + item */
	unsigned *silent;         /* [n_nodes]: reads in a row without an answer */
};

static int by_key(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

static void add(struct sweeps *s, uint32_t key, size_t group)
{
	/* doubles at powers of two */
	if (!(s->n_items & (s->n_items - 1))) {
		size_t cap = s->n_items ? 2 * s->n_items : 1;

		s->items = realloc(s->items, cap * sizeof(*s->items));
		if (!s->items)
			abort();
	}
	s->items[s->n_items++] = (struct item){key, (uint32_t)group};
}

static void add_ledger(struct sweeps *s, const struct jv *pair, struct err *err)
{
	const struct prober_config *config = s->prober->config;
	int64_t session = jv_int(jv_at(pair, 0), -1), n = jv_int(jv_at(pair, 1), 0);

	for (size_t g = 0; g < config->n_groups; g++) {
		const struct client_group *group = &config->groups[g];

		if (session < group->first_session ||
			session >= group->first_session + (int64_t)group_sessions(group))
			continue;
		for (int64_t i = 0; i < n && i < 1 << GROUP_LEDGER_BITS; i++)
			add(s, group_ledger_key((uint32_t)session, (uint32_t)i), g);
		return;
	}
	err_set(err, "a sweep names session %lld, which does not exist", (long long)session);
}

static void list_items(struct sweeps *s, const struct jv *ledger, struct err *err)
{
	const struct prober_config *config = s->prober->config;

	s->n_items = 0;
	for (size_t g = 0; g < config->n_groups; g++) {
		const struct client_group *group = &config->groups[g];
		uint64_t first = group_register_key(group, group->first_session, 0);

		if (group_looks_up(group))
			continue;
		for (uint64_t i = 0; i < group_writers(group) * group->registers; i++)
			add(s, (uint32_t)(first + i), g);
	}
	for (unsigned r = 0; s->prober->ticker && r < config->n_regions; r++)
		add(s, op_key(KEY_TICKER, r),
			group_first_of_data(config->groups, config->n_groups));
	for (size_t i = 0; i < jv_count(ledger); i++)
		add_ledger(s, jv_at(ledger, i), err);
	if (s->n_items)
		qsort(s->items, s->n_items, sizeof(*s->items), by_key);
}

static int read_one(struct worker *worker, size_t node, size_t i)
{
	struct sweeps *s = worker->sweeps;
	const struct prober_config *config = s->prober->config;
	const struct item *item = &s->items[i];
	uint64_t timeout = config->groups[item->group].timeout_ns;
	struct attempt attempt = {.writer = s->writer,
		.driver = worker->drivers[item->group],
		.epoch_ns = config->epoch_ns,
		.timeout_ns = timeout < READ_LIMIT_NS ? timeout : READ_LIMIT_NS,
		.at_ns = prober_since_epoch(s->prober, clock_now_ns())};
	struct op op = {.kind = OP_READ,
		.key = item->key,
		.flags = OP_READBACK,
		.session = GROUP_SWEEP_SESSION(config->region),
		.region = (uint8_t)config->region};
	struct reading *reading = &s->readings[node * s->n_items + i];
	struct err err;

	if (attempt_run(&attempt, s->nodes[node], &op, &err)) {
		prober_fail(s->prober, &err);
		return -1;
	}
	*reading = (struct reading){
		.value = op.value, .answered = op.state == OP_OK, .absent = op.flags & OP_ABSENT};
	if (reading->answered)
		__atomic_store_n(&s->silent[node], 0, __ATOMIC_RELAXED);
	else
		__atomic_fetch_add(&s->silent[node], 1, __ATOMIC_RELAXED);
	return 0;
}

static void *worker_main(void *arg)
{
	struct worker *worker = arg;
	struct sweeps *s = worker->sweeps;
	size_t at;

	while (!gate_is_stopped(&s->prober->gate)) {
		at = __atomic_fetch_add(&s->next, 1, __ATOMIC_RELAXED);
		if (at >= s->n_nodes * s->n_items)
			break;
		if (__atomic_load_n(&s->silent[at / s->n_items], __ATOMIC_RELAXED) >= GIVE_UP_AFTER)
			continue;
		if (read_one(worker, at / s->n_items, at % s->n_items))
			break;
	}
	return NULL;
}

static uint64_t digest_of(const struct sweeps *s, size_t node)
{
	const struct reading *readings = s->readings + node * s->n_items;
	uint64_t digest = 0;

	for (size_t i = 0; i < s->n_items; i++) {
		uint64_t what = readings[i].answered ? 1 + (uint64_t)readings[i].absent : 0;

		digest = rng_at(digest, rng_at(s->items[i].key, what, 0), readings[i].value);
	}
	return digest;
}

/* That of the nodes if they agree; else one that no node has. */
static uint64_t digest_of_all(const struct sweeps *s)
{
	uint64_t first = s->n_nodes ? digest_of(s, 0) : 0, digest = first;

	for (size_t node = 1; node < s->n_nodes; node++) {
		uint64_t other = digest_of(s, node);

		if (other != first)
			digest = rng_at(digest, other, node);
	}
	return digest;
}

static void tell(struct sweeps *s, uint64_t start_ns, uint64_t end_ns)
{
	struct jv *message = jv_new_object();
	size_t answered = 0, n = s->n_nodes * s->n_items;
	char digest[17];

	for (size_t i = 0; i < n; i++)
		answered += s->readings[i].answered;
	snprintf(digest, sizeof(digest), "%016" PRIx64, digest_of_all(s));
	jv_set(message, "type", jv_new_string("swept"));
	jv_set(message, "id", jv_new_int(s->id));
	jv_set(message, "keys", jv_new_int((int64_t)n));
	jv_set(message, "answered", jv_new_int((int64_t)answered));
	jv_set(message, "digest", jv_new_string(digest));
	jv_set(message, "start_ns", jv_new_int((int64_t)start_ns));
	jv_set(message, "end_ns", jv_new_int((int64_t)end_ns));
	prober_send(s->prober, message);
}

static void *sweep_main(void *arg)
{
	struct sweeps *s = arg;
	uint64_t start = clock_now_ns();
	struct err err;

	for (size_t i = 0; i < WORKERS; i++) {
		if (prober_thread(&s->workers[i].thread, worker_main, &s->workers[i], &err)) {
			prober_fail(s->prober, &err);
			break;
		}
		s->workers[i].running = true;
	}
	for (size_t i = 0; i < WORKERS; i++) {
		if (s->workers[i].running)
			pthread_join(s->workers[i].thread, NULL);
		s->workers[i].running = false;
	}
	if (!gate_is_stopped(&s->prober->gate))
		tell(s, start, clock_now_ns());
	return NULL;
}

static int open_worker(struct worker *worker, struct sweeps *s, size_t number, struct err *err)
{
	const struct prober_config *config = s->prober->config;

	worker->sweeps = s;
	worker->drivers = calloc(config->n_groups + 1, sizeof(struct driver *));
	if (!worker->drivers)
		abort();
	for (size_t g = 0; g < config->n_groups; g++) {
		/* What was written to a layer is read where all clients read. */
		size_t speaks = config->groups[g].layer
			? group_first_of_data(config->groups, config->n_groups)
			: g;

		worker->drivers[g] = prober_driver(s->prober, &config->groups[speaks],
			UINT64_C(4) << 32 | g << 8 | number, err);
		if (!worker->drivers[g])
			return -1;
	}
	return 0;
}

int sweeps_open(struct prober *prober, struct err *err)
{
	const struct prober_config *config = prober->config;
	struct sweeps *s = calloc(1, sizeof(*s));
	struct buf path = {0};

	if (!s)
		abort();
	prober->sweeps = s;
	s->prober = prober;
	buf_printf(&path, "%s/sweep" HISTORY_SUFFIX, config->dir);
	s->writer = history_writer_open_shared(buf_str(&path), err);
	buf_release(&path);
	if (!s->writer)
		return -1;
	s->nodes = calloc(config->n_endpoints + 1, sizeof(*s->nodes));
	s->silent = calloc(config->n_endpoints + 1, sizeof(*s->silent));
	if (!s->nodes || !s->silent)
		abort();
	for (size_t i = 0; i < config->n_endpoints; i++) {
		if (config->endpoints[i].region == config->region)
			s->nodes[s->n_nodes++] = &config->endpoints[i];
	}
	for (size_t i = 0; i < WORKERS; i++) {
		if (open_worker(&s->workers[i], s, i, err))
			return -1;
	}
	return 0;
}

int sweeps_begin(struct prober *prober, const struct jv *message, struct err *err)
{
	struct sweeps *s = prober->sweeps;

	sweeps_join(prober);
	err->text[0] = '\0';
	s->id = jv_int(jv_get(message, "id"), 0);
	list_items(s, jv_get(message, "ledger"), err);
	if (err->text[0])
		return -1;
	free(s->readings);
	s->readings = calloc(s->n_nodes * s->n_items + 1, sizeof(*s->readings));
	if (!s->readings)
		abort();
	for (size_t i = 0; i < s->n_nodes; i++)
		s->silent[i] = 0;
	s->next = 0;
	if (prober_thread(&s->thread, sweep_main, s, err))
		return -1;
	s->running = true;
	return 0;
}

void sweeps_join(struct prober *prober)
{
	struct sweeps *s = prober->sweeps;

	if (s->running)
		pthread_join(s->thread, NULL);
	s->running = false;
}

void sweeps_close(struct prober *prober)
{
	struct sweeps *s = prober->sweeps;

	if (!s)
		return;
	for (size_t i = 0; i < WORKERS; i++) {
		struct worker *worker = &s->workers[i];

		for (size_t g = 0; worker->drivers && g < prober->config->n_groups; g++) {
			if (worker->drivers[g])
				worker->drivers[g]->ops->close(worker->drivers[g]);
		}
		free(worker->drivers);
	}
	history_writer_close(s->writer);
	free(s->items);
	free(s->readings);
	free(s->silent);
	free(s->nodes);
	free(s);
	prober->sweeps = NULL;
}
