/*
 * bench_judge: operations a second and bytes an operation of judging a long history: sessions,
 * staleness and loss over unique-value registers, one thread.
 *
 *	build/bench/bench_judge [operations]     (1000000 by default)
 *
 * The history is made as a run makes it: sessions in three regions, four registers each, one read
 * in five of a foreign register, a fifth of the writes to ledger keys that are read back at the end.
 */
#include "fixtures/base/rng.h"
#include "probes/group.h"
#include "suites/judge/checker.h"
#include "suites/judge/index.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REGIONS 3
#define SESSIONS 60
#define REGISTERS 4
#define MS UINT64_C(1000000)

struct maker {
	struct op *ops;
	size_t n;
	struct rng rng;
	uint64_t sequence[SESSIONS], free_ns[SESSIONS];
	uint64_t last[SESSIONS * REGISTERS]; /* value of each register */
	uint32_t ledger[SESSIONS];
};

static struct op *add(
	struct maker *m, enum op_kind kind, uint32_t session, uint32_t key, uint64_t value)
{
	struct op *op = &m->ops[m->n++];
	uint64_t call = m->free_ns[session] + 1 + rng_below(&m->rng, 5 * MS);

	m->free_ns[session] = call + MS + rng_below(&m->rng, MS);
	*op = (struct op){.kind = (uint8_t)kind,
		.state = OP_OK,
		.session = session,
		.key = key,
		.value = value,
		.call_ns = call,
		.ret_ns = m->free_ns[session],
		.region = (uint8_t)(session % REGIONS),
		.node = (uint8_t)(session % REGIONS)};
	return op;
}

static void add_write(struct maker *m, uint32_t session)
{
	uint64_t value = op_value(session + 1, ++m->sequence[session]);
	uint32_t i = session * REGISTERS + (uint32_t)rng_below(&m->rng, REGISTERS);

	if (rng_below(&m->rng, 5) == 0 && m->ledger[session] < 1u << GROUP_LEDGER_BITS) {
		add(m, OP_WRITE, session, group_ledger_key(session, m->ledger[session]++), value)
			->node = 0;
		return;
	}
	add(m, OP_WRITE, session, op_key(KEY_REGISTER, i), value)->node = 0;
	m->last[i] = value;
}

static void add_read(struct maker *m, uint32_t session)
{
	uint32_t owner = rng_below(&m->rng, 5) ? session : (uint32_t)rng_below(&m->rng, SESSIONS);
	uint32_t i = owner * REGISTERS + (uint32_t)rng_below(&m->rng, REGISTERS);

	add(m, OP_READ, session, op_key(KEY_REGISTER, i), m->last[i])->flags |=
		m->last[i] ? 0 : OP_ABSENT;
}

static int compare_calls(const void *a, const void *b)
{
	const struct op *x = a, *y = b;

	return (x->call_ns > y->call_ns) - (x->call_ns < y->call_ns);
}

/* Sessions take turns, so the order is nearly that of the calls. */
static void make(struct maker *m, size_t n)
{
	uint64_t end = 0;

	m->ops = malloc(n * sizeof(*m->ops));
	if (!m->ops)
		abort();
	rng_seed(&m->rng, 1);
	for (uint32_t i = 0; m->n < n * 4 / 5; i++) {
		if (rng_below(&m->rng, 6) == 0)
			add_write(m, i % SESSIONS);
		else
			add_read(m, i % SESSIONS);
	}
	for (uint32_t s = 0; s < SESSIONS; s++)
		end = m->free_ns[s] > end ? m->free_ns[s] : end;
	for (size_t i = 0; i < n * 4 / 5 && m->n + REGIONS <= n; i++) {
		for (uint8_t r = 0; op_key_class(m->ops[i].key) == KEY_LEDGER && r < REGIONS; r++) {
			struct op *op = &m->ops[m->n++];

			*op = m->ops[i];
			op->kind = OP_READ;
			op->flags = OP_READBACK;
			op->region = op->node = r;
			op->call_ns = end + m->n;
			op->ret_ns = op->call_ns + MS;
		}
	}
	qsort(m->ops, m->n, sizeof(*m->ops), compare_calls);
}

static void fill_plan(struct plan *plan)
{
	static struct plan_region regions[REGIONS] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
	static struct endpoint endpoints[REGIONS] = {{.region = 0}, {.region = 1}, {.region = 2}};
	static uint8_t where[REGIONS] = {0, 1, 2};
	static struct client_group group = {.regions = where,
		.n_regions = REGIONS,
		.sessions_per_region = SESSIONS / REGIONS,
		.stale_after_ns = 1000 * MS};

	*plan = (struct plan){.regions = regions,
		.n_regions = REGIONS,
		.endpoints = endpoints,
		.n_endpoints = REGIONS,
		.groups = &group,
		.n_groups = 1};
}

/* Of the processor: the machine may be shared. */
static double processor_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double ask(const struct evidence *evidence, enum metric_id metric)
{
	struct question question = {.metric = &metrics[metric],
		.stat = STAT_VALUE,
		.group = -1,
		.phase = -1,
		.region = -1,
		.from = -1,
		.to = -1};
	struct measurement m = {.fault = -1};
	struct arena arena = {0};
	double seconds = -processor_seconds();

	checker_find(question.metric->checker)->measure(&arena, evidence, &question, &m);
	seconds += processor_seconds();
	printf("  %-28s %6.2f s  %6.1f M ops/s   %llu of %llu\n", question.metric->name, seconds,
		(double)evidence->history.n / seconds / 1e6, (unsigned long long)m.total_findings,
		(unsigned long long)m.n);
	arena_release(&arena);
	return seconds;
}

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000, before;
	struct maker maker = {0};
	struct arena arena = {0};
	struct plan plan;
	struct evidence evidence = {.plan = &plan, .converged = true};
	double total;

	make(&maker, n);
	fill_plan(&plan);
	evidence.history = (struct history){.ops = maker.ops, .n = maker.n};
	evidence.quiet_ns = 1;
	before = mallinfo2().uordblks + mallinfo2().hblkhd;
	total = -processor_seconds();
	evidence.index = index_build(&arena, &evidence, NULL);
	total += processor_seconds();
	printf("%zu operations\n  %-28s %6.2f s  %6.1f M ops/s   %.1f bytes/op with the record\n",
		maker.n, "index", total, (double)maker.n / total / 1e6,
		64 +
			(double)(mallinfo2().uordblks + mallinfo2().hblkhd - before) /
				(double)maker.n);
	total += ask(&evidence, METRIC_READ_YOUR_WRITES);
	total += ask(&evidence, METRIC_MONOTONIC_READS);
	total += ask(&evidence, METRIC_STALE_UNFLAGGED);
	total += ask(&evidence, METRIC_WRITES_LOST);
	printf("  %-28s %6.2f s  %6.1f M ops/s   (target 5)\n", "all", total,
		(double)maker.n / total / 1e6);
	ask(&evidence, METRIC_MONOTONIC_WRITES);
	ask(&evidence, METRIC_WRITES_FOLLOW_READS);
	ask(&evidence, METRIC_STALENESS);
	ask(&evidence, METRIC_VISIBILITY);
	arena_release(&arena);
	free(maker.ops);
	return 0;
}
