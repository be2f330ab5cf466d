#include "suites/tests/helpers/judge_world.h"
#include "probes/drivers/dns.h"
#include "probes/drivers/driver.h"
#include "suites/judge/liar.h"

#include <stdlib.h>
#include <string.h>

#define MAX_THINGS 16

static const char *const names[WORLD_REGIONS] = {"us-east", "eu-west", "ap-south"};

void jw_init(struct judge_world *world)
{
	struct plan *plan = &world->plan;

	memset(world, 0, sizeof(*world));
	plan->n_regions = plan->n_nodes = plan->n_endpoints = WORLD_REGIONS;
	plan->regions = arena_array(&world->arena, WORLD_REGIONS, sizeof(*plan->regions));
	plan->nodes = arena_array(&world->arena, WORLD_REGIONS, sizeof(*plan->nodes));
	plan->endpoints = arena_array(&world->arena, WORLD_REGIONS, sizeof(*plan->endpoints));
	plan->groups = arena_array(&world->arena, PLAN_GROUPS_MAX, sizeof(*plan->groups));
	plan->phases = arena_array(&world->arena, MAX_THINGS, sizeof(*plan->phases));
	plan->faults = arena_array(&world->arena, MAX_THINGS, sizeof(*plan->faults));
	plan->n_groups = 1;
	for (unsigned r = 0; r < WORLD_REGIONS; r++) {
		plan->regions[r].name = names[r];
		plan->regions[r].primary = r == 0;
		plan->nodes[r].region = r;
		plan->nodes[r].spec.name = arena_printf(&world->arena, "%s/store", names[r]);
		plan->endpoints[r] = (struct endpoint){
			.name = plan->nodes[r].spec.name, .region = (uint8_t)r, .node = (uint8_t)r};
		world->regions[r] = (uint8_t)r;
	}
	plan->groups[0] = (struct client_group){.name = "users",
		.regions = world->regions,
		.n_regions = WORLD_REGIONS,
		.sessions_per_region = WORLD_SESSIONS,
		.timeout_ns = 2000 * WORLD_MS,
		.stale_after_ns = 1000 * WORLD_MS};
	world->evidence.plan = plan;
	world->evidence.converged = true;
	world->evidence.phases =
		arena_array(&world->arena, MAX_THINGS, sizeof(struct phase_window));
	world->evidence.faults =
		arena_array(&world->arena, MAX_THINGS, sizeof(struct fault_window));
}

void jw_release(struct judge_world *world)
{
	arena_release(&world->arena);
}

struct client_group *jw_add_group(struct judge_world *world, const char *name)
{
	struct plan *plan = &world->plan;
	struct client_group *group = &plan->groups[plan->n_groups], *before = group - 1;

	plan->n_groups++;
	*group = (struct client_group){.name = name,
		.regions = world->regions,
		.n_regions = WORLD_REGIONS,
		.sessions_per_region = 1,
		.first_session =
			before->first_session + before->sessions_per_region * before->n_regions};
	return group;
}

struct client_group *jw_add_lookups(struct judge_world *world, const char *name, bool authority)
{
	static const struct driver_ops looks_up = {.name = "dns", .can = DRIVER_LOOKUPS};
	static const struct dns_options of_authority = {.authority = 1}, of_resolver;
	struct client_group *group = jw_add_group(world, name);

	group->driver = &looks_up;
	group->driver_options = authority ? &of_authority : &of_resolver;
	group->read_from = TARGET_NODE;
	group->node = name;
	group->lookup = "app.example.test";
	return group;
}

uint64_t jw_value(uint32_t session, uint64_t sequence)
{
	return sequence ? op_value(session + 1, sequence) : 0;
}

uint32_t jw_register(uint32_t number)
{
	return op_key(KEY_REGISTER, number);
}

uint32_t jw_ledger(uint32_t session, uint32_t sequence)
{
	return group_ledger_key(session, sequence);
}

