#include "probes/prober/replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* A store of one key that answers with the truth, or with what it is told to. */
struct store {
	struct driver driver;
	uint64_t value;
	enum op_state state; /* of writes */
	bool stuck;          /* reads find the first write for ever */
	bool closed;
};

static void store_invoke(struct driver *driver, const struct endpoint *at, struct driver_call *call)
{
	struct store *store = (struct store *)driver;

	(void)at;
	call->state = OP_OK;
	call->version = op_value_sequence(store->value);
	if (call->kind == OP_READ) {
		call->read_value = store->value;
	} else {
		call->state = store->state;
		if (call->state == OP_OK && !(store->stuck && store->value))
			store->value = call->value;
	}
}

static void store_close(struct driver *driver)
{
	((struct store *)driver)->closed = true;
}

static const struct driver_ops store_ops = {
	.name = "store", .invoke = store_invoke, .close = store_close};

static struct store store;
static struct replay replay;

static int set_up(void **state)
{
	(void)state;
	store = (struct store){.driver.ops = &store_ops, .state = OP_OK};
	replay_init(&replay, &store.driver, 7);
	return 0;
}

static struct driver_call call(enum op_kind kind, uint64_t sequence)
{
	struct driver_call c = {.kind = kind, .value = sequence ? op_value(9, sequence) : 0};

	replay.driver.ops->invoke(&replay.driver, NULL, &c);
	return c;
}

/* Writes 1 .. n, a read after each; the lies among the answers. */
static unsigned lies_of(unsigned n)
{
	unsigned lies = 0;

	for (unsigned i = 1; i <= n; i++) {
		struct driver_call read;

		call(OP_WRITE, i);
		read = call(OP_READ, 0);
		lies += read.flags & OP_LIED ? 1 : 0;
		if (read.flags & OP_LIED)
			assert_true(op_value_sequence(read.read_value) < i);
		else
			assert_int_equal(
				op_value_sequence(read.read_value), op_value_sequence(store.value));
	}
	return lies;
}

static void it_lies_now_and_then_and_marks_it(void **state)
{
	unsigned lies;

	(void)state;
	lies = lies_of(200);
	assert_in_range(lies, 5, 20);
}

static void an_old_answer_is_old_in_all_its_parts(void **state)
{
	struct driver_call read;
	unsigned i = 1;

	(void)state;
	do {
		call(OP_WRITE, i++);
		read = call(OP_READ, 0);
	} while (!(read.flags & OP_LIED));
	assert_int_equal(read.version, op_value_sequence(read.read_value));
}

static void it_does_not_lie_where_nothing_newer_was_acknowledged(void **state)
{
	(void)state;
	call(OP_WRITE, 1);
	store.state = OP_UNKNOWN;
	for (unsigned i = 2; i < 100; i++) {
		call(OP_WRITE, i);
		assert_false(call(OP_READ, 0).flags & OP_LIED);
	}
}

static void a_stale_answer_of_the_system_is_no_lie(void **state)
{
	(void)state;
	store.stuck = true;
	assert_int_equal(lies_of(100), 0);
}

static void closing_it_closes_the_driver_behind(void **state)
{
	(void)state;
	replay.driver.ops->close(&replay.driver);
	assert_true(store.closed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(it_lies_now_and_then_and_marks_it, set_up),
		cmocka_unit_test_setup(an_old_answer_is_old_in_all_its_parts, set_up),
		cmocka_unit_test_setup(
			it_does_not_lie_where_nothing_newer_was_acknowledged, set_up),
		cmocka_unit_test_setup(a_stale_answer_of_the_system_is_no_lie, set_up),
		cmocka_unit_test_setup(closing_it_closes_the_driver_behind, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
