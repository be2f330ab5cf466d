#include "suites/agent/armed.h"
#include "fixtures/json/jv.h"

/* How much of a fault a node suffers; the plan is the controller's, so its number is enough. */
static struct node_setting setting_of(const struct plan *plan, int64_t fault, unsigned node)
{
	const struct fault_effects *effects;

	if (fault < 0 || (uint64_t)fault >= plan->n_faults)
		return (struct node_setting){0};
	effects = &plan->faults[fault].effects;
	for (size_t i = 0; i < effects->n_nodes; i++) {
		if (effects->nodes[i].node == node)
			return effects->nodes[i].setting;
	}
	return (struct node_setting){0};
}

static int add_node(
	struct region_change *change, const struct plan *plan, const struct jv *n, struct err *err)
{
	unsigned node = (unsigned)jv_int(jv_at(n, 0), 0), k = change->n_nodes;

	if (k == REGION_NODES_MAX)
		return err_set(
			err, "more than %d nodes of a region change at once", REGION_NODES_MAX);
	change->nodes[k].node = node;
	change->nodes[k].action = (enum node_action)jv_int(jv_at(n, 1), 0);
	change->nodes[k].undo = jv_bool(jv_at(n, 2), false);
	change->nodes[k].setting = setting_of(plan, jv_int(jv_at(n, 3), -1), node);
	change->n_nodes++;
	return 0;
}

int armed_add(struct armed *armed, const struct plan *plan, unsigned region,
	const struct jv *message, struct err *err)
{
	const struct jv *nodes = jv_get(message, "nodes");
	struct armed_change *new;

	if (armed->n == ARMED_MAX)
		return err_set(err, "more than %d changes are armed", ARMED_MAX);
	new = &armed->changes[armed->n];
	*new = (struct armed_change){.id = jv_int(jv_get(message, "id"), -1)};
	new->change.at_ns = (uint64_t)jv_int(jv_get(message, "at_ns"), 0);
	new->change.faults_on = (uint64_t)jv_int(jv_get(message, "faults_on"), 0);
	for (size_t i = 0; plan && i < jv_count(nodes); i++) {
		const struct jv *n = jv_at(nodes, i);
		size_t node = (size_t)jv_int(jv_at(n, 0), 0);

		if (node < plan->n_nodes && plan->nodes[node].region == region &&
			add_node(&new->change, plan, n, err))
			return -1;
	}
	armed->n++;
	return 0;
}

static unsigned earliest(const struct armed *armed)
{
	unsigned first = 0;

	for (unsigned i = 1; i < armed->n; i++) {
		if (armed->changes[i].change.at_ns < armed->changes[first].change.at_ns)
			first = i;
	}
	return first;
}

bool armed_take(struct armed *armed, uint64_t by_ns, struct armed_change *out)
{
	unsigned first = earliest(armed);

	if (armed_next_ns(armed) > by_ns)
		return false;
	*out = armed->changes[first];
	armed->changes[first] = armed->changes[--armed->n];
	return true;
}

uint64_t armed_next_ns(const struct armed *armed)
{
	return armed->n ? armed->changes[earliest(armed)].change.at_ns : UINT64_MAX;
}
