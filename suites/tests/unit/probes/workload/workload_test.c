#include "probes/workload/workload.h"
#include "fixtures/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const uint8_t three[] = {0, 1, 2};

static struct client_group a_group(void)
{
	struct client_group group = {0};

	param_set_defaults(group_params, &group);
	group.regions = three;
	group.n_regions = 3;
	group.sessions_per_region = 4;
	group.first_session = 10;
	group.read_rate_uhz = 150 * 1000000ull;
	group.write_rate_uhz = 30 * 1000000ull;
	group.after_write_ppm = 0;
	return group;
}

struct counts {
	unsigned reads, writes, ledger, deletes, after, own;
	uint64_t last_ns;
};

/* All operations of a session that are due before the end, each answered at once. */
static struct counts play(
	const struct client_group *group, uint32_t i, uint64_t seed, uint64_t end_ns)
{
	struct counts c = {0};
	struct workload w;

	workload_init(&w, group, i, seed);
	while (workload_when(&w) < end_ns) {
		struct workload_op op;

		workload_take(&w, true, &op);
		assert_true(op.at_ns >= c.last_ns);
		c.last_ns = op.at_ns;
		c.reads += op.kind == OP_READ;
		c.own +=
			op.kind == OP_READ && op_key_number(op.key) / group->registers == w.session;
		c.writes += op.kind != OP_READ;
		c.deletes += op.kind == OP_DELETE;
		c.ledger += op_key_class(op.key) == KEY_LEDGER;
		c.after += !!(op.flags & OP_AFTER_WRITE);
		workload_ended(&w, &op, OP_OK, w.slot, op.at_ns + 1);
	}
	workload_release(&w);
	return c;
}

static void rates_are_kept_exactly(void **state)
{
	struct client_group group = a_group();
	unsigned reads = 0, writes = 0;

	(void)state;
	for (uint32_t i = 0; i < 12; i++) {
		struct counts c = play(&group, i, 1, 20 * NSEC_PER_SEC);

		reads += c.reads;
		writes += c.writes;
		assert_in_range(c.writes, 49, 51); /* each session its share */
	}
	assert_int_equal(reads + writes, 3600);
	assert_in_range(writes, 594, 606);
}

static void sessions_start_one_after_the_other(void **state)
{
	struct client_group group = a_group();

	(void)state;
	for (uint32_t i = 0; i < 12; i++) {
		struct workload w;

		workload_init(&w, &group, i, 1);
		w.start_ns = NSEC_PER_SEC;
		assert_int_equal(workload_when(&w), NSEC_PER_SEC + i * NSEC_PER_SEC / 180);
		workload_release(&w);
	}
}

static void shares_are_near_what_was_asked(void **state)
{
	struct client_group group = a_group();
	struct counts c;

	(void)state;
	group.delete_ppm = 100000;
	group.after_write_ppm = 500000;
	c = play(&group, 3, 5, 4000 * NSEC_PER_SEC); /* 60000 slots, 10000 writes */
	assert_in_range(c.ledger, 2800, 3200);
	assert_in_range(c.deletes, 600, 800);
	assert_in_range(c.after, 2800, 3500);
	assert_in_range(c.own, 27000, 29500);
}

static void the_same_seed_gives_the_same_operations(void **state)
{
	struct client_group group = a_group();
	struct workload a, b, c;
	unsigned differ = 0;

	(void)state;
	workload_init(&a, &group, 2, 9);
	workload_init(&b, &group, 2, 9);
	workload_init(&c, &group, 2, 10);
	for (int n = 0; n < 100; n++) {
		struct workload_op x = {0}, y = {0}, z = {0};

		workload_take(&a, true, &x);
		workload_take(&b, true, &y);
		workload_take(&c, true, &z);
		assert_true(x.key == y.key && x.kind == y.kind && x.value == y.value);
		differ += x.key != z.key;
	}
	assert_true(differ > 20);
	workload_release(&a);
	workload_release(&b);
	workload_release(&c);
}

static void an_acknowledged_write_is_read_soon_after(void **state)
{
	struct client_group group = a_group();
	unsigned at_once = 0, n = 0;
	struct workload w;

	(void)state;
	group.after_write_ppm = 1000000;
	group.ledger_ppm = 0;
	group.write_rate_uhz = 1000000; /* slots far apart */
	group.read_rate_uhz = 0;
	workload_init(&w, &group, 0, 4);
	for (; n < 300; n++) {
		struct workload_op write, read;
		uint64_t ack;

		workload_take(&w, true, &write);
		assert_int_equal(write.kind, OP_WRITE);
		ack = write.at_ns + 80 * NSEC_PER_MSEC;
		workload_ended(&w, &write, OP_OK, 1, ack);
		workload_take(&w, true, &read);
		assert_int_equal(read.flags, OP_AFTER_WRITE);
		assert_int_equal(read.key, write.key);
		assert_in_range(read.at_ns, ack, ack + 400 * NSEC_PER_MSEC);
		at_once += read.at_ns == ack;
	}
	assert_in_range(at_once, 70, 130);
	workload_release(&w);
}

static void an_unknown_write_is_not_followed(void **state)
{
	struct client_group group = a_group();
	struct workload w;

	(void)state;
	group.after_write_ppm = 1000000;
	group.ledger_ppm = 0;
	group.read_rate_uhz = 0;
	workload_init(&w, &group, 0, 4);
	for (int n = 0; n < 20; n++) {
		struct workload_op op;

		workload_take(&w, true, &op);
		assert_int_equal(op.flags, 0);
		workload_ended(&w, &op, OP_UNKNOWN, 0, op.at_ns + 1);
	}
	workload_release(&w);
}

