/*
 * bench_judge: operations a second and bytes an operation of judging a long history: sessions,
 * staleness, linearizability and loss over unique-value registers, one thread.
 *
 *	build/bench/bench_judge [operations [sessions registers [others]]]
 *	build/bench/bench_judge write DIR operations sessions registers
 *	build/bench/bench_judge read DIR
 *
 * 1000000 operations by default, of 5 to 500 sessions on 1 to 10000 registers, judged five times, of
 * which the first is shown in full and the median of all at the end; `others` asks the slower checkers
 * as well. `write` leaves the history as the files of a run, one a session, and `read` judges such files
 * once, as a run is judged: loading included, and refused where memory would not do.
 *
 * The history is made as a run makes it: sessions in three regions, one read in five of a foreign
 * register, a fifth of the writes to ledger keys that are read back at the end.
 */
#include "fixtures/base/clock.h"
#include "fixtures/base/memory.h"
#include "fixtures/base/pages.h"
#include "fixtures/base/rng.h"
#include "probes/group.h"
#include "suites/judge/checker.h"
#include "suites/judge/index.h"
#include "suites/judge/lane.h"
#include "suites/tests/helpers/median.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REGIONS 3
#define MS UINT64_C(1000000)
#define STEP_NS 100000
#define ROUNDS 5

struct maker {
	struct op *ops;
	size_t n;
	uint32_t sessions, keys;
	struct rng rng;
	uint64_t *sequence; /* by session */
	uint64_t now_ns;
	uint64_t *last;   /* value of each register */
	uint32_t *ledger; /* keys taken, by session */
};

static struct op *add(
	struct maker *m, enum op_kind kind, uint32_t session, uint32_t key, uint64_t value)
{
	struct op *op = &m->ops[m->n++];
	uint64_t call = m->now_ns += STEP_NS;

	*op = (struct op){.kind = (uint8_t)kind,
		.state = OP_OK,
		.session = session,
		.key = key,
		.value = value,
		.call_ns = call,
		.ret_ns = call + 1 + rng_below(&m->rng, STEP_NS * (m->sessions - 1)),
		.region = (uint8_t)(session % REGIONS),
		.node = (uint8_t)(session % REGIONS)};
	return op;
}

static void add_write(struct maker *m, uint32_t session)
{
	uint64_t value = op_value(session + 1, ++m->sequence[session]);
	uint32_t i = (uint32_t)((session + rng_below(&m->rng, m->keys) * m->sessions) % m->keys);

	if (rng_below(&m->rng, 5) == 0 && m->ledger[session] < 1u << GROUP_LEDGER_BITS) {
		add(m, OP_WRITE, session, group_ledger_key(session, m->ledger[session]++), value)
			->node = 0;
		return;
	}
	add(m, OP_WRITE, session, op_key(KEY_REGISTER, i), value)->node = 0;
	m->last[i] = value;
}

/* Four reads in five are of a register that the session itself writes. */
static void add_read(struct maker *m, uint32_t session)
{
	uint32_t owner =
		rng_below(&m->rng, 5) ? session : (uint32_t)rng_below(&m->rng, m->sessions);
	uint32_t i = (uint32_t)((owner + rng_below(&m->rng, m->keys) * m->sessions) % m->keys);

	add(m, OP_READ, session, op_key(KEY_REGISTER, i), m->last[i])->flags |=
		m->last[i] ? 0 : OP_ABSENT;
}

static void *room(size_t n, size_t size)
{
	void *memory = calloc(n, size);

	if (!memory)
		abort();
	return memory;
}

/* As history_load does it. */
static void *big_room(size_t size)
{
	void *memory = pages_alloc(size);

	if (!memory)
		abort();
	return memory;
}

static void read_back(struct maker *m, size_t n, uint64_t end)
{
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
}

/* Sessions take turns; everything takes effect at its call, so registers are linearizable. */
static void make(struct maker *m, size_t n)
{
	m->ops = big_room(n * sizeof(*m->ops));
	m->sequence = room(m->sessions, sizeof(*m->sequence));
	m->ledger = room(m->sessions, sizeof(*m->ledger));
	m->last = room(m->keys, sizeof(*m->last));
	rng_seed(&m->rng, 1);
	for (uint32_t i = 0; m->n < n * 4 / 5; i++) {
		if (rng_below(&m->rng, 6) == 0)
			add_write(m, i % m->sessions);
		else
			add_read(m, i % m->sessions);
	}
	read_back(m, n, m->now_ns + STEP_NS * m->sessions);
}

static void unmake(struct maker *m)
{
	free(m->ops);
	free(m->sequence);
	free(m->ledger);
	free(m->last);
}

