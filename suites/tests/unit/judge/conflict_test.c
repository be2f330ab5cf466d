#include "suites/judge/sensitivity.h"
#include "suites/tests/helpers/judge_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define KEY jw_register(0)

static struct judge_world world;

static int set_up(void **state)
{
	(void)state;
	jw_init(&world);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	jw_release(&world);
	return 0;
}

/* Session 0 is of us-east, 4 of eu-west, 8 of ap-south; accepted where the client is. */
static struct op *local_write(uint32_t session, uint64_t sequence, double call_ms, double ret_ms)
{
	struct op *op = jw_write(&world, session, KEY, sequence, call_ms, ret_ms);

	op->node = op->region;
	return op;
}

static void versioned(struct op *op, uint64_t version)
{
	op->flags |= OP_HAS_VERSION;
	op->version = version;
}

/* No two writes could not know of each other, so none could be lost to the other. */
#define NO_CONFLICT -1

static int lost(void)
{
	struct measurement m = jw_measure(&world, METRIC_WRITES_CONFLICT_LOST);

	return m.status == MEASURED_VALUE ? (int)m.value : -1;
}

static int inverted(void)
{
	struct measurement m = jw_measure(&world, METRIC_VERSION_INVERSIONS);

	return m.status == MEASURED_VALUE ? (int)m.value : -1;
}

static void write_on_the_other_side_of_a_cut_is_concurrent(void **state)
{
	struct measurement m;

	(void)state;
	jw_fault(&world, "cut", 1000, 5000);
	local_write(0, 1, 1100, 1105);
	local_write(4, 1, 4000, 4005);
	jw_read_back(&world, KEY, jw_value(4, 1), 9000);
	m = jw_measure(&world, METRIC_WRITES_CONFLICT_LOST);
	assert_int_equal((int)m.value, 1);
	assert_int_equal(m.n, 1);
	assert_int_equal(m.findings[0].n_ops, 3);
	assert_non_null(strstr(m.findings[0].reason, "in us-east at 1.105 s"));
	assert_int_equal(inverted(), 0);
}

static void only_the_last_write_of_a_side_is_lost_to_the_other(void **state)
{
	(void)state;
	jw_fault(&world, "cut", 1000, 5000);
	for (unsigned i = 0; i < 5; i++) {
		local_write(0, i + 1, 1100 + 100 * i, 1105 + 100 * i);
		local_write(4, i + 1, 1150 + 100 * i, 1155 + 100 * i);
	}
	jw_read_back(&world, KEY, jw_value(4, 5), 9000);
	assert_int_equal(lost(), 1);
}

static void without_a_cut_writes_one_after_the_other_are_no_conflict(void **state)
{
	(void)state;
	local_write(0, 1, 1100, 1105);
	local_write(4, 1, 1200, 1205);
	jw_read_back(&world, KEY, jw_value(4, 1), 9000);
	assert_int_equal(lost(), NO_CONFLICT);
}

static void write_that_may_have_known_of_the_other_is_no_conflict(void **state)
{
	(void)state;
	local_write(0, 1, 1100, 1110);
	local_write(4, 1, 1105, 1115); /* no beacon says how far it is */
	jw_read_back(&world, KEY, jw_value(0, 1), 9000);
	assert_int_equal(lost(), NO_CONFLICT);
}

/* The primary's region is cut from both others, which still reach each other. */
static void third_region_carries_news_on(void **state)
{
	(void)state;
	jw_fault(&world, "cut", 1000, 5000);
	local_write(4, 1, 1100, 1105);
	local_write(8, 1, 1200, 1205);
	jw_read_back(&world, KEY, jw_value(8, 1), 9000);
	assert_int_equal(lost(), NO_CONFLICT);
}

static void shortest_beacon_is_what_can_have_been_known(void **state)
{
	struct beacon_sample samples[] = {
		{.from = 0, .to = 1, .sent_ns = 1, .recv_ns = 1 + 90 * WORLD_MS},
		{.from = 0, .to = 1, .sent_ns = 1, .recv_ns = 1 + 40 * WORLD_MS},
		{.from = 0, .to = 1, .sent_ns = 1},
		{.from = 0, .to = 2, .sent_ns = 1, .recv_ns = 1 + 60 * WORLD_MS},
	};

	(void)state;
	world.evidence.beacons.samples = samples;
	world.evidence.beacons.n = 4;
	local_write(0, 1, 1100, 1105);
	local_write(4, 1, 1110, 1139);
	jw_read_back(&world, KEY, jw_value(4, 1), 9000);
	assert_int_equal(lost(), 1);
	jw_release(&world);
	jw_init(&world);
	world.evidence.beacons.samples = samples;
	world.evidence.beacons.n = 4;
	local_write(0, 1, 1100, 1105);
	local_write(4, 1, 1110, 1141);
	jw_read_back(&world, KEY, jw_value(4, 1), 9000);
	assert_int_equal(lost(), NO_CONFLICT);
}

static void later_write_hides_who_won_unless_versions_tell(void **state)
{
	struct op *op;

	(void)state;
	jw_fault(&world, "cut", 1000, 5000);
	op = local_write(0, 1, 1100, 1105);
	versioned(op, 7);
	op = local_write(4, 1, 1200, 1205);
	versioned(op, 9);
	local_write(8, 1, 8000, 8005);
	jw_read_back(&world, KEY, jw_value(8, 1), 9000);
	assert_int_equal(lost(), 1);
	for (size_t i = 0; i < world.n_ops; i++)
		world.ops[i].flags &= (uint16_t)~OP_HAS_VERSION;
	world.evidence.index = NULL;
	assert_int_equal(
		jw_measure(&world, METRIC_WRITES_CONFLICT_LOST).status, MEASURED_UNDECIDED);
}

