#include "suites/judge/visibility.h"
#include "suites/judge/checkers.h"
#include "suites/judge/ops.h"
#include "suites/judge/samples.h"
#include "suites/judge/sort.h"
#include "suites/judge/view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Records are fetched so many steps before they are needed. */
#define AHEAD 64

struct scan {
	const struct evidence *evidence;
	const struct index *index;
	visibility_fn *each;
	void *context;
	uint32_t *writes; /* of the present key that may have happened, by call */
	uint32_t *acked;  /* those of them that were acknowledged, by return */
	bool *reported;   /* per write, for the present region */
	uint32_t n_writes, n_acked;
	uint32_t *reads; /* of the present key, by region, then by return */
	uint32_t *start; /* where a region's reads begin; n_regions + 1 */
	bool enough;     /* the caller wants no more */
};

static bool is_wanted_key(const struct scan *scan, uint32_t dense, bool tickers)
{
	enum key_class class_ = op_key_class(scan->index->keys[dense]);

	return tickers ? class_ == KEY_TICKER : class_ == KEY_REGISTER;
}

/* Number of a write among the key's; its place is known to be there. */
static uint32_t rank_of(const struct scan *scan, uint32_t write)
{
	uint32_t low = 0, high = scan->n_writes;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (scan->writes[middle] <= write)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* The writes that may have happened, by call. False where the key has more than one writer: then
 * their order is not certain. */
static bool gather_writes(struct scan *scan, uint32_t key)
{
	const struct op *ops = scan->index->ops;
	struct span span = index_writes(scan->index, key);

	scan->n_writes = scan->n_acked = 0;
	for (uint32_t i = span.first; i < span.end; i++) {
		uint32_t w = scan->index->writes[i];

		if (scan->n_writes && ops[scan->writes[0]].session != ops[w].session)
			return false;
		if (ops[w].kind == OP_WRITE && ops[w].state == OP_OK)
			scan->acked[scan->n_acked++] = w;
		scan->writes[scan->n_writes++] = w;
	}
	sort_by_return(ops, scan->acked, scan->n_acked);
	for (uint32_t i = 0; i < scan->n_acked; i++)
		scan->acked[i] = rank_of(scan, scan->acked[i]);
	return scan->n_acked > 0;
}

static bool is_wanted_read(const struct plan *plan, const struct op *op)
{
	return op_is_ok_read(op) && !(op->flags & (OP_READBACK | OP_VIA_PROXY)) &&
		op_served_in(plan, op) < plan->n_regions;
}

static void gather_reads(struct scan *scan, struct span span)
{
	const struct plan *plan = scan->evidence->plan;
	const struct op *ops = scan->index->ops;
	uint32_t *start = scan->start, n_regions = (uint32_t)plan->n_regions;

	/* A counting sort: count one place on, sum up, fill. */
	memset(start, 0, (n_regions + 2) * sizeof(*start));
	for (uint32_t i = span.first; i < span.end; i++) {
		const struct op *op = &ops[scan->index->by_key[i]];

		if (i + AHEAD < span.end)
			__builtin_prefetch(&ops[scan->index->by_key[i + AHEAD]]);
		if (is_wanted_read(plan, op))
			start[op_served_in(plan, op) + 2]++;
	}
	for (uint32_t r = 2; r < n_regions + 2; r++)
		start[r] += start[r - 1];
	for (uint32_t i = span.first; i < span.end; i++) {
		const struct op *op = &ops[scan->index->by_key[i]];

		if (is_wanted_read(plan, op))
			scan->reads[start[op_served_in(plan, op) + 1]++] = scan->index->by_key[i];
	}
	for (uint32_t r = 0; r < n_regions; r++)
		sort_by_return(ops, scan->reads + start[r], start[r + 1] - start[r]);
}

/* The last of the first n reads that certainly missed the write. Nearly always among the last few;
 * not found in as many steps, the bound stays open, which is wide but true. */
#define MISSED_STEPS 256

static uint32_t find_missed(
	const struct scan *scan, const uint32_t *reads, uint32_t n, const struct op *write)
{
	for (uint32_t i = n; i > 0 && n - i < MISSED_STEPS; i--) {
		uint32_t r = reads[i - 1], w = scan->index->write_of[r];

		if (!scan->index->ops[r].value && !scan->index->delete_start)
			return r;
		if (w != OP_NONE && op_certainly_before(&scan->index->ops[w], write))
			return r;
	}
	return OP_NONE;
}

/* The write became visible to the read `had` (OP_NONE: never), after the first n reads. */
static void report(struct scan *scan, unsigned to, uint32_t number, const uint32_t *reads,
	uint32_t n, uint32_t had)
{
	const struct op *ops = scan->index->ops, *write = &ops[scan->writes[number]];
	struct visibility v = {.write = scan->writes[number],
		.had = had,
		.to = to,
		.missed = find_missed(scan, reads, n, write),
		.high_ns = TIME_NEVER};

	if (scan->reported[number])
		return;
	scan->reported[number] = true;
	if (v.missed != OP_NONE && ops[v.missed].call_ns > write->ret_ns)
		v.low_ns = ops[v.missed].call_ns - write->ret_ns;
	if (had != OP_NONE)
		v.high_ns = ops[had].ret_ns > write->ret_ns ? ops[had].ret_ns - write->ret_ns : 0;
	else if (!v.low_ns)
		return; /* nobody looked after the acknowledgement */
	if (v.low_ns > v.high_ns)
		v.low_ns = v.high_ns;
	scan->enough |= !scan->each(scan->context, &v);
}

static void scan_region(struct scan *scan, unsigned to)
{
	const struct op *ops = scan->index->ops;
	const uint32_t *reads = scan->reads + scan->start[to];
	uint32_t n = scan->start[to + 1] - scan->start[to], next = 0;

	memset(scan->reported, 0, scan->n_writes * sizeof(*scan->reported));
	for (uint32_t i = 0; i < n; i++) {
		uint32_t w = scan->index->write_of[reads[i]];

		if (w == OP_NONE || ops[w].state == OP_FAIL)
			continue;
		if (ops[w].kind == OP_WRITE && ops[w].state == OP_OK)
			report(scan, to, rank_of(scan, w), reads, i, reads[i]);
		while (next < scan->n_acked &&
			ops[scan->writes[scan->acked[next]]].ret_ns < ops[w].call_ns)
			report(scan, to, scan->acked[next++], reads, i, reads[i]);
	}
	for (; next < scan->n_acked; next++)
		report(scan, to, scan->acked[next], reads, n, OP_NONE);
}

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
	return b ? common_divisor(b, a % b) : a;
}

