/* What agents say on their own, put where it belongs. */
#include "suites/run/run.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/log.h"
#include "fixtures/json/jv.h"
#include "suites/agent/transfer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

uint64_t run_since(const struct run *run, uint64_t monotonic_ns)
{
	return run->epoch_ns ? clock_since_ns(run->epoch_ns, monotonic_ns) : 0; /* not fixed yet */
}

static struct result_event *add_event(
	struct run *run, uint64_t at_ns, const char *what, const char *fmt, va_list ap)
{
	struct result_event *event = ARENA_PUSH(&run->arena, run->events, run->n_events);
	char text[400];

	vsnprintf(text, sizeof(text), fmt, ap);
	event->at_ns = at_ns;
	event->what = arena_strdup(&run->arena, what);
	event->text = arena_strdup(&run->arena, text);
	log_info("%.4f %s: %s", (double)at_ns / 1e9, what, text);
	return event;
}

void run_note(struct run *run, uint64_t at_ns, const char *what, const char *fmt, ...)
{
	struct result_event *event;
	va_list ap;

	va_start(ap, fmt);
	event = add_event(run, at_ns, what, fmt, ap);
	va_end(ap);
	run_status_end(run);
	run_show_event(run, at_ns, what, event->text);
	if (run->options->progress)
		fprintf(stderr, "%5.1fs  %-10s %s\n", (double)at_ns / 1e9, what, event->text);
}

