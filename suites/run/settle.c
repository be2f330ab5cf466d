/*
 * A quiet phase: no operation is begun any more, and every key is read in every region until two
 * sweeps in a row say the same everywhere. That is convergence; the read-back of the last sweep is what
 * loss is judged on. Bounded: a system that does not converge is a finding, not a hang.
 */
#include "suites/run/run.h"
#include "fixtures/base/clock.h"
#include "fixtures/json/jv.h"
#include "probes/prober.h"

#include <string.h>

#define LAST_WORDS_NS (5 * NSEC_PER_SEC)
#define SWEEP_LIMIT_NS (30 * NSEC_PER_SEC)
#define SWEEP_PAUSE_NS (100 * NSEC_PER_MSEC)

static bool all_know_ledger(const struct run *run)
{
	for (unsigned r = 0; r < run->crew.n; r++) {
		if (!run->live[r].ledger_known && !run->live[r].prober_dead)
			return false;
	}
	return true;
}

static bool all_swept(const struct run *run, uint32_t id)
{
	for (unsigned r = 0; r < run->crew.n; r++) {
		if (run->live[r].swept != id && !run->live[r].prober_dead)
			return false;
	}
	return true;
}

static bool ledger_done(struct run *run, uint32_t unused)
{
	(void)unused;
	return all_know_ledger(run);
}

static bool sweep_done(struct run *run, uint32_t id)
{
	return all_swept(run, id);
}

/* Events flow until done() or the deadline: 1 or 0; -1 on error. */
static int wait_until(struct run *run, bool (*done)(struct run *run, uint32_t id), uint32_t id,
	uint64_t deadline_ns, struct err *err)
{
	while (!done(run, id)) {
		if (clock_now_ns() >= deadline_ns)
			return 0;
		run->wake = false;
		if (crew_pump(&run->crew, deadline_ns, &run->wake, err))
			return -1;
	}
	return 1;
}

static uint64_t longest_timeout(const struct plan *plan)
{
	uint64_t longest = PROBER_TICK_LIMIT_NS;

	for (size_t i = 0; i < plan->n_groups; i++) {
		if (plan->groups[i].timeout_ns > longest)
			longest = plan->groups[i].timeout_ns;
	}
	return longest;
}

static int fall_silent(struct run *run, uint64_t at_ns, struct err *err)
{
	struct jv *body, *message = run_tell_prober("quiet", &body);
	uint64_t deadline = at_ns + longest_timeout(run->plan) + LAST_WORDS_NS;

	for (unsigned r = 0; r < run->crew.n; r++)
		run->live[r].ledger_known = false;
	jv_free(run->ledger);
	run->ledger = jv_new_array();
	jv_set(body, "at_ns", jv_new_int((int64_t)at_ns));
	if (crew_tell(&run->crew, message, err))
		return -1;
	return wait_until(run, ledger_done, 0, deadline, err) < 0 ? -1 : 0;
}

static int sweep(struct run *run, uint32_t id, uint64_t deadline_ns, struct err *err)
{
	struct jv *body, *message = run_tell_prober("sweep", &body);

	jv_set(body, "id", jv_new_int(id));
	jv_set(body, "ledger", jv_copy(run->ledger));
	if (crew_tell(&run->crew, message, err))
		return -1;
	return wait_until(run, sweep_done, id, deadline_ns, err);
}

/* Every region answered every key, and all digests are one. */
static bool sweep_agrees(const struct run *run, uint32_t id, char digest[65])
{
	const struct evidence *evidence = &run->evidence;
	unsigned regions = 0;

	digest[0] = '\0';
	for (size_t i = 0; i < evidence->n_sweeps; i++) {
		const struct sweep *s = &evidence->sweeps[i];

		if (s->id != id)
			continue;
		regions++;
		if (s->answered != s->keys || (digest[0] && strcmp(digest, s->digest)))
			return false;
		memcpy(digest, s->digest, 65);
	}
	return regions == run->crew.n && digest[0];
}

/* What a dead prober's region holds cannot be read any more: one sweep shows the rest. */
static bool any_prober_dead(const struct run *run)
{
	for (unsigned r = 0; r < run->crew.n; r++) {
		if (run->live[r].prober_dead)
			return true;
	}
	return false;
}

static int sweep_until_equal(struct run *run, int phase, uint64_t limit_ns, struct err *err)
{
	char before[65] = "", now[65];
	uint32_t id =
		run->evidence.n_sweeps ? run->evidence.sweeps[run->evidence.n_sweeps - 1].id : 0;

	run->evidence.converged = false;
	while (clock_now_ns() < limit_ns) {
		uint64_t deadline = clock_now_ns() + SWEEP_LIMIT_NS;
		int rc = sweep(run, ++id, deadline, err);

		if (rc < 0)
			return -1;
		if (rc == 1 && sweep_agrees(run, id, now)) {
			if (!strcmp(before, now)) {
				run->evidence.converged = true;
				return 0;
			}
			memcpy(before, now, sizeof(before));
		} else {
			before[0] = '\0';
		}
		if (any_prober_dead(run))
			break;
		if (crew_pump(&run->crew, clock_now_ns() + SWEEP_PAUSE_NS, NULL, err))
			return -1;
	}
	run_note(run, run_since(run, clock_now_ns()), run->plan->phases[phase].name,
		any_prober_dead(run) ? "convergence cannot be seen without every prober"
				     : "not converged within the limit");
	return 0;
}

int run_settle(struct run *run, int phase, bool last, struct err *err)
{
	const struct plan_phase *plan_phase = &run->plan->phases[phase];
	uint64_t at = run->epoch_ns + plan_phase->start_ns;
	uint64_t limit = run->epoch_ns + plan_phase->end_ns;
	const struct sweep *end;

	if (last || limit <= at)
		limit = at + run->plan->converge_limit_ns;
	if (fall_silent(run, at, err))
		return -1;
	run->evidence.quiet_ns = run_since(run, clock_now_ns());
	run_note(run, plan_phase->start_ns, plan_phase->name, "clients are quiet");
	if (sweep_until_equal(run, phase, limit, err))
		return -1;
	if (run->evidence.converged) {
		end = &run->evidence.sweeps[run->evidence.n_sweeps - 1];
		run_note(run, run_since(run, clock_now_ns()), plan_phase->name,
			"%llu of %llu keys equal in %u regions (sweep %.1f s)",
			(unsigned long long)end->answered, (unsigned long long)end->keys,
			run->crew.n, (double)(end->end_ns - end->start_ns) / 1e9);
	}
	return 0;
}
