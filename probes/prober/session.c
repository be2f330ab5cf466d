/*
 * session: a client and its thread.
 *
 * A session that may roam has a place here in every region that it can come to; the place is empty
 * until it arrives. The one in whose region it is at the start begins with it, and each hands it to the
 * next when a slot's intended start lies beyond its stay. Slots that pass while it travels are late
 * and caught up with, or not sent where they are too late.
 *
 * Lateness never makes a burst: the calls of two slots are at least half a period apart. Reads that
 * follow a write are no slots: they go at their time, or they would miss the lag that they look for.
 */
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/json/jv.h"
#include "probes/history.h"
#include "probes/prober/attempt.h"
#include "probes/prober/prober_inside.h"
#include "probes/prober/way.h"
#include "probes/workload/workload.h"

#include <stdlib.h>

struct session {
	struct prober *prober;
	const struct client_group *group;
	struct workload workload;
	struct driver *driver;
	struct history_writer *writer;
	struct route read_route, write_route;
	struct tally tally;
	const struct endpoint *kept; /* whom its connection leads to; NULL: it has none */
	uint64_t kept_until_ns;
	uint64_t last_call_ns; /* of a slot */
	bool here;             /* guarded by the gate */
	bool running;          /* thread is to be joined */
	pthread_t thread;
};

struct sessions {
	struct session *all;
	size_t n;
};

static unsigned region_at(const struct session *s, uint64_t at_ns)
{
	return group_region_at(s->group, s->workload.i, s->prober->config->seed, at_ns);
}

static struct op op_of(const struct session *s, const struct workload_op *want)
{
	unsigned region = s->prober->config->region;

	return (struct op){
		.kind = (uint8_t)want->kind,
		.key = want->key,
		.value = want->value,
		.session = s->workload.session,
		.region = (uint8_t)region,
		.flags = (uint16_t)(want->flags |
			(region != group_home(s->group, s->workload.i) ? OP_ROAMED : 0)),
	};
}

static struct attempt attempt_of(const struct session *s, const struct workload_op *want)
{
	return (struct attempt){
		.writer = s->writer,
		.driver = s->driver,
		.epoch_ns = s->prober->config->epoch_ns,
		.timeout_ns = s->group->timeout_ns,
		.min_version = want->min_version,
		.at_ns = want->at_ns,
	};
}

static int let_go(struct session *s)
{
	struct workload_op want;
	struct attempt attempt;
	struct err err;
	struct op op;

	workload_take(&s->workload, false, &want);
	attempt = attempt_of(s, &want);
	op = op_of(s, &want);
	if (attempt_not_sent(&attempt, &op, &err)) {
		prober_fail(s->prober, &err);
		return -1;
	}
	tally_note(&s->tally, want.kind, OP_NOT_SENT, 0);
	return 0;
}

/* A pool looks the name up for a new connection, and not while it has one. */
static const struct endpoint *keep_connection(struct session *s, const struct endpoint *named)
{
	uint64_t now = clock_now_ns();

	if (!s->kept || now >= s->kept_until_ns) {
		s->kept = named;
		s->kept_until_ns = now + s->group->keep_ns;
	}
	return s->kept;
}

/* Any answer leaves it open, a refusal too. */
static bool broke_connection(const struct op *op)
{
	return op->state != OP_OK && op->error != OP_ERROR_NOT_PRIMARY &&
		op->error != OP_ERROR_UNAVAILABLE && op->error != OP_ERROR_REJECTED;
}

static int operate(struct session *s)
{
	struct workload_op want;
	struct attempt attempt;
	const struct endpoint *at;
	struct route taken, *route;
	struct err err;
	struct op op;

	workload_take(&s->workload, true, &want);
	attempt = attempt_of(s, &want);
	op = op_of(s, &want);
	route = want.kind == OP_READ ? &s->read_route : &s->write_route;
	at = way_pick(s->prober, s->group, route, want.target, &taken);
	if (s->group->keep_ns && want.target == TARGET_NAME)
		at = keep_connection(s, at);
	if (attempt_run(&attempt, at, &op, &err)) {
		prober_fail(s->prober, &err);
		return -1;
	}
	if (broke_connection(&op))
		s->kept = NULL;
	if (!(want.flags & OP_AFTER_WRITE))
		s->last_call_ns = op.call_ns;
	router_ended(&s->prober->router, route, &taken, (enum op_state)op.state,
		(enum op_error)op.error);
	workload_ended(&s->workload, &want, (enum op_state)op.state,
		op.flags & OP_HAS_VERSION ? op.version : 0, op.ret_ns);
	tally_note(&s->tally, want.kind, (enum op_state)op.state, op.ret_ns - want.at_ns);
	return 0;
}