struct op *jw_op(struct judge_world *world, enum op_kind kind, uint32_t session, uint32_t key,
	uint64_t value, double call_ms, double ret_ms)
{
	struct op *op;
	unsigned region = session / WORLD_SESSIONS % WORLD_REGIONS;

	world->evidence.index = NULL;
	op = ARENA_PUSH(&world->arena, world->ops, world->n_ops);
	*op = (struct op){.kind = (uint8_t)kind,
		.state = OP_OK,
		.session = session,
		.key = key,
		.value = value,
		.call_ns = (uint64_t)(call_ms * WORLD_MS),
		.ret_ns = (uint64_t)(ret_ms * WORLD_MS),
		.region = (uint8_t)region,
		.node = (uint8_t)region};
	return op;
}

struct op *jw_write(struct judge_world *world, uint32_t session, uint32_t key, uint64_t sequence,
	double call_ms, double ret_ms)
{
	struct op *op =
		jw_op(world, OP_WRITE, session, key, jw_value(session, sequence), call_ms, ret_ms);

	op->node = 0;
	return op;
}

struct op *jw_read(struct judge_world *world, uint32_t session, uint32_t key, uint32_t writer,
	uint64_t sequence, double call_ms, double ret_ms)
{
	struct op *op =
		jw_op(world, OP_READ, session, key, jw_value(writer, sequence), call_ms, ret_ms);

	op->flags = sequence ? 0 : OP_ABSENT;
	return op;
}

struct op *jw_lookup(
	struct judge_world *world, uint32_t session, unsigned node, unsigned ttl_s, double at_ms)
{
	/* of a key of its own, as in a run */
	struct op *op =
		jw_read(world, session, jw_register(1000 + session), 0, 0, at_ms, at_ms + 1);

	op->region = 0;
	op->node = (uint8_t)node;
	op->age_ms = ttl_s * 1000;
	return op;
}

struct op *jw_read_back_in(
	struct judge_world *world, unsigned region, uint32_t key, uint64_t value, double at_ms)
{
	struct op *op = jw_op(world, OP_READ, 1000 + region, key, value, at_ms, at_ms + 1);

	op->flags = OP_READBACK | (value ? 0 : OP_ABSENT);
	op->region = op->node = (uint8_t)region;
	return op;
}

void jw_read_back(struct judge_world *world, uint32_t key, uint64_t value, double at_ms)
{
	for (unsigned r = 0; r < WORLD_REGIONS; r++)
		jw_read_back_in(world, r, key, value, at_ms);
}

void jw_tick(struct judge_world *world, double from_ms, double to_ms, double lag_ms)
{
	for (unsigned w = 0; w < WORLD_REGIONS; w++) {
		for (double t = from_ms; t < to_ms; t += 50) {
			uint64_t number = (uint64_t)((t - from_ms) / 50) + 1;
			struct op *op = jw_op(world, OP_WRITE, 5000 + w, op_key(KEY_TICKER, w),
				op_value(GROUP_TICKER_WRITER(w), number), t, t + 1);

			op->flags = OP_TICKER | OP_HAS_EPOCH;
			op->epoch = 1;
			op->region = (uint8_t)w;
			op->node = 0;
			for (unsigned r = 0; r < WORLD_REGIONS; r++) {
				uint64_t seen = t + 25 - from_ms < lag_ms + 1
					? 0
					: (uint64_t)((t + 25 - from_ms - lag_ms - 1) / 50) + 1;

				if (r == w)
					continue;
				op = jw_op(world, OP_READ, 5000 + r, op_key(KEY_TICKER, w),
					seen ? op_value(GROUP_TICKER_WRITER(w), seen) : 0, t + 25,
					t + 26);
				op->flags = OP_TICKER;
				op->region = op->node = (uint8_t)r;
			}
		}
	}
}