static void fill_plan(struct plan *plan, uint32_t sessions)
{
	static struct plan_region regions[REGIONS] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
	static struct endpoint endpoints[REGIONS] = {{.region = 0}, {.region = 1}, {.region = 2}};
	static uint8_t where[REGIONS] = {0, 1, 2};
	static struct client_group group = {
		.regions = where, .n_regions = REGIONS, .stale_after_ns = 1000 * MS};

	group.sessions_per_region = (sessions + REGIONS - 1) / REGIONS;
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

static bool quiet; /* the first round is shown in full */

static void __attribute__((format(printf, 1, 2))) say(const char *format, ...)
{
	va_list args;

	if (quiet)
		return;
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
}

static struct question question_of(enum metric_id metric)
{
	return (struct question){.metric = &metrics[metric],
		.stat = STAT_VALUE,
		.group = -1,
		.phase = -1,
		.region = -1,
		.from = -1,
		.to = -1};
}

static double ask(const struct evidence *evidence, enum metric_id metric)
{
	struct question question = question_of(metric);
	struct measurement m = {.fault = -1};
	struct arena arena = {0};
	double seconds = -processor_seconds();

	checker_find(question.metric->checker)->measure(&arena, evidence, &question, &m);
	seconds += processor_seconds();
	say("  %-28s %6.2f s  %6.1f M ops/s   %llu of %llu\n", question.metric->name, seconds,
		(double)evidence->history.n / seconds / 1e6, (unsigned long long)m.total_findings,
		(unsigned long long)m.n);
	arena_release(&arena);
	return seconds;
}

/* What is judged key by key, in one walk. */
static double ask_walk(const struct evidence *evidence)
{
	static const enum metric_id asked[] = {METRIC_READ_YOUR_WRITES, METRIC_MONOTONIC_READS,
		METRIC_STALE_UNFLAGGED, METRIC_LINEARIZABLE};
	enum { N = sizeof(asked) / sizeof(*asked) };
	struct question questions[N];
	struct measurement m[N];
	struct arena arena = {0};
	double seconds;

	for (size_t i = 0; i < N; i++)
		questions[i] = question_of(asked[i]);
	seconds = -processor_seconds();
	lane_measure(&arena, evidence, questions, N, 1, m);
	seconds += processor_seconds();
	say("  %-28s %6.2f s  %6.1f M ops/s\n", "registers, one walk", seconds,
		(double)evidence->history.n / seconds / 1e6);
	for (size_t i = 0; i < N; i++)
		say("    %-26s %llu of %llu\n", metrics[asked[i]].name,
			(unsigned long long)m[i].total_findings, (unsigned long long)m[i].n);
	arena_release(&arena);
	return seconds;
}

/* What the machine does at the moment: the records read once in the order by key, and one bit of
 * arithmetic on each. */
static double peer(const struct evidence *evidence)
{
	const struct index *index = evidence->index;
	double seconds = -processor_seconds();
	volatile uint64_t kept;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < index->n_listed; i++) {
		if (i + 64 < index->n_listed)
			__builtin_prefetch(&index->ops[index->by_key[i + 64]]);
		sum += index->ops[index->by_key[i]].call_ns;
	}
	kept = sum;
	(void)kept;
	seconds += processor_seconds();
	say("  %-28s %6.2f s  %6.1f M ops/s\n", "peer: records by key", seconds,
		(double)evidence->history.n / seconds / 1e6);
	return seconds;
}

/* The walk again on as many threads as pay, by the clock on the wall. */
static void ask_on_all(const struct evidence *evidence)
{
	struct question questions[] = {question_of(METRIC_READ_YOUR_WRITES),
		question_of(METRIC_MONOTONIC_READS), question_of(METRIC_STALE_UNFLAGGED),
		question_of(METRIC_LINEARIZABLE)};
	struct measurement m[4];
	struct arena arena = {0};
	uint64_t start_ns = clock_now_ns();
	double seconds;

	lane_measure(&arena, evidence, questions, 4, 0, m);
	seconds = (double)(clock_now_ns() - start_ns) / 1e9;
	say("  %-28s %6.2f s  %6.1f M ops/s   on all processors\n", "registers, one walk", seconds,
		(double)evidence->history.n / seconds / 1e6);
	arena_release(&arena);
}

static size_t memory_used(void)
{
	return mallinfo2().uordblks + mallinfo2().hblkhd;
}

static double index_history(struct arena *arena, struct evidence *evidence)
{
	size_t before = memory_used();
	double seconds = -processor_seconds(), n = (double)evidence->history.n;

	evidence->index = index_build(arena, evidence, NULL);
	seconds += processor_seconds();
	say("  %-28s %6.2f s  %6.1f M ops/s   %.1f bytes/op with the record\n", "index", seconds,
		n / seconds / 1e6, 64 + (double)(memory_used() - before) / n);
	return seconds;
}