static bool too_late(const struct session *s, uint64_t at_ns)
{
	uint64_t now = prober_since_epoch(s->prober, clock_now_ns());

	return !s->group->closed && now > at_ns + s->group->timeout_ns;
}

static struct jv *state_of(const struct workload *w)
{
	struct jv *state = jv_new_object(), *versions = jv_new_array();

	jv_set(state, "slot", jv_new_int((int64_t)w->slot));
	jv_set(state, "sequence", jv_new_int((int64_t)w->sequence));
	jv_set(state, "ledger", jv_new_int(w->ledger_n));
	jv_set(state, "free_ns", jv_new_int((int64_t)w->free_ns));
	jv_set(state, "after_key", jv_new_int(w->after_key));
	jv_set(state, "after_at_ns", jv_new_int((int64_t)w->after_at_ns));
	for (uint64_t i = 0; i < w->group->registers; i++)
		jv_add(versions, jv_new_int((int64_t)w->versions[i]));
	jv_set(state, "versions", versions);
	return state;
}

static void take_state(struct workload *w, const struct jv *state)
{
	const struct jv *versions = jv_get(state, "versions");

	w->slot = (uint64_t)jv_int(jv_get(state, "slot"), 0);
	w->sequence = (uint64_t)jv_int(jv_get(state, "sequence"), 0);
	w->ledger_n = (uint32_t)jv_int(jv_get(state, "ledger"), 0);
	w->free_ns = (uint64_t)jv_int(jv_get(state, "free_ns"), 0);
	w->after_key = (uint32_t)jv_int(jv_get(state, "after_key"), 0);
	w->after_at_ns = (uint64_t)jv_int(jv_get(state, "after_at_ns"), 0);
	for (uint64_t i = 0; i < w->group->registers; i++)
		w->versions[i] = (uint64_t)jv_int(jv_at(versions, i), 0);
}

static void hand_over(struct session *s, unsigned to)
{
	struct jv *message = jv_new_object();

	s->here = false;
	s->kept = NULL;
	jv_set(message, "type", jv_new_string("handover"));
	jv_set(message, "session", jv_new_int(s->workload.session));
	jv_set(message, "to", jv_new_int(to));
	jv_set(message, "state", state_of(&s->workload));
	prober_send(s->prober, message);
}

/* Slots that were due before the quiet phase began are part of the run. */
static bool sit_out_quiet(struct session *s)
{
	uint64_t began = __atomic_load_n(&s->prober->gate.quiet_ns, __ATOMIC_SEQ_CST), resume;

	while (!s->group->closed &&
		prober_since_epoch(s->prober, began) > workload_when(&s->workload)) {
		if (let_go(s))
			return false;
	}
	if (!gate_wait_resume(&s->prober->gate, &resume))
		return false;
	workload_resume(&s->workload, prober_since_epoch(s->prober, resume));
	return true;
}

static uint64_t next_call_ns(const struct session *s, uint64_t at_ns)
{
	uint64_t apart = workload_period_ns(&s->workload) / 2;

	if (!workload_is_after(&s->workload) && s->last_call_ns && s->last_call_ns + apart > at_ns)
		return s->last_call_ns + apart;
	return at_ns;
}

/* Until it moves on or all is over. */
static void stay(struct session *s)
{
	struct gate *gate = &s->prober->gate;
	int rc = 0;

	while (!rc) {
		uint64_t at = workload_when(&s->workload);
		unsigned to;

		if (at == UINT64_MAX) {
			gate_sleep(gate, at);
			return;
		}
		to = region_at(s, at);
		if (to != s->prober->config->region) {
			hand_over(s, to);
			return;
		}
		switch (gate_enter(gate, s->prober->config->epoch_ns + next_call_ns(s, at))) {
		case GATE_GO:
			rc = too_late(s, at) ? let_go(s) : operate(s);
			gate_leave(gate);
			break;
		case GATE_QUIET:
			if (!sit_out_quiet(s))
				return;
			break;
		case GATE_STOP:
			return;
		}
	}
}

static void *session_main(void *arg)
{
	struct session *s = arg;
	struct gate *gate = &s->prober->gate;
	uint64_t start;

	if (!gate_wait_start(gate, &start))
		return NULL;
	s->workload.start_ns = prober_since_epoch(s->prober, start);
	if (region_at(s, s->workload.start_ns) == s->prober->config->region)
		gate_signal(gate, &s->here);
	while (gate_wait_flag(gate, &s->here))
		stay(s);
	return NULL;
}

