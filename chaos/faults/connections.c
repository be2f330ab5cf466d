/*
 * connections: three faults that tell TCP connections apart, by what a network in trouble does.
 *
 *   new-connections   what is connected goes on, whoever connects from now on gets no further: a full table
 *                     of a firewall or load balancer. Pools hide it until a connection is closed
 *   established       connections from before go dead, new ones work: a firewall or NAT that lost its state.
 *                     Who does not notice waits for its own time-out
 *   syn               attempts to connect are dropped, and not their answers: what comes from the other side
 *                     of a one-way fault can still be accepted
 */
#include "chaos/faults/rows.h"

static int cut_connections(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, enum match_connections which, struct fault_effects *out,
	struct err *err)
{
	struct fault_words only = *words;

	if (only.match.connections && only.match.connections != which)
		return err_set(err,
			"the fault's own name says which connections are meant; leave "
			"\"connections\" out");
	only.match.connections = which;
	return fault_partition.effects(arena, topology, &only, out, err);
}

static int new_effects(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, struct fault_effects *out, struct err *err)
{
	return cut_connections(arena, topology, words, MATCH_CONNECTIONS_NEW, out, err);
}

static int established_effects(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, struct fault_effects *out, struct err *err)
{
	return cut_connections(arena, topology, words, MATCH_CONNECTIONS_ESTABLISHED, out, err);
}

static int syn_effects(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, struct fault_effects *out, struct err *err)
{
	return cut_connections(arena, topology, words, MATCH_CONNECTIONS_SYN, out, err);
}

const struct fault_ops fault_new_connections = {
	.name = "new-connections",
	.help = "cut off TCP connections that begin from now on; those from before go on",
	.subject_help = "as for partition",
	.takes_match = 1,
	.takes_reject = 1,
	.effects = new_effects,
};

const struct fault_ops fault_established = {
	.name = "established",
	.help = "cut off TCP connections from before; new ones work (engine wire only)",
	.subject_help = "as for partition",
	.takes_match = 1,
	.takes_reject = 1,
	.effects = established_effects,
};

const struct fault_ops fault_syn = {
	.name = "syn",
	.help = "drop attempts to connect: the SYN, and nothing else",
	.subject_help = "as for partition",
	.takes_match = 1,
	.takes_reject = 1,
	.effects = syn_effects,
};
