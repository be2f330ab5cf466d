#include "suites/record.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/memory.h"
#include "fixtures/json/jv.h"
#include "probes/stall.h"

#include <stdio.h>
#include <string.h>

#define RECORD_SCHEMA 1
#define RECORD_MAX (16u << 20)
#define HELD_MAX_NS INT64_C(100000000000000) /* a day and more */

/* One list of what is stored, walked for saving and for loading alike. */
struct field {
	const char *name;
	size_t offset;
};

#define WINDOW(f)                                                                                  \
	{                                                                                          \
#f, offsetof(struct fault_window, f)                                               \
	}
static const struct field window_fields[] = {WINDOW(asked_ns), WINDOW(sent_ns), WINDOW(acked_ns),
	WINDOW(undo_sent_ns), WINDOW(undo_acked_ns)};

#define SWEEP(f)                                                                                   \
	{                                                                                          \
#f, offsetof(struct sweep, f)                                                      \
	}
static const struct field sweep_fields[] = {
	SWEEP(start_ns), SWEEP(end_ns), SWEEP(keys), SWEEP(answered)};

#define RUN(f)                                                                                     \
	{                                                                                          \
#f, offsetof(struct evidence, f)                                                   \
	}
static const struct field run_fields[] = {
	RUN(end_ns), RUN(quiet_ns), RUN(noise_floor_ns), RUN(clock_error_ns)};

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static void put(struct jv *object, const struct field *fields, size_t n, const void *from)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t v;

		memcpy(&v, (const char *)from + fields[i].offset, sizeof(v));
		jv_set(object, fields[i].name, jv_new_int((int64_t)v));
	}
}

static void take(const struct jv *object, const struct field *fields, size_t n, void *into)
{
	for (size_t i = 0; i < n; i++) {
		int64_t v = jv_int(jv_get(object, fields[i].name), 0);
		uint64_t u = v > 0 ? (uint64_t)v : 0;

		memcpy((char *)into + fields[i].offset, &u, sizeof(u));
	}
}

static struct jv *faults_out(const struct evidence *evidence)
{
	struct jv *list = jv_new_array();

	for (size_t f = 0; f < evidence->plan->n_faults; f++) {
		const struct fault_window *window = &evidence->faults[f];
		struct jv *one = jv_new_object();

		jv_set(one, "name", jv_new_string(evidence->plan->faults[f].name));
		put(one, window_fields, COUNT(window_fields), window);
		jv_set(one, "by_hand", jv_new_bool(window->by_hand));
		jv_set(one, "until_met", jv_new_bool(window->until_met));
		jv_set(one, "agrees", jv_new_bool(window->agrees));
		if (window->refusal)
			jv_set(one, "refusal", jv_new_string(window->refusal));
		if (window->seen)
			jv_set(one, "seen", jv_new_string(window->seen));
		if (window->undo_seen)
			jv_set(one, "undo_seen", jv_new_string(window->undo_seen));
		jv_add(list, one);
	}
	return list;
}

static struct jv *sweeps_out(const struct evidence *evidence)
{
	struct jv *list = jv_new_array();

	for (size_t i = 0; i < evidence->n_sweeps; i++) {
		const struct sweep *sweep = &evidence->sweeps[i];
		struct jv *one = jv_new_object();

		jv_set(one, "id", jv_new_int(sweep->id));
		jv_set(one, "region", jv_new_int(sweep->region));
		put(one, sweep_fields, COUNT(sweep_fields), sweep);
		jv_set(one, "digest", jv_new_string(sweep->digest));
		jv_add(list, one);
	}
	return list;
}

static struct jv *deaths_out(const struct evidence *evidence)
{
	struct jv *list = jv_new_array();

	for (size_t i = 0; i < evidence->n_deaths; i++) {
		struct jv *one = jv_new_object();

		jv_set(one, "what", jv_new_int(evidence->deaths[i].what));
		jv_set(one, "region", jv_new_int(evidence->deaths[i].region));
		jv_set(one, "at_ns", jv_new_int((int64_t)evidence->deaths[i].at_ns));
		jv_add(list, one);
	}
	return list;
}