/* The session of each region with the same number there: 1, 5 and 9 of 4 a region. */
static void shared_registers_have_a_writer_in_each_region(void **state)
{
	struct client_group group = a_group();
	uint32_t first = group_register_key(&group, 11, 0);

	(void)state;
	assert_int_not_equal(group_register_key(&group, 15, 0), first);
	assert_int_equal(group_writers(&group), 12);
	group.shared = 1;
	assert_int_equal(group_register_key(&group, 15, 0), first);
	assert_int_equal(group_register_key(&group, 19, 0), first);
	assert_int_not_equal(group_register_key(&group, 12, 0), first);
	assert_int_equal(group_register_key(&group, 11, 0), first);
	assert_int_equal(group_writers(&group), 4);
}

static void shared_sessions_write_and_read_shared_keys_only(void **state)
{
	struct client_group group = a_group();
	uint32_t first, end;
	struct workload w;

	(void)state;
	group.shared = 1;
	first = group_register_key(&group, group.first_session, 0);
	end = first + (uint32_t)(group_writers(&group) * group.registers);
	workload_init(&w, &group, 9, 7);
	while (workload_when(&w) < 5 * NSEC_PER_SEC) {
		struct workload_op op;

		workload_take(&w, true, &op);
		if (op_key_class(op.key) == KEY_REGISTER)
			assert_in_range(op.key, first, end - 1);
		workload_ended(&w, &op, OP_OK, w.slot, op.at_ns + 1);
	}
	workload_release(&w);
}

static void reads_demand_the_version_of_the_own_last_write(void **state)
{
	struct client_group group = a_group();
	unsigned demanded = 0, foreign = 0;
	struct workload w;

	(void)state;
	group.demand_version = 1;
	group.registers = 1;
	group.ledger_ppm = 0;
	workload_init(&w, &group, 0, 4);
	for (uint64_t n = 1, last = 0; n < 500; n++) {
		struct workload_op op;

		workload_take(&w, true, &op);
		if (op.kind == OP_WRITE)
			last = n;
		else if (op.key == group_register_key(&group, w.session, 0))
			demanded += op.min_version == last;
		else
			foreign += op.min_version != 0;
		workload_ended(&w, &op, OP_OK, n, op.at_ns + 1);
	}
	assert_true(demanded > 100);
	assert_int_equal(foreign, 0);
	workload_release(&w);
}

static void a_slot_that_is_not_sent_uses_no_value_and_no_ledger_key(void **state)
{
	struct client_group group = a_group();
	struct workload_op op;
	struct workload w;

	(void)state;
	group.ledger_ppm = 1000000;
	group.read_rate_uhz = 0;
	workload_init(&w, &group, 0, 4);
	workload_take(&w, false, &op);
	assert_int_equal(op.value, 0);
	assert_int_equal(w.ledger_n, 0);
	workload_take(&w, true, &op);
	assert_int_equal(op_value_sequence(op.value), 1);
	assert_int_equal(op_value_writer(op.value), w.session + 1);
	assert_int_equal(w.ledger_n, 1);
	assert_int_equal(w.slot, 2);
	workload_release(&w);
}

static void after_a_quiet_phase_the_schedule_goes_on_in_step(void **state)
{
	struct client_group group = a_group();
	struct workload w;

	(void)state;
	for (uint32_t i = 0; i < 12; i++) {
		uint64_t at;

		workload_init(&w, &group, i, 4);
		workload_resume(&w, 7 * NSEC_PER_SEC + 1);
		at = workload_when(&w);
		assert_in_range(
			at, 7 * NSEC_PER_SEC + 1, 7 * NSEC_PER_SEC + 1 + workload_period_ns(&w));
		w.slot--;
		assert_true(workload_when(&w) < 7 * NSEC_PER_SEC + 1);
		workload_release(&w);
	}
}

static void foreign_reads_go_to_other_regions(void **state)
{
	struct client_group group = a_group();
	struct workload w;

	(void)state;
	group.own_read_ppm = 0;
	group.write_rate_uhz = 0;
	workload_init(&w, &group, 5, 4);
	for (int n = 0; n < 300; n++) {
		struct workload_op op;
		uint32_t i;

		workload_take(&w, true, &op);
		i = op_key_number(op.key) / 4 - group.first_session;
		assert_true(i < 12);
		assert_int_not_equal(i / 4, 1);
	}
	workload_release(&w);
}

static void a_closed_loop_goes_on_when_the_last_operation_ended(void **state)
{
	struct client_group group = a_group();
	struct workload_op op;
	struct workload w;

	(void)state;
	group.closed = 1;
	group.think_ns = 5;
	group.read_rate_uhz = group.write_rate_uhz = 0;
	workload_init(&w, &group, 5, 4);
	workload_take(&w, true, &op);
	workload_ended(&w, &op, OP_OK, 0, 1000);
	assert_int_equal(workload_when(&w), 1005);
	workload_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_are_kept_exactly),
		cmocka_unit_test(sessions_start_one_after_the_other),
		cmocka_unit_test(shares_are_near_what_was_asked),
		cmocka_unit_test(the_same_seed_gives_the_same_operations),
		cmocka_unit_test(an_acknowledged_write_is_read_soon_after),
		cmocka_unit_test(an_unknown_write_is_not_followed),
		cmocka_unit_test(shared_registers_have_a_writer_in_each_region),
		cmocka_unit_test(shared_sessions_write_and_read_shared_keys_only),
		cmocka_unit_test(reads_demand_the_version_of_the_own_last_write),
		cmocka_unit_test(a_slot_that_is_not_sent_uses_no_value_and_no_ledger_key),
		cmocka_unit_test(after_a_quiet_phase_the_schedule_goes_on_in_step),
		cmocka_unit_test(foreign_reads_go_to_other_regions),
		cmocka_unit_test(a_closed_loop_goes_on_when_the_last_operation_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
