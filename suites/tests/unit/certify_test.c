/* What a link was asked to do while faults overlap; and a fault of nodes, or one that never was. */
#include "suites/certify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)

static struct {
	struct arena arena;
	struct plan plan;
	struct plan_region regions[3];
	struct impairment links[9];
	struct plan_fault faults[2];
	struct link_effect effects[2];
	struct node_effect node;
	struct fault_window windows[2];
	struct evidence evidence;
	struct gap gap;
	struct op ops[40];
} world;

/* Three regions, 20 ms everywhere. Fault 0 adds 30 ms from 0 to 1, fault 1 another 50 ms. */
static int set_up(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	world.plan.regions = world.regions;
	world.plan.n_regions = 3;
	world.plan.links = world.links;
	world.plan.faults = world.faults;
	world.plan.n_faults = 2;
	for (int i = 0; i < 3; i++)
		world.regions[i].name = "region";
	for (int i = 0; i < 9; i++)
		world.links[i].delay_ns = 20 * MS;
	for (int f = 0; f < 2; f++) {
		world.effects[f] = (struct link_effect){
			.from = 0, .to = 1, .impairment = {.delay_ns = (f ? 50 : 30) * MS}};
		world.faults[f] = (struct plan_fault){.name = f ? "second" : "first",
			.effects = {.links = &world.effects[f], .n_links = 1}};
		world.windows[f] = (struct fault_window){.fault = f, .agrees = true};
	}
	world.evidence.plan = &world.plan;
	world.evidence.faults = world.windows;
	world.evidence.end_ns = 20 * SECOND;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_release(&world.arena);
	return 0;
}

static void lasts(int f, uint64_t from_ns, uint64_t to_ns)
{
	world.windows[f].sent_ns = from_ns;
	world.windows[f].acked_ns = from_ns + MS / 10;
	world.windows[f].undo_sent_ns = to_ns;
	world.windows[f].undo_acked_ns = to_ns ? to_ns + MS / 10 : 0;
}

static uint64_t asked_ms(int f)
{
	assert_int_equal(world.windows[f].certificate.n_links, 1);
	return world.windows[f].certificate.links[0].asked.delay_ns / MS;
}

static void alone_a_fault_asks_for_base_and_its_own(void **state)
{
	(void)state;
	lasts(0, 2 * SECOND, 4 * SECOND);
	lasts(1, 6 * SECOND, 8 * SECOND);
	certify_run(&world.arena, &world.evidence);
	assert_int_equal(asked_ms(0), 50);
	assert_int_equal(asked_ms(1), 70);
}

static void overlapping_faults_ask_for_their_sum(void **state)
{
	(void)state;
	lasts(0, 2 * SECOND, 8 * SECOND);
	lasts(1, 4 * SECOND, 6 * SECOND);
	certify_run(&world.arena, &world.evidence);
	assert_int_equal(asked_ms(0), 50); /* until the second comes on top */
	assert_int_equal(asked_ms(1), 100);
}

static void without_beacons_nothing_is_certified(void **state)
{
	(void)state;
	lasts(0, 2 * SECOND, 4 * SECOND);
	lasts(1, 6 * SECOND, 8 * SECOND);
	certify_run(&world.arena, &world.evidence);
	assert_int_equal(world.windows[0].certificate.status, CERTIFICATE_NO_DATA);
	assert_non_null(world.windows[0].certificate.why);
}

static void a_fault_the_run_never_came_to_was_not_in_force(void **state)
{
	(void)state;
	lasts(0, 2 * SECOND, 4 * SECOND);
	certify_run(&world.arena, &world.evidence);
	assert_int_equal(world.windows[1].certificate.status, CERTIFICATE_NOT_IN_FORCE);
	assert_int_equal(world.windows[1].in_force_ns, 0);
}

static void a_fault_of_nodes_is_in_force_when_its_agent_has_done_it(void **state)
{
	(void)state;
	world.node = (struct node_effect){.node = 0, .action = NODE_KILL};
	world.faults[0].effects = (struct fault_effects){.nodes = &world.node, .n_nodes = 1};
	lasts(0, 2 * SECOND, 4 * SECOND);
	certify_run(&world.arena, &world.evidence);
	assert_int_equal(world.windows[0].certificate.status, CERTIFIED);
	assert_true(world.windows[0].in_force_ns == world.windows[0].acked_ns);
	world.windows[0].agrees = false;
	world.windows[0].refusal = "container us: no answer";
	certify_run(&world.arena, &world.evidence);
	assert_int_equal(world.windows[0].certificate.status, CERTIFICATE_NOT_IN_FORCE);
	assert_string_equal(world.windows[0].certificate.why,
		"the agent could not do it: container us: no answer");
}