static bool may_be_here(const struct prober *prober, const struct client_group *group, uint32_t i)
{
	bool lives = false;

	for (unsigned r = 0; r < group->n_regions; r++)
		lives = lives || group->regions[r] == prober->config->region;
	if (!lives)
		return false;
	return group_home(group, i) == prober->config->region ||
		group_roams(group, i, prober->config->seed);
}

static int session_open(struct session *s, struct prober *prober, const struct client_group *group,
	uint32_t i, struct err *err)
{
	struct buf path = {0};

	s->prober = prober;
	s->group = group;
	workload_init(&s->workload, group, i, prober->config->seed);
	buf_printf(&path, "%s/session-%u" HISTORY_SUFFIX, prober->config->dir, s->workload.session);
	s->writer = history_writer_open(buf_str(&path), err);
	buf_release(&path);
	if (!s->writer)
		return -1;
	s->driver = prober_driver(prober, group, s->workload.session, err);
	return s->driver ? 0 : -1;
}

int sessions_open(struct prober *prober, struct err *err)
{
	const struct prober_config *config = prober->config;
	struct sessions *sessions = calloc(1, sizeof(*sessions));
	size_t most = 0;

	if (!sessions)
		abort();
	prober->sessions = sessions;
	for (size_t g = 0; g < config->n_groups; g++)
		most += group_sessions(&config->groups[g]);
	sessions->all = calloc(most + 1, sizeof(*sessions->all));
	if (!sessions->all)
		abort();
	for (size_t g = 0; g < config->n_groups; g++) {
		const struct client_group *group = &config->groups[g];

		for (uint32_t i = 0; i < group_sessions(group); i++) {
			if (may_be_here(prober, group, i) &&
				session_open(&sessions->all[sessions->n++], prober, group, i, err))
				return -1;
		}
	}
	return 0;
}

int sessions_start(struct prober *prober, struct err *err)
{
	struct sessions *sessions = prober->sessions;

	for (size_t i = 0; i < sessions->n; i++) {
		if (prober_thread(&sessions->all[i].thread, session_main, &sessions->all[i], err))
			return -1;
		sessions->all[i].running = true;
	}
	return 0;
}

void sessions_join(struct prober *prober)
{
	struct sessions *sessions = prober->sessions;

	for (size_t i = 0; i < sessions->n; i++) {
		if (sessions->all[i].running)
			pthread_join(sessions->all[i].thread, NULL);
		sessions->all[i].running = false;
	}
}

void sessions_close(struct prober *prober)
{
	struct sessions *sessions = prober->sessions;

	if (!sessions)
		return;
	for (size_t i = 0; i < sessions->n; i++) {
		struct session *s = &sessions->all[i];

		if (s->driver)
			s->driver->ops->close(s->driver);
		history_writer_close(s->writer);
		workload_release(&s->workload);
	}
	free(sessions->all);
	free(sessions);
	prober->sessions = NULL;
}

int sessions_adopt(struct prober *prober, const struct jv *message, struct err *err)
{
	struct sessions *sessions = prober->sessions;
	int64_t number = jv_int(jv_get(message, "session"), -1);

	for (size_t i = 0; i < sessions->n; i++) {
		struct session *s = &sessions->all[i];

		if (s->workload.session != number || s->here)
			continue;
		take_state(&s->workload, jv_get(message, "state"));
		gate_signal(&prober->gate, &s->here);
		return 0;
	}
	return err_set(err, "session %lld cannot come here", (long long)number);
}

void sessions_tally(const struct prober *prober, struct tally *sum)
{
	*sum = (struct tally){0};
	for (size_t i = 0; i < prober->sessions->n; i++) {
		const struct session *s = &prober->sessions->all[i];

		/* A layer alone is not the system: a standby that is asked to write refuses. */
		if (!s->group->layer)
			tally_add(sum, &s->tally);
	}
}

struct jv *sessions_ledger(const struct prober *prober)
{
	struct jv *list = jv_new_array();

	for (size_t i = 0; i < prober->sessions->n; i++) {
		const struct workload *w = &prober->sessions->all[i].workload;
		struct jv *pair = jv_new_array();

		jv_add(pair, jv_new_int(w->session));
		jv_add(pair, jv_new_int(w->ledger_n));
		jv_add(list, pair);
	}
	return list;
}
