#include "fixtures/base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void memory_is_zeroed_and_aligned(void **state)
{
	struct arena arena = {0};

	(void)state;
	for (size_t size = 0; size < 40000; size = size * 2 + 1) {
		char *p = arena_alloc(&arena, size);

		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, size);
	}
	arena_release(&arena);
	arena_release(&arena); /* accepts empty */
}

static void strings_are_copies(void **state)
{
	struct arena arena = {0};
	char text[] = "eu-west";
	char *all = arena_strdup(&arena, text), *part = arena_strndup(&arena, text, 2);
	char *made = arena_printf(&arena, "%s/%d", text, 3);

	(void)state;
	text[0] = 'X';
	assert_string_equal(all, "eu-west");
	assert_string_equal(part, "eu");
	assert_string_equal(made, "eu-west/3");
	arena_release(&arena);
}

static void a_pushed_array_keeps_what_it_held(void **state)
{
	struct arena arena = {0};
	int *items = NULL;
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		int *item = ARENA_PUSH(&arena, items, n);

		assert_int_equal(*item, 0);
		*item = i;
		if (i % 7 == 0) /* others allocate in between */
			memset(arena_alloc(&arena, 24), 0xff, 24);
	}
	assert_int_equal(n, 1000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(items[i], i);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_and_aligned),
		cmocka_unit_test(strings_are_copies),
		cmocka_unit_test(a_pushed_array_keeps_what_it_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