static void keys_of_one_region_say_nothing(void **state)
{
	(void)state;
	local_write(0, 1, 1100, 1105);
	local_write(1, 1, 1100, 1105);
	jw_read_back(&world, KEY, jw_value(0, 1), 9000);
	assert_int_equal(jw_measure(&world, METRIC_WRITES_CONFLICT_LOST).status, MEASURED_NOTHING);
}

static void write_that_loses_to_an_earlier_one_is_inverted(void **state)
{
	(void)state;
	local_write(0, 1, 1100, 1105);
	local_write(4, 1, 1200, 1205);
	jw_read_back(&world, KEY, jw_value(0, 1), 9000);
	assert_int_equal(inverted(), 1);
	assert_int_equal(lost(), NO_CONFLICT);
}

static void later_write_with_the_lower_version_is_inverted(void **state)
{
	(void)state;
	versioned(local_write(0, 1, 1100, 1105), 9);
	versioned(local_write(4, 1, 1200, 1205), 7);
	versioned(local_write(4, 2, 1300, 1305), 10);
	jw_read_back(&world, KEY, jw_value(4, 2), 9000);
	assert_int_equal(inverted(), 1);
}

static void overlapping_writes_have_no_order_to_invert(void **state)
{
	(void)state;
	versioned(local_write(0, 1, 1100, 1210), 9);
	versioned(local_write(4, 1, 1200, 1205), 7);
	jw_read_back(&world, KEY, jw_value(0, 1), 9000);
	assert_int_equal(inverted(), -1);
	versioned(local_write(0, 2, 1300, 1305), 10);
	jw_read_back(&world, KEY, jw_value(0, 2), 9500);
	assert_int_equal(inverted(), 0);
}

static void deleted_key_keeps_its_latest_delete(void **state)
{
	(void)state;
	local_write(0, 1, 1100, 1105);
	jw_op(&world, OP_DELETE, 4, KEY, jw_value(4, 1), 1200, 1205);
	jw_read_back(&world, KEY, 0, 9000);
	assert_int_equal(inverted(), 0);
}

static void planted_inversion_is_found(void **state)
{
	struct question question = jw_question(METRIC_VERSION_INVERSIONS);
	struct sensitivity s;

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		versioned(local_write(i % 3 * 4, i + 1, 100 * i, 100 * i + 5), i + 1);
	jw_read_back(&world, KEY, jw_value(8, 6), 9000);
	jw_seal(&world);
	sensitivity_measure(&world.evidence, &question, 20, 1, &s);
	assert_true(s.possible);
	assert_int_equal(s.planted, 20);
	assert_int_equal(s.found, 20);
}

static void one_way_of(unsigned delay_ms)
{
	static struct beacon_sample samples[WORLD_REGIONS * WORLD_REGIONS];
	size_t n = 0;

	for (uint8_t from = 0; from < WORLD_REGIONS; from++) {
		for (uint8_t to = 0; to < WORLD_REGIONS; to++)
			samples[n++] = (struct beacon_sample){.from = from,
				.to = to,
				.sent_ns = 1,
				.recv_ns = 1 + delay_ms * WORLD_MS};
	}
	world.evidence.beacons.samples = samples;
	world.evidence.beacons.n = n;
}

/* Three regions take turns on one key, each before it could know that the one before had begun, had it
 * not taken so long; where news takes no time there is no place. */
static void planted_conflict_is_found(void **state)
{
	struct question question = jw_question(METRIC_WRITES_CONFLICT_LOST);
	struct sensitivity s;

	(void)state;
	for (unsigned i = 0; i < 12; i++)
		local_write(i % 3 * 4, i + 1, 100 * i, 100 * i + 90);
	jw_read_back(&world, KEY, jw_value(8, 12), 9000);
	jw_seal(&world);
	assert_int_equal(lost(), NO_CONFLICT);
	sensitivity_measure(&world.evidence, &question, 20, 1, &s);
	assert_false(s.possible);
	one_way_of(150);
	assert_int_equal(lost(), NO_CONFLICT);
	sensitivity_measure(&world.evidence, &question, 20, 1, &s);
	assert_true(s.possible);
	assert_int_equal(s.planted, 20);
	assert_int_equal(s.found, 20);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(write_on_the_other_side_of_a_cut_is_concurrent),
		TEST(only_the_last_write_of_a_side_is_lost_to_the_other),
		TEST(without_a_cut_writes_one_after_the_other_are_no_conflict),
		TEST(write_that_may_have_known_of_the_other_is_no_conflict),
		TEST(third_region_carries_news_on),
		TEST(shortest_beacon_is_what_can_have_been_known),
		TEST(later_write_hides_who_won_unless_versions_tell),
		TEST(keys_of_one_region_say_nothing),
		TEST(write_that_loses_to_an_earlier_one_is_inverted),
		TEST(later_write_with_the_lower_version_is_inverted),
		TEST(overlapping_writes_have_no_order_to_invert),
		TEST(planted_inversion_is_found),
		TEST(planted_conflict_is_found),
		TEST(deleted_key_keeps_its_latest_delete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