/* Seconds of everything with a target. */
static double judge(struct history history, uint32_t sessions, bool others)
{
	struct arena arena = {0};
	struct plan plan;
	struct evidence evidence = {
		.plan = &plan, .converged = true, .history = history, .quiet_ns = 1};
	double total;

	fill_plan(&plan, sessions);
	total = index_history(&arena, &evidence);
	total += ask_walk(&evidence);
	total += ask(&evidence, METRIC_WRITES_LOST);
	say("  %-28s %6.2f s  %6.1f M ops/s   (target 5), %.1f times the peer\n", "all", total,
		(double)history.n / total / 1e6, total / peer(&evidence));
	if (!quiet)
		ask_on_all(&evidence);
	if (others) {
		ask(&evidence, METRIC_MONOTONIC_WRITES);
		ask(&evidence, METRIC_WRITES_FOLLOW_READS);
		ask(&evidence, METRIC_STALENESS);
		ask(&evidence, METRIC_VISIBILITY);
	}
	arena_release(&arena);
	return total;
}

static void judge_often(struct history history, uint32_t sessions, bool others)
{
	double seconds[ROUNDS], middle;

	for (int i = 0; i < ROUNDS; i++) {
		quiet = i > 0;
		seconds[i] = judge(history, sessions, others && !i);
	}
	quiet = false;
	middle = median(seconds, ROUNDS);
	printf("  %-28s %6.2f s  %6.1f M ops/s   (target 5), %.1f to %.1f\n", "all, median of 5",
		middle, (double)history.n / middle / 1e6,
		(double)history.n / seconds[ROUNDS - 1] / 1e6,
		(double)history.n / seconds[0] / 1e6);
}

static void bench(size_t n, uint32_t sessions, uint32_t keys, bool others)
{
	struct maker maker = {.sessions = sessions, .keys = keys};

	make(&maker, n);
	printf("%zu operations, %u sessions, %u registers\n", maker.n, sessions, keys);
	judge_often((struct history){.ops = maker.ops, .n = maker.n}, sessions, others);
	unmake(&maker);
}

static int fail(const struct err *err)
{
	fprintf(stderr, "%s\n", err->text);
	return EXIT_MACHINE;
}

static int write_files(const char *dir, size_t n, uint32_t sessions, uint32_t keys)
{
	struct maker maker = {.sessions = sessions, .keys = keys};
	struct history_writer **writers = room(sessions, sizeof(*writers));
	struct err err = {{0}, 0};

	make(&maker, n);
	for (uint32_t s = 0; s < sessions; s++) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/%u" HISTORY_SUFFIX, dir, s);
		writers[s] = history_writer_open(path, &err);
		if (!writers[s])
			return fail(&err);
	}
	for (size_t i = 0; i < maker.n; i++) {
		const struct op *op = &maker.ops[i];
		struct op *record = history_begin(writers[op->session], op, &err);

		if (!record)
			return fail(&err);
		history_finish(record, op->state);
	}
	for (uint32_t s = 0; s < sessions; s++)
		history_writer_close(writers[s]);
	printf("%zu operations, %u sessions, %u registers in %s\n", maker.n, sessions, keys, dir);
	free(writers);
	unmake(&maker);
	return 0;
}

static int read_files(const char *dir)
{
	struct history history;
	struct err err = {{0}, 0};
	double seconds = -processor_seconds();
	uint32_t sessions = 0;

	if (history_check_room(dir, HISTORY_JUDGED_BYTES, memory_available(), &err) ||
		history_load_dir(&history, dir, &err))
		return fail(&err);
	seconds += processor_seconds();
	for (size_t i = 0; i < history.n; i++)
		sessions =
			history.ops[i].session < sessions ? sessions : history.ops[i].session + 1;
	printf("%zu operations, %u sessions\n", history.n, sessions);
	printf("  %-28s %6.2f s  %6.1f M ops/s\n", "load", seconds,
		(double)history.n / seconds / 1e6);
	judge(history, sessions, false);
	history_release(&history);
	return 0;
}

int main(int argc, char **argv)
{
	static const uint32_t shapes[][2] = {{5, 1}, {500, 1}, {60, 240}, {5, 10000}, {500, 10000}};
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;

	if (argc == 6 && !strcmp(argv[1], "write"))
		return write_files(argv[2], strtoul(argv[3], NULL, 10),
			(uint32_t)strtoul(argv[4], NULL, 10), (uint32_t)strtoul(argv[5], NULL, 10));
	if (argc == 3 && !strcmp(argv[1], "read"))
		return read_files(argv[2]);
	if (argc > 3) {
		bench(n, (uint32_t)strtoul(argv[2], NULL, 10), (uint32_t)strtoul(argv[3], NULL, 10),
			argc > 4);
		return 0;
	}
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		bench(n, shapes[i][0], shapes[i][1], false);
	return 0;
}