static const struct field gap_fields[] = {
	{"gone_ns", offsetof(struct gap, gone_ns)},
	{"back_ns", offsetof(struct gap, back_ns)},
};

/* passed -1: unknown. */
static struct jv *gaps_out(const struct evidence *evidence)
{
	struct jv *list = jv_new_array();

	for (size_t i = 0; i < evidence->n_gaps; i++) {
		const struct gap *gap = &evidence->gaps[i];
		struct jv *one = jv_new_object();

		jv_set(one, "container", jv_new_string(gap->container));
		jv_set(one, "region", jv_new_int(gap->region));
		put(one, gap_fields, COUNT(gap_fields), gap);
		jv_set(one, "passed", jv_new_int((int64_t)gap->passed));
		jv_add(list, one);
	}
	return list;
}

/* One number a region; -1: nobody counted. */
static struct jv *packets_out(const struct evidence *evidence)
{
	struct jv *list = jv_new_array();

	for (size_t r = 0; evidence->prober_packets && r < evidence->plan->n_regions; r++)
		jv_add(list, jv_new_int((int64_t)evidence->prober_packets[r]));
	return list;
}

static struct jv *holds_out(const struct evidence *evidence)
{
	struct jv *list = jv_new_array();

	for (size_t i = 0; i < evidence->n_holds; i++) {
		struct jv *one = jv_new_array();

		jv_add(one, jv_new_int((int64_t)evidence->holds[i].at_ns));
		jv_add(one, jv_new_int((int64_t)evidence->holds[i].by_ns));
		jv_add(list, one);
	}
	return list;
}

int record_save(const struct evidence *evidence, const char *run_dir, struct err *err)
{
	struct jv *root = jv_new_object();
	struct buf text = {0};
	char path[1200], seed[32];
	int rc;

	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)evidence->plan->seed);
	jv_set(root, "schema", jv_new_int(RECORD_SCHEMA));
	jv_set(root, "seed", jv_new_string(seed));
	put(root, run_fields, COUNT(run_fields), evidence);
	jv_set(root, "converged", jv_new_bool(evidence->converged));
	jv_set(root, "suspended", jv_new_bool(evidence->suspended));
	jv_set(root, "interrupted", jv_new_bool(evidence->interrupted));
	jv_set(root, "aborted", jv_new_bool(evidence->aborted));
	jv_set(root, "holds", holds_out(evidence));
	jv_set(root, "faults", faults_out(evidence));
	jv_set(root, "sweeps", sweeps_out(evidence));
	jv_set(root, "deaths", deaths_out(evidence));
	jv_set(root, "gaps", gaps_out(evidence));
	jv_set(root, "prober_packets", packets_out(evidence));
	jv_print(root, 1, &text);
	jv_free(root);
	snprintf(path, sizeof(path), "%s/record.json", run_dir);
	rc = buf_write_file(&text, path, err);
	buf_release(&text);
	return rc;
}

int record_load_files(struct evidence *evidence, const char *run_dir, struct err *err)
{
	char dir[1200];

	snprintf(dir, sizeof(dir), "%s/record", run_dir);
	if (history_check_room(dir, HISTORY_JUDGED_BYTES, memory_available(), err) ||
		history_load_dir(&evidence->history, dir, err) ||
		marks_load_dir(&evidence->marks, dir, err) ||
		beacons_load_dir(&evidence->beacons, dir, err) ||
		captures_load_dir(&evidence->captures, dir, err) ||
		stalls_load_dir(&evidence->stalls, dir, err) ||
		stalls_load_suffix(&evidence->prober_stalls, dir, PROBER_STALLS_SUFFIX, err) ||
		pressures_load_dir(&evidence->pressures, dir, err))
		return -1;
	return 0;
}