/* Keys are numbered as they come up in the history, and who has enough before the last shall have seen
 * some of all its parts: steps of about the golden section, which come by every key once. */
static uint32_t stride_of(uint32_t n_keys)
{
	uint32_t stride = (uint32_t)(n_keys * 0.618) + 1;

	while (common_divisor(stride, n_keys) != 1)
		stride++;
	return stride;
}

void visibility_scan(const struct evidence *evidence, const struct index *index, bool tickers,
	visibility_fn *each, void *context)
{
	struct scan scan = {.evidence = evidence, .index = index, .each = each, .context = context};
	uint32_t longest = 0;

	for (uint32_t k = 0; k < index->n_keys; k++) {
		struct span span = index_key(index, k);

		if (is_wanted_key(&scan, k, tickers) && span.end - span.first > longest)
			longest = span.end - span.first;
	}
	if (!longest)
		return;
	scan.writes = calloc(longest, sizeof(uint32_t));
	scan.reads = calloc(longest, sizeof(uint32_t));
	scan.acked = calloc(longest, sizeof(uint32_t));
	scan.reported = calloc(longest, sizeof(bool));
	scan.start = calloc(evidence->plan->n_regions + 2, sizeof(uint32_t));
	if (!scan.writes || !scan.reads || !scan.acked || !scan.reported || !scan.start)
		abort();
	for (uint32_t i = 0, stride = stride_of(index->n_keys); i < index->n_keys && !scan.enough;
		i++) {
		uint32_t k = (uint32_t)((uint64_t)i * stride % index->n_keys);

		if (!is_wanted_key(&scan, k, tickers) || !gather_writes(&scan, k))
			continue;
		gather_reads(&scan, index_key(index, k));
		for (unsigned to = 0; to < evidence->plan->n_regions; to++) {
			if (scan.start[to] < scan.start[to + 1])
				scan_region(&scan, to);
		}
	}
	free(scan.start);
	free(scan.reported);
	free(scan.acked);
	free(scan.reads);
	free(scan.writes);
}

struct lag {
	uint32_t pair;
	uint64_t lag_ns;
};

struct lags {
	struct arena *arena;
	const struct index *index;
	bool tickers;
	struct lag *lags;
	size_t n;
};

/* Registers only fill in what no ticker told. So many samples, a thousand for each pair of three
 * regions, tell a median to three ranks in a hundred. */
#define REGISTER_SAMPLES 10000

static bool add_lag(void *context, const struct visibility *v)
{
	struct lags *lags = context;
	unsigned from = lags->index->ops[v->write].region;

	uint64_t lag_ns = v->low_ns;

	if (from >= lags->index->n_regions)
		return true;
	if (lags->tickers && v->high_ns != TIME_NEVER)
		lag_ns += (v->high_ns - v->low_ns) / 2;
	*ARENA_PUSH(lags->arena, lags->lags, lags->n) =
		(struct lag){from * lags->index->n_regions + v->to, lag_ns};
	return lags->tickers || lags->n < REGISTER_SAMPLES;
}

