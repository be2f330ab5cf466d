#include "fixtures/base/clock.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include <cmocka.h>

static void time_does_not_run_backwards(void **state)
{
	uint64_t last = clock_now_ns();

	(void)state;
	for (int i = 0; i < 10000; i++) {
		uint64_t now = clock_now_ns();

		assert_true(now >= last);
		last = now;
	}
}

static void it_is_the_kernels_monotonic_clock(void **state)
{
	uint64_t before = clock_now_ns(), between, after;
	struct timespec ts;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	after = clock_now_ns();
	between = (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
	assert_in_range(between, before, after);
}

static void sleep_ends_at_the_instant_or_after(void **state)
{
	uint64_t at = clock_now_ns() + 20 * NSEC_PER_MSEC;

	(void)state;
	clock_sleep_until_ns(at);
	assert_true(clock_now_ns() >= at);
	clock_sleep_until_ns(at - NSEC_PER_SEC); /* has passed: returns */
}

static void on_alarm(int signal)
{
	(void)signal;
}

static void a_signal_does_not_shorten_the_sleep(void **state)
{
	struct itimerval every = {.it_interval = {0, 2000}, .it_value = {0, 2000}}, off = {0};
	uint64_t at = clock_now_ns() + 30 * NSEC_PER_MSEC;
	struct sigaction action = {.sa_handler = on_alarm};

	(void)state;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	clock_sleep_until_ns(at);
	setitimer(ITIMER_REAL, &off, NULL);
	assert_true(clock_now_ns() >= at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_does_not_run_backwards),
		cmocka_unit_test(it_is_the_kernels_monotonic_clock),
		cmocka_unit_test(sleep_ends_at_the_instant_or_after),
		cmocka_unit_test(a_signal_does_not_shorten_the_sleep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