/* Twenty operations before 2 s and as many behind; the first fault is declared from 2 s to 8 s. */
static void declare(enum op_state later, uint8_t writer)
{
	world.faults[0].ops = fault_find("declared");
	world.faults[0].effects = (struct fault_effects){0};
	for (size_t i = 0; i < 40; i++)
		world.ops[i] = (struct op){.call_ns = (i + 1) * 90 * MS + (i < 20 ? 0 : SECOND),
			.kind = OP_WRITE,
			.state = i < 20 ? OP_OK : later,
			.node = i < 20 ? 0 : writer};
	world.evidence.history = (struct history){.ops = world.ops, .n = 40};
	lasts(0, 2 * SECOND, 8 * SECOND);
	world.windows[0].asked_ns = 2 * SECOND;
	certify_run(&world.arena, &world.evidence);
}

static void what_is_declared_is_believed_where_clients_saw_it(void **state)
{
	const struct certificate *c = &world.windows[0].certificate;

	(void)state;
	declare(OP_UNKNOWN, OP_NODE_UNKNOWN);
	assert_int_equal(c->status, CERTIFICATE_DECLARED);
	assert_string_equal(c->why,
		"by the user, not proven by packets: 20 of 20 operations failed or had no known outcome "
		"while it lasted, 0 of 20 before");
	assert_true(world.windows[0].in_force_ns == 2 * SECOND);
	assert_true(world.windows[0].gone_ns == world.windows[0].undo_acked_ns);
	declare(OP_OK, 1);
	assert_int_equal(c->status, CERTIFICATE_DECLARED);
	assert_non_null(strstr(c->why, "and a node took writes that had taken none"));
}

static void what_nobody_saw_was_not_in_force(void **state)
{
	const struct certificate *c = &world.windows[0].certificate;

	(void)state;
	declare(OP_OK, 0);
	assert_int_equal(c->status, CERTIFICATE_NOT_IN_FORCE);
	assert_non_null(strstr(c->why, "nothing that clients saw shows it"));
	assert_int_equal(world.windows[0].in_force_ns, 0);
	for (size_t i = 0; i < 40; i++) /* it was as bad before */
		world.ops[i].state = OP_FAIL;
	certify_run(&world.arena, &world.evidence);
	assert_int_equal(c->status, CERTIFICATE_NOT_IN_FORCE);
}

/* What the first certificate says of the gap, or NULL. */
static const char *said_of_gap(void)
{
	const struct certificate *certificate = &world.windows[0].certificate;

	for (size_t i = 0; i < certificate->n_notes; i++) {
		if (strstr(certificate->notes[i], "container"))
			return certificate->notes[i];
	}
	return NULL;
}

static void away(unsigned region, uint64_t gone_ns, uint64_t back_ns, uint64_t passed)
{
	world.gap = (struct gap){.region = region,
		.gone_ns = gone_ns,
		.back_ns = back_ns,
		.passed = passed,
		.container = "web"};
	world.evidence.gaps = &world.gap;
	world.evidence.n_gaps = 1;
	lasts(0, 2 * SECOND, 8 * SECOND);
	certify_run(&world.arena, &world.evidence);
}

static void a_container_that_came_back_is_told_of(void **state)
{
	(void)state;
	away(0, 4 * SECOND, 5 * SECOND, 0);
	assert_string_equal(said_of_gap(),
		"container web was away from 4.000 s to 5.000 s, when the fault was laid on its new "
		"interface; no packet of it passed before");
	away(0, 4 * SECOND, 5 * SECOND, 3);
	assert_non_null(strstr(said_of_gap(), "and 3 packets of it passed before"));
	away(0, 4 * SECOND, 5 * SECOND, UINT64_MAX);
	assert_non_null(strstr(said_of_gap(), "nobody knows what it sent"));
	away(0, 4 * SECOND, 0, 0);
	assert_non_null(strstr(said_of_gap(), "from 4.000 s on, and did not come back"));
}

static void one_that_has_no_part_in_the_fault_is_not(void **state)
{
	(void)state;
	away(1, 4 * SECOND, 5 * SECOND, 3);
	assert_null(said_of_gap());
	away(0, 1 * SECOND, 2 * SECOND, 3);
	assert_null(said_of_gap());
	away(0, 8 * SECOND, 9 * SECOND, 3);
	assert_null(said_of_gap());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(alone_a_fault_asks_for_base_and_its_own),
		TEST(overlapping_faults_ask_for_their_sum),
		TEST(without_beacons_nothing_is_certified),
		TEST(a_fault_the_run_never_came_to_was_not_in_force),
		TEST(a_fault_of_nodes_is_in_force_when_its_agent_has_done_it),
		TEST(what_is_declared_is_believed_where_clients_saw_it),
		TEST(what_nobody_saw_was_not_in_force),
		TEST(a_container_that_came_back_is_told_of),
		TEST(one_that_has_no_part_in_the_fault_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