int jw_phase(struct judge_world *world, const char *name, enum phase_kind kind, double from_ms,
	double to_ms)
{
	size_t p = world->plan.n_phases++;

	world->plan.phases[p] = (struct plan_phase){.name = name, .kind = kind, .fault = -1};
	world->evidence.phases[p] =
		(struct phase_window){.start_ns = (uint64_t)(from_ms * WORLD_MS),
			.end_ns = (uint64_t)(to_ms * WORLD_MS),
			.started = true};
	return (int)p;
}

int jw_fault(struct judge_world *world, const char *name, double from_ms, double to_ms)
{
	int phase = jw_phase(world, name, PHASE_FAULT, from_ms, to_ms);
	size_t f = world->plan.n_faults++;
	struct fault_window *w = &world->evidence.faults[f];
	struct link_effect *links = arena_array(&world->arena, 4, sizeof(*links));

	/* The primary's region is cut from both others, both ways. */
	for (unsigned i = 0; i < 4; i++)
		links[i] = (struct link_effect){.from = i < 2 ? 0 : i - 1,
			.to = i < 2 ? i + 1 : 0,
			.impairment = {.cut = 1}};
	world->plan.phases[phase].fault = world->plan.phases[phase].last_fault = (int)f;
	world->plan.faults[f] =
		(struct plan_fault){.name = name, .effects = {.links = links, .n_links = 4}};
	*w = (struct fault_window){.fault = (int)f,
		.in_force_ns = (uint64_t)(from_ms * WORLD_MS),
		.gone_ns = (uint64_t)(to_ms * WORLD_MS)};
	return phase;
}

int jw_death(struct judge_world *world, const char *name, double from_ms, double to_ms)
{
	static struct node_effect killed = {.node = 0, .action = NODE_KILL};
	int phase = jw_fault(world, name, from_ms, to_ms);

	for (int r = 0; r < WORLD_REGIONS; r++)
		world->plan.nodes[r].endpoint_index = r;
	world->plan.faults[world->plan.n_faults - 1].effects =
		(struct fault_effects){.nodes = &killed, .n_nodes = 1};
	return phase;
}

static int compare_calls(const void *a, const void *b)
{
	const struct op *x = a, *y = b;

	return (x->call_ns > y->call_ns) - (x->call_ns < y->call_ns);
}

void jw_seal(struct judge_world *world)
{
	if (world->evidence.index)
		return;
	if (world->n_ops)
		qsort(world->ops, world->n_ops, sizeof(*world->ops), compare_calls);
	world->evidence.history = (struct history){.ops = world->ops, .n = world->n_ops};
	for (size_t i = 0; i < world->n_ops; i++) {
		if (world->ops[i].ret_ns > world->evidence.end_ns)
			world->evidence.end_ns = world->ops[i].ret_ns;
	}
	world->evidence.index = index_build(&world->arena, &world->evidence, NULL);
	liar_try(&world->evidence);
}

struct question jw_question(enum metric_id metric)
{
	return (struct question){.metric = &metrics[metric],
		.group = -1,
		.phase = -1,
		.region = -1,
		.from = -1,
		.to = -1};
}

struct measurement jw_ask(struct judge_world *world, const struct question *question)
{
	struct measurement m = {.fault = -1};

	jw_seal(world);
	checker_find(question->metric->checker)
		->measure(&world->arena, &world->evidence, question, &m);
	return m;
}

struct measurement jw_measure(struct judge_world *world, enum metric_id metric)
{
	struct question question = jw_question(metric);

	return jw_ask(world, &question);
}

struct plan_expect jw_expectation(enum metric_id metric, enum compare compare, double value)
{
	return (struct plan_expect){.id = metrics[metric].name,
		.metric = &metrics[metric],
		.compare = compare,
		.value = value,
		.group = -1,
		.phase = -1,
		.region = -1,
		.from = -1,
		.to = -1};
}

struct result_expect jw_expect(struct judge_world *world, const struct plan_expect *expect)
{
	struct result_expect out;

	jw_seal(world);
	expect_judge(&world->arena, &world->evidence, expect, &out);
	return out;
}
