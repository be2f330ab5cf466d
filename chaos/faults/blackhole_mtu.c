/*
 * blackhole-mtu: large packets vanish, small ones pass, and nobody says so: a hop with a smaller MTU whose
 * "fragmentation needed" is filtered. Handshakes and small answers work, bulk hangs.
 */
#include "chaos/faults/rows.h"

#define BLACKHOLE_ABOVE 1400 /* bytes; a tunnel in the way takes about 100 of 1500 */

static int blackhole_mtu_effects(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, struct fault_effects *out, struct err *err)
{
	struct fault_words only = *words;

	if (!only.match.size_above)
		only.match.size_above = BLACKHOLE_ABOVE;
	if (only.match.size_below)
		return err_set(
			err, "a black hole of MTU takes what is large; leave size-below out");
	return fault_partition.effects(arena, topology, &only, out, err);
}

const struct fault_ops fault_blackhole_mtu = {
	.name = "blackhole-mtu",
	.help = "large packets vanish, small ones pass, and no ICMP says so",
	.subject_help =
		"as for partition; \"size-above\": the largest IP packet that still passes, default 1400b",
	.takes_match = 1,
	.effects = blackhole_mtu_effects,
};