void run_note_late(struct run *run, uint64_t at_ns, const char *what, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_event(run, at_ns, what, fmt, ap);
	va_end(ap);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a == 0 || (b && b < a) ? b : a;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* A fault that was not there any more when it was to end was not in force as long as was asked. */
static void on_undone(struct run *run, struct fault_window *window, const struct jv *event)
{
	const char *lapsed = jv_str(jv_get(event, "lapsed"), NULL);

	if (jv_get(event, "seen"))
		window->undo_seen = arena_strdup(&run->arena, jv_str(jv_get(event, "seen"), ""));
	if (!lapsed)
		return;
	window->agrees = false;
	window->refusal = arena_printf(&run->arena, "at its end %s", lapsed);
	log_warn("%s", window->refusal);
}

static void on_applied(struct run *run, const struct jv *event)
{
	int64_t id = jv_int(jv_get(event, "id"), -1);
	uint64_t sent = run_since(run, (uint64_t)jv_int(jv_get(event, "sent_ns"), 0));
	uint64_t acked = run_since(run, (uint64_t)jv_int(jv_get(event, "acked_ns"), 0));
	uint64_t nodes = run_since(run, (uint64_t)jv_int(jv_get(event, "nodes_done_ns"), 0));
	struct armed_change *change = NULL;

	for (size_t i = 0; i < run->n_changes; i++) {
		if (run->changes[i].id == id)
			change = &run->changes[i];
	}
	if (!change)
		return;
	change->applied++;
	if (!jv_bool(jv_get(event, "agrees"), false)) {
		change->agrees = false;
		if (!change->refusal && jv_get(event, "why"))
			change->refusal =
				arena_strdup(&run->arena, jv_str(jv_get(event, "why"), ""));
		log_warn("%s", jv_str(jv_get(event, "why"), "a change was not made as asked"));
	}
	if (!jv_int(jv_get(event, "links"), 0))
		sent = acked = nodes;
	for (size_t f = 0; f < run->plan->n_faults; f++) {
		struct fault_window *window = &run->evidence.faults[f];

		if (change->on >> f & 1) {
			window->sent_ns = earlier(window->sent_ns, sent);
			window->acked_ns = later(window->acked_ns, acked);
			window->agrees = window->agrees && change->agrees;
			window->refusal = window->refusal ? window->refusal : change->refusal;
			if (jv_get(event, "seen"))
				window->seen = arena_strdup(
					&run->arena, jv_str(jv_get(event, "seen"), ""));
		}
		if (change->off >> f & 1) {
			window->undo_sent_ns = earlier(window->undo_sent_ns, sent);
			window->undo_acked_ns = later(window->undo_acked_ns, acked);
			on_undone(run, window, event);
		}
	}
}

static enum death_kind death_of(const char *who)
{
	if (!strcmp(who, "prober"))
		return DEATH_PROBER;
	if (!strcmp(who, "beacon"))
		return DEATH_BEACON;
	if (!strcmp(who, "engine"))
		return DEATH_ENGINE;
	return DEATH_NODE;
}

static int on_death(struct run *run, unsigned region, const struct jv *event, struct err *err)
{
	struct evidence *evidence = &run->evidence;
	const char *who = jv_str(jv_get(event, "who"), "?");
	struct death *death = ARENA_PUSH(&run->arena, evidence->deaths, evidence->n_deaths);

	death->what = death_of(who);
	death->region = region;
	death->at_ns = run_since(run, (uint64_t)jv_int(jv_get(event, "at_ns"), 0));
	run_note(run, death->at_ns, run->plan->regions[region].name, "%s %s", who,
		jv_str(jv_get(event, "how"), "died"));
	run->wake = true;
	run->live[region].prober_dead |= death->what == DEATH_PROBER;
	run->live[region].beacon_dead |= death->what == DEATH_BEACON;
	if (death->what != DEATH_ENGINE)
		return 0;
	return err_exit(
		err, EXIT_INTERNAL, "the engine of %s died", run->plan->regions[region].name);
}

/* Counts are since the start. */
static void take_counts(struct live_counts *counts, const struct jv *body)
{
	*counts = (struct live_counts){
		.ok = (uint64_t)jv_int(jv_get(body, "ok"), 0),
		.fail = (uint64_t)jv_int(jv_get(body, "fail"), 0),
		.unknown = (uint64_t)jv_int(jv_get(body, "unknown"), 0),
		.not_sent = (uint64_t)jv_int(jv_get(body, "not_sent"), 0),
	};
}

/* A roaming session has left its region: its state goes on to the next. */
static void on_handover(struct run *run, const struct jv *body)
{
	unsigned to = (unsigned)jv_int(jv_get(body, "to"), run->crew.n);
	struct jv *adopt, *message = run_tell_prober("adopt", &adopt);
	struct err err;

	if (to >= run->crew.n) {
		jv_free(message);
		return;
	}
	jv_set(adopt, "session", jv_copy(jv_get(body, "session")));
	jv_set(adopt, "state", jv_copy(jv_get(body, "state")));
	if (crew_tell_one(&run->crew, to, message, &err))
		log_warn("%s", err.text);
}

static void on_swept(struct run *run, unsigned region, const struct jv *body)
{
	struct evidence *evidence = &run->evidence;
	struct sweep *sweep = ARENA_PUSH(&run->arena, evidence->sweeps, evidence->n_sweeps);

	sweep->id = (uint32_t)jv_int(jv_get(body, "id"), 0);
	sweep->region = region;
	sweep->start_ns = run_since(run, (uint64_t)jv_int(jv_get(body, "start_ns"), 0));
	sweep->end_ns = run_since(run, (uint64_t)jv_int(jv_get(body, "end_ns"), 0));
	sweep->keys = (uint64_t)jv_int(jv_get(body, "keys"), 0);
	sweep->answered = (uint64_t)jv_int(jv_get(body, "answered"), 0);
	snprintf(sweep->digest, sizeof(sweep->digest), "%s", jv_str(jv_get(body, "digest"), ""));
	run->live[region].swept = sweep->id;
	run->wake = true;
}

static void on_primary(struct run *run, const struct jv *body)
{
	int node = (int)jv_int(jv_get(body, "node"), -1);
	uint64_t at = run_since(run, (uint64_t)jv_int(jv_get(body, "at_ns"), 0));

	if (node < 0 || node >= (int)run->plan->n_endpoints || node == run->primary_seen)
		return;
	if (run->primary_seen >= 0) {
		run_note(run, at, run->plan->regions[run->plan->endpoints[node].region].name,
			"%s acknowledged its first write", run->plan->endpoints[node].name);
		if (run->faults_on)
			run->failed_over_ns = at;
		run->wake = true;
	}
	run->primary_seen = node;
}

static int on_prober(struct run *run, unsigned region, const struct jv *body, struct err *err)
{
	const char *type = jv_str(jv_get(body, "type"), "");
	struct live_region *live = &run->live[region];

	if (!strcmp(type, "progress")) {
		take_counts(&live->reads, jv_get(body, "reads"));
		take_counts(&live->writes, jv_get(body, "writes"));
		vitals_take_prober(run->vitals, region, body, run->epoch_ns);
		return run_abort_if(run, region, err);
	} else if (!strcmp(type, "primary")) {
		on_primary(run, body);
	} else if (!strcmp(type, "handover")) {
		on_handover(run, body);
	} else if (!strcmp(type, "swept")) {
		on_swept(run, region, body);
	} else if (!strcmp(type, "ledger")) {
		const struct jv *sessions = jv_get(body, "sessions");

		for (size_t i = 0; i < jv_count(sessions); i++)
			jv_add(run->ledger, jv_copy(jv_at(sessions, i)));
		live->ledger_known = run->wake = true;
	} else if (!strcmp(type, "done")) {
		live->done = run->wake = true;
	} else if (!strcmp(type, "error")) {
		run_note(run, 0, run->plan->regions[region].name, "prober: %s",
			jv_str(jv_get(body, "sentence"), "failed"));
	}
	return 0;
}

static void on_beacon(struct run *run, unsigned region, const struct jv *body)
{
	const char *type = jv_str(jv_get(body, "type"), "");

	if (!strcmp(type, "progress"))
		vitals_take_beacon(run->vitals, region, body);
	else if (!strcmp(type, "done"))
		run->live[region].beacon_done = run->wake = true;
}

static void on_chunk(struct run *run, unsigned region, const struct jv *chunk)
{
	char dir[1200];
	struct err err;

	if (store_record_dir(
		    &run->store, run->plan->regions[region].name, dir, sizeof(dir), &err) ||
		transfer_store(dir, chunk, &err))
		log_warn("%s", err.text);
}

int run_on_event(void *arg, unsigned region, const struct jv *event, struct err *err)
{
	struct run *run = arg;
	const char *type = jv_str(jv_get(event, "type"), "");
	const char *what = jv_str(jv_get(event, "what"), "");
	int rc = 0;

	if (!strcmp(type, "chunk")) {
		on_chunk(run, region, event);
	} else if (!strcmp(type, "error")) {
		log_warn("agent of %s: %s", run->plan->regions[region].name,
			jv_str(jv_get(event, "sentence"), "?"));
	} else if (!strcmp(what, "applied")) {
		on_applied(run, event);
		run->wake = true;
	} else if (!strcmp(what, "death")) {
		rc = on_death(run, region, event, err);
	} else if (!strcmp(what, "child")) {
		const struct jv *body = jv_get(event, "body");

		if (!strcmp(jv_str(jv_get(event, "from"), ""), "prober"))
			rc = on_prober(run, region, body, err);
		else
			on_beacon(run, region, body);
	}
	run_status(run);
	run_show(run);
	return rc;
}
