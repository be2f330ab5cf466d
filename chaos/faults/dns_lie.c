/*
 * dns-lie: a name server between clients and the truth lies: names do not exist, it fails, it is late,
 * it answers as before, or it leads to another region. Acts on nodes that run name-liar, which passes
 * questions on to a real resolver (recipe geo-dns has one in each region, "teller"): a lie told by
 * somebody else's server would be a fault of ours in its configuration.
 */
#include "chaos/faults/rows.h"
#include "chaos/faults/topology.h"

static int check(const struct fault_topology *topology, const struct fault_words *words,
	struct node_setting *setting, struct err *err)
{
	int region = 0;

	if ((setting->answer == ORDER_ELSEWHERE) != (setting->to != NULL))
		return err_set(err, "\"to\" names the region that answer: elsewhere leads to");
	if ((setting->answer == ORDER_SLOW) != (setting->answer_delay_ns != 0))
		return err_set(err,
			"\"answer-delay\" goes with answer: slow, such as "
			"answer-delay: 800ms");
	if (setting->answer == ORDER_TRUE)
		return err_set(
			err, "say what it answers: nxdomain, servfail, slow, stale or elsewhere");
	if (setting->to)
		region = topology_region(topology, setting->to, err);
	setting->to_region = region < 0 ? 0 : (uint64_t)region;
	(void)words;
	return region < 0 ? -1 : 0;
}

static int lie_effects(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, struct fault_effects *out, struct err *err)
{
	struct fault_words checked = *words;

	if (check(topology, words, &checked.setting, err))
		return -1;
	return topology_add_nodes(arena, topology, &checked, NODE_LIE, out, err);
}

const struct fault_ops fault_dns_lie = {
	.name = "dns-lie",
	.help = "a name server lies: no such name, failure, late, as before, or to another region",
	.subject_help = "nodes that run name-liar, such as us-east/teller of the recipe geo-dns",
	.on_nodes = 1,
	.lab_only = 1,
	.node_params = dns_lie_params,
	.proof = "the server, asked in its node for the name that clients look up, answered as it "
		 "was told to; of stale answers it says itself that it gives remembered ones",
	.effects = lie_effects,
};
