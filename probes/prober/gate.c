#include "probes/prober/gate.h"
#include "fixtures/base/clock.h"

#include <errno.h>
#include <time.h>

void gate_init(struct gate *gate)
{
	pthread_condattr_t attr;

	*gate = (struct gate){
		.start_ns = UINT64_MAX, .quiet_ns = UINT64_MAX, .resume_ns = UINT64_MAX};
	pthread_mutex_init(&gate->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&gate->changed, &attr);
	pthread_condattr_destroy(&attr);
}

void gate_release(struct gate *gate)
{
	pthread_cond_destroy(&gate->changed);
	pthread_mutex_destroy(&gate->lock);
}

static uint64_t load(const uint64_t *at)
{
	return __atomic_load_n(at, __ATOMIC_SEQ_CST);
}

static void store(uint64_t *at, uint64_t value)
{
	__atomic_store_n(at, value, __ATOMIC_SEQ_CST);
}

bool gate_is_stopped(const struct gate *gate)
{
	return __atomic_load_n(&gate->stopped, __ATOMIC_SEQ_CST);
}

static bool is_quiet(const struct gate *gate, uint64_t now)
{
	return now >= load(&gate->quiet_ns) && now < load(&gate->resume_ns);
}

bool gate_is_calm(const struct gate *gate)
{
	return is_quiet(gate, clock_now_ns()) &&
		__atomic_load_n(&gate->inside, __ATOMIC_SEQ_CST) == 0;
}

/* One wait on the condition, with the lock held; UINT64_MAX: without end. */
static void wait_until(struct gate *gate, uint64_t at_ns)
{
	struct timespec ts = {
		.tv_sec = (time_t)(at_ns / NSEC_PER_SEC), .tv_nsec = (long)(at_ns % NSEC_PER_SEC)};

	if (at_ns == UINT64_MAX)
		pthread_cond_wait(&gate->changed, &gate->lock);
	else
		pthread_cond_timedwait(&gate->changed, &gate->lock, &ts);
}

bool gate_sleep(struct gate *gate, uint64_t at_ns)
{
	if (clock_now_ns() < at_ns && !gate_is_stopped(gate)) {
		pthread_mutex_lock(&gate->lock);
		while (!gate->stopped && clock_now_ns() < at_ns)
			wait_until(gate, at_ns);
		pthread_mutex_unlock(&gate->lock);
	}
	return !gate_is_stopped(gate);
}

enum gate_answer gate_enter(struct gate *gate, uint64_t at_ns)
{
	enum gate_answer answer = GATE_GO;

	if (!gate_sleep(gate, at_ns))
		return GATE_STOP;
	__atomic_fetch_add(&gate->inside, 1, __ATOMIC_SEQ_CST);
	if (gate_is_stopped(gate))
		answer = GATE_STOP;
	else if (is_quiet(gate, clock_now_ns()))
		answer = GATE_QUIET;
	if (answer != GATE_GO)
		gate_leave(gate);
	return answer;
}

void gate_leave(struct gate *gate)
{
	__atomic_fetch_sub(&gate->inside, 1, __ATOMIC_SEQ_CST);
}

bool gate_wait_start(struct gate *gate, uint64_t *start_ns)
{
	pthread_mutex_lock(&gate->lock);
	while (!gate->stopped && gate->start_ns == UINT64_MAX)
		wait_until(gate, UINT64_MAX);
	*start_ns = gate->start_ns;
	pthread_mutex_unlock(&gate->lock);
	return gate_sleep(gate, *start_ns);
}

uint64_t gate_start_ns(const struct gate *gate)
{
	return load(&gate->start_ns);
}

bool gate_wait_resume(struct gate *gate, uint64_t *resume_ns)
{
	pthread_mutex_lock(&gate->lock);
	while (!gate->stopped && is_quiet(gate, clock_now_ns()))
		wait_until(gate, load(&gate->resume_ns));
	*resume_ns = load(&gate->resume_ns);
	if (*resume_ns == UINT64_MAX)
		*resume_ns = clock_now_ns();
	pthread_mutex_unlock(&gate->lock);
	return !gate_is_stopped(gate);
}

bool gate_wait_flag(struct gate *gate, const bool *flag)
{
	pthread_mutex_lock(&gate->lock);
	while (!gate->stopped && !*flag)
		wait_until(gate, UINT64_MAX);
	pthread_mutex_unlock(&gate->lock);
	return !gate_is_stopped(gate);
}

void gate_signal(struct gate *gate, bool *flag)
{
	pthread_mutex_lock(&gate->lock);
	*flag = true;
	pthread_cond_broadcast(&gate->changed);
	pthread_mutex_unlock(&gate->lock);
}

static void change(struct gate *gate, uint64_t *what, uint64_t value)
{
	pthread_mutex_lock(&gate->lock);
	store(what, value);
	pthread_cond_broadcast(&gate->changed);
	pthread_mutex_unlock(&gate->lock);
}

void gate_start(struct gate *gate, uint64_t at_ns)
{
	change(gate, &gate->start_ns, at_ns);
}

void gate_quiet(struct gate *gate, uint64_t at_ns)
{
	pthread_mutex_lock(&gate->lock);
	/* In this order: the phase before must not seem to go on. */
	store(&gate->quiet_ns, at_ns);
	store(&gate->resume_ns, UINT64_MAX);
	pthread_cond_broadcast(&gate->changed);
	pthread_mutex_unlock(&gate->lock);
}

void gate_resume(struct gate *gate, uint64_t at_ns)
{
	change(gate, &gate->resume_ns, at_ns);
}

void gate_stop(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	__atomic_store_n(&gate->stopped, true, __ATOMIC_SEQ_CST);
	pthread_cond_broadcast(&gate->changed);
	pthread_mutex_unlock(&gate->lock);
}
