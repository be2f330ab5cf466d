#include "fixtures/base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void meminfo_says_what_is_available(void **state)
{
	(void)state;
	assert_int_equal(memory_of_meminfo("MemTotal:  9 kB\nMemAvailable:   12 kB\n"), 12 * 1024);
	assert_true(memory_of_meminfo("MemTotal:  9 kB\n") == UINT64_MAX);
}

static void this_machine_has_some_memory_left(void **state)
{
	(void)state;
	assert_true(memory_available() > 1 << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(meminfo_says_what_is_available),
		cmocka_unit_test(this_machine_has_some_memory_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