static int compare_lags(const void *a, const void *b)
{
	const struct lag *x = a, *y = b;

	if (x->pair != y->pair)
		return x->pair < y->pair ? -1 : 1;
	return (x->lag_ns > y->lag_ns) - (x->lag_ns < y->lag_ns);
}

/* Medians of what the scan finds, where *out says nothing yet: of the middle between two looks of a
 * ticker; of the lower end where only registers tell, which are looked at too seldom. */
static void fill_lags(
	const struct evidence *evidence, const struct index *index, bool tickers, uint64_t *out)
{
	struct arena arena = {0};
	struct lags lags = {.arena = &arena, .index = index, .tickers = tickers};

	visibility_scan(evidence, index, tickers, add_lag, &lags);
	if (lags.n)
		qsort(lags.lags, lags.n, sizeof(*lags.lags), compare_lags);
	for (size_t i = 0, end; i < lags.n; i = end) {
		for (end = i; end < lags.n && lags.lags[end].pair == lags.lags[i].pair;)
			end++;
		if (out[lags.lags[i].pair] == TIME_NEVER)
			out[lags.lags[i].pair] = lags.lags[i + (end - i) / 2].lag_ns;
	}
	arena_release(&arena);
}

uint64_t *visibility_lags(
	struct arena *arena, const struct evidence *evidence, const struct index *index)
{
	size_t pairs = (size_t)index->n_regions * index->n_regions;
	uint64_t *lag_ns = arena_array(arena, pairs, sizeof(*lag_ns));

	memset(lag_ns, 0xff, pairs * sizeof(*lag_ns));
	fill_lags(evidence, index, true, lag_ns);
	for (size_t i = 0; i < pairs; i++) {
		if (lag_ns[i] != TIME_NEVER)
			continue;
		fill_lags(evidence, index, false, lag_ns);
		break;
	}
	return lag_ns;
}

struct collect {
	struct arena *arena;
	const struct view *view;
	struct samples samples;
	uint64_t never;
};

static bool collect(void *context, const struct visibility *v)
{
	struct collect *c = context;
	const struct question *q = c->view->question;
	const struct op *write = &c->view->index->ops[v->write];
	uint64_t unsure_ns = c->view->index->unsure_ns;

	if ((q->from >= 0 && write->region != q->from) || (q->to >= 0 && (int)v->to != q->to) ||
		(q->from < 0 && q->to < 0 && write->region == v->to))
		return true;
	if (q->filter == FILTER_GROUP &&
		(write->session < c->view->first_session || write->session >= c->view->end_session))
		return true;
	if (!view_in_phase(c->view, write->ret_ns) ||
		(q->untainted &&
			(view_tainted(c->view, v->write) ||
				(v->had != OP_NONE && view_tainted(c->view, v->had)))))
		return true;
	samples_add(c->arena, &c->samples, write->ret_ns,
		v->low_ns > unsure_ns ? (double)(v->low_ns - unsure_ns) : 0,
		v->high_ns == TIME_NEVER ? INFINITY : (double)(v->high_ns + unsure_ns));
	c->never += v->high_ns == TIME_NEVER;
	return true;
}

static void measure(struct arena *arena, const struct evidence *evidence,
	const struct question *question, struct measurement *out)
{
	struct view view = view_of(evidence, question);
	struct collect c = {.arena = arena, .view = &view};
	bool group = question->filter == FILTER_GROUP;

	if (!group)
		visibility_scan(evidence, evidence->index, true, collect, &c);
	if (!c.samples.n)
		visibility_scan(evidence, evidence->index, false, collect, &c);
	out->n_what = "acknowledged writes";
	samples_measure(arena, &c.samples, question, out);
	if (out->status == MEASURED_NOTHING)
		out->why = "no acknowledged write was looked for in that region";
	if (out->status == MEASURED_CENSORED)
		out->why = "too many writes were never seen there while we watched";
	if (c.never)
		out->note = arena_printf(arena, "%llu of %zu writes were never seen there",
			(unsigned long long)c.never, c.samples.n);
}

/* A read of the region asked for finds nothing, from the beginning of the phase on: its last writes are
 * looked for after its end. */
static bool spoil(struct evidence *copy, struct index *index, const struct view *view, uint32_t i)
{
	struct op *op = &copy->history.ops[i];
	enum key_class class_ = op_key_class(op->key);

	if (!op->value || !is_wanted_read(copy->plan, op) ||
		(class_ != KEY_TICKER && class_ != KEY_REGISTER) ||
		(view->question->to >= 0 &&
			(int)op_served_in(copy->plan, op) != view->question->to) ||
		op->call_ns < view->start_ns)
		return false;
	op->value = 0;
	op->flags |= OP_ABSENT;
	index->write_of[i] = OP_NONE;
	return true;
}

const struct checker_ops checker_visibility = {
	.name = "visibility",
	.help = "how long after its acknowledgement a write can be read in another region",
	.measure = measure,
	.spoil = spoil,
	.spoils_in_a_row = true,
};