static void faults_in(struct arena *arena, struct evidence *evidence, const struct jv *list)
{
	size_t n = evidence->plan->n_faults;

	evidence->faults = arena_array(arena, n + 1, sizeof(*evidence->faults));
	for (size_t f = 0; f < n; f++) {
		const struct jv *one = jv_at(list, f);
		struct fault_window *window = &evidence->faults[f];

		window->fault = (int)f;
		take(one, window_fields, COUNT(window_fields), window);
		window->by_hand = jv_bool(jv_get(one, "by_hand"), false);
		window->until_met = jv_bool(jv_get(one, "until_met"), false);
		window->agrees = jv_bool(jv_get(one, "agrees"), false);
		if (jv_get(one, "refusal"))
			window->refusal = arena_strdup(arena, jv_str(jv_get(one, "refusal"), ""));
		if (jv_get(one, "seen"))
			window->seen = arena_strdup(arena, jv_str(jv_get(one, "seen"), ""));
		if (jv_get(one, "undo_seen"))
			window->undo_seen =
				arena_strdup(arena, jv_str(jv_get(one, "undo_seen"), ""));
	}
}

static void sweeps_in(struct arena *arena, struct evidence *evidence, const struct jv *list)
{
	for (size_t i = 0; i < jv_count(list); i++) {
		const struct jv *one = jv_at(list, i);
		struct sweep *sweep = ARENA_PUSH(arena, evidence->sweeps, evidence->n_sweeps);

		sweep->id = (uint32_t)jv_int(jv_get(one, "id"), 0);
		sweep->region = (unsigned)jv_int(jv_get(one, "region"), 0);
		take(one, sweep_fields, COUNT(sweep_fields), sweep);
		snprintf(sweep->digest, sizeof(sweep->digest), "%s",
			jv_str(jv_get(one, "digest"), ""));
	}
}

static void deaths_in(struct arena *arena, struct evidence *evidence, const struct jv *list)
{
	for (size_t i = 0; i < jv_count(list); i++) {
		const struct jv *one = jv_at(list, i);
		struct death *death = ARENA_PUSH(arena, evidence->deaths, evidence->n_deaths);
		int64_t what = jv_int(jv_get(one, "what"), DEATH_NODE);

		death->what = what >= DEATH_PROBER && what <= DEATH_NODE ? (enum death_kind)what
									 : DEATH_NODE;
		death->region = (unsigned)jv_int(jv_get(one, "region"), 0);
		death->at_ns = (uint64_t)jv_int(jv_get(one, "at_ns"), 0);
	}
}

static void gaps_in(struct arena *arena, struct evidence *evidence, const struct jv *list)
{
	for (size_t i = 0; i < jv_count(list); i++) {
		const struct jv *one = jv_at(list, i);
		struct gap *gap = ARENA_PUSH(arena, evidence->gaps, evidence->n_gaps);

		gap->container = arena_strdup(arena, jv_str(jv_get(one, "container"), ""));
		gap->region = (unsigned)jv_int(jv_get(one, "region"), 0);
		take(one, gap_fields, COUNT(gap_fields), gap);
		gap->passed = (uint64_t)jv_int(jv_get(one, "passed"), -1);
	}
}

static void packets_in(struct arena *arena, struct evidence *evidence, const struct jv *list)
{
	size_t n = evidence->plan->n_regions;

	if (!jv_count(list))
		return;
	evidence->prober_packets = arena_array(arena, n, sizeof(*evidence->prober_packets));
	for (size_t r = 0; r < n; r++)
		evidence->prober_packets[r] = (uint64_t)jv_int(jv_at(list, r), -1);
}

/* The plan is the one of the scenario's text: it is moved as it was in the run. */
static void holds_in(
	struct arena *arena, struct evidence *evidence, struct plan *plan, const struct jv *list)
{
	for (size_t i = 0; i < jv_count(list); i++) {
		int64_t at = jv_int(jv_at(jv_at(list, i), 0), 0),
			by = jv_int(jv_at(jv_at(list, i), 1), 0);

		if (at < 0 || by < 0 || at > HELD_MAX_NS || by > HELD_MAX_NS)
			continue;
		*ARENA_PUSH(arena, evidence->holds, evidence->n_holds) =
			(struct held_time){(uint64_t)at, (uint64_t)by};
		plan_shift(plan, (uint64_t)at, (uint64_t)by);
	}
}

static int parse_record(struct arena *arena, struct evidence *evidence, struct plan *plan,
	const char *path, struct err *err)
{
	struct buf text = {0};
	struct jv *root = NULL;

	if (!buf_read_file(&text, path, RECORD_MAX, err))
		root = jv_parse(text.data, text.len, RECORD_MAX, err);
	buf_release(&text);
	if (!root)
		return err_prefix(err, "%s", path);
	if (jv_int(jv_get(root, "schema"), 0) != RECORD_SCHEMA) {
		jv_free(root);
		return err_set(err, "%s: its schema is not %d", path, RECORD_SCHEMA);
	}
	take(root, run_fields, COUNT(run_fields), evidence);
	evidence->converged = jv_bool(jv_get(root, "converged"), false);
	evidence->suspended = jv_bool(jv_get(root, "suspended"), false);
	evidence->interrupted = jv_bool(jv_get(root, "interrupted"), false);
	evidence->aborted = jv_bool(jv_get(root, "aborted"), false);
	holds_in(arena, evidence, plan, jv_get(root, "holds"));
	faults_in(arena, evidence, jv_get(root, "faults"));
	sweeps_in(arena, evidence, jv_get(root, "sweeps"));
	deaths_in(arena, evidence, jv_get(root, "deaths"));
	gaps_in(arena, evidence, jv_get(root, "gaps"));
	packets_in(arena, evidence, jv_get(root, "prober_packets"));
	jv_free(root);
	return 0;
}

int record_load(struct arena *arena, struct evidence *evidence, struct plan *plan,
	const char *run_dir, struct err *err)
{
	char path[1200];

	*evidence = (struct evidence){.plan = plan};
	snprintf(path, sizeof(path), "%s/record.json", run_dir);
	evidence->phases = arena_array(arena, plan->n_phases + 1, sizeof(*evidence->phases));
	if (parse_record(arena, evidence, plan, path, err) ||
		record_load_files(evidence, run_dir, err)) {
		record_release(evidence);
		return -1;
	}
	return 0;
}

void record_release(struct evidence *evidence)
{
	history_release(&evidence->history);
	marks_release(&evidence->marks);
	beacons_release(&evidence->beacons);
	captures_release(&evidence->captures);
	stalls_release(&evidence->stalls);
	stalls_release(&evidence->prober_stalls);
	pressures_release(&evidence->pressures);
}

void record_bound_phases(struct evidence *evidence)
{
	for (size_t i = 0; i < evidence->plan->n_phases; i++) {
		const struct plan_phase *phase = &evidence->plan->phases[i];
		struct phase_window *window = &evidence->phases[i];

		window->start_ns = phase->start_ns;
		window->end_ns = phase->end_ns ? phase->end_ns : evidence->end_ns;
		if (phase->kind == PHASE_FAULT) {
			const struct fault_window *fault = &evidence->faults[phase->fault];
			const struct fault_window *last = phase->last_fault > phase->fault
				? &evidence->faults[phase->last_fault]
				: fault;

			window->start_ns = fault->in_force_ns;
			window->end_ns = last->gone_ns ? last->gone_ns : evidence->end_ns;
			window->started = fault->in_force_ns != 0;
			continue;
		}
		/* A quiet phase that is the last ends when convergence was found, early or late. */
		if ((phase->kind == PHASE_QUIET && window->end_ns >= evidence->plan->end_ns) ||
			window->end_ns > evidence->end_ns)
			window->end_ns = evidence->end_ns;
		window->started = window->start_ns < evidence->end_ns;
	}
}
