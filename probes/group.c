#include "probes/group.h"
#include "fixtures/base/rng.h"
#include "probes/drivers/driver.h"

static const char *const target_words[] = {[TARGET_NEAREST] = "nearest",
	[TARGET_PRIMARY] = "primary",
	[TARGET_PRIMARY_START] = "primary@start",
	[TARGET_NODE] = "node",
	[TARGET_NAME] = "name",
	NULL};

#define FIELD(f) offsetof(struct client_group, f)
#define ALL 1000000 /* ppm */

const struct param group_params[] = {
	{.name = "reads.rate",
		.type = PARAM_RATE,
		.fallback = "0/s",
		.offset = FIELD(read_rate_uhz),
		.help = "reads of the whole group, spread evenly over its sessions"},
	{.name = "reads.from",
		.type = PARAM_CHOICE,
		.fallback = "nearest",
		.choices = target_words,
		.offset = FIELD(read_from),
		.help = "node that reads are sent to"},
	{.name = "writes.rate",
		.type = PARAM_RATE,
		.fallback = "0/s",
		.offset = FIELD(write_rate_uhz),
		.help = "writes of the whole group, spread evenly over its sessions"},
	{.name = "writes.to",
		.type = PARAM_CHOICE,
		.fallback = "primary",
		.choices = target_words,
		.offset = FIELD(write_to),
		.help = "node that writes are sent to"},
	{.name = "closed",
		.type = PARAM_BOOL,
		.fallback = "no",
		.offset = FIELD(closed),
		.help = "next operation when the last has ended; rates then give only the mix"},
	{.name = "think",
		.type = PARAM_DURATION,
		.fallback = "0ms",
		.offset = FIELD(think_ns),
		.help = "pause between the operations of a closed loop"},
	{.name = "timeout",
		.type = PARAM_DURATION,
		.fallback = "2s",
		.min = 1000000,
		.offset = FIELD(timeout_ns),
		.help = "an operation without an answer for so long has an unknown outcome"},
	{.name = "stale-after",
		.type = PARAM_DURATION,
		.fallback = "1s",
		.offset = FIELD(stale_after_ns),
		.help = "data older than this must be flagged as stale"},
	{.name = "registers",
		.type = PARAM_COUNT,
		.fallback = "4",
		.min = 1,
		.max = 4096,
		.offset = FIELD(registers),
		.help = "keys that each session overwrites"},
	{.name = "shared",
		.type = PARAM_BOOL,
		.fallback = "no",
		.offset = FIELD(shared),
		.help = "one session of each region together overwrite the same keys, so that writes conflict"},
	{.name = "ledger",
		.type = PARAM_SHARE,
		.fallback = "30%",
		.max = ALL,
		.offset = FIELD(ledger_ppm),
		.help = "share of the writes that go to a new key, read back at the end"},
	{.name = "deletes",
		.type = PARAM_SHARE,
		.fallback = "0%",
		.max = ALL,
		.offset = FIELD(delete_ppm),
		.help = "share of the writes to registers that delete instead"},
	{.name = "probe-after-write",
		.type = PARAM_SHARE,
		.fallback = "10%",
		.max = ALL,
		.offset = FIELD(after_write_ppm),
		.help = "share of the writes to registers after which the key is read, beyond the rate"},
	{.name = "own-reads",
		.type = PARAM_SHARE,
		.fallback = "50%",
		.max = ALL,
		.offset = FIELD(own_read_ppm),
		.help = "share of the reads that go to the session's own keys"},
	{.name = "roam",
		.type = PARAM_SHARE,
		.fallback = "0%",
		.max = ALL,
		.offset = FIELD(roam_ppm),
		.help = "share of the sessions that move between regions"},
	{.name = "roam-every",
		.type = PARAM_DURATION,
		.fallback = "5s",
		.min = 100000000,
		.offset = FIELD(roam_every_ns),
		.help = "how long a roaming session stays in one region"},
	{.name = "demand-version",
		.type = PARAM_BOOL,
		.fallback = "no",
		.offset = FIELD(demand_version),
		.help = "reads demand at least the version of the session's own last write"},
	{.name = "value-size",
		.type = PARAM_SIZE,
		.fallback = "0b",
		.max = 32768,
		.offset = FIELD(value_size),
		.help = "padding behind each written value"},
	{.name = "cache.max-age",
		.type = PARAM_DURATION,
		.fallback = "0s",
		.offset = FIELD(max_age_ns),
		.help = "max-age of the origin's Cache-Control: how long a copy at an edge is fresh"},
	{.name = "cache.stale-while-revalidate",
		.type = PARAM_DURATION,
		.fallback = "0s",
		.offset = FIELD(revalidate_ns),
		.help = "for how long beyond that it may be handed out while it is fetched anew"},
	{.name = "cache.stale-if-error",
		.type = PARAM_DURATION,
		.fallback = "0s",
		.offset = FIELD(if_error_ns),
		.help = "for how long beyond max-age while the origin does not answer"},
	{.name = "node",
		.type = PARAM_STRING,
		.offset = FIELD(node),
		.help = "the recipe's node that `from: node` and `to: node` mean, in the own region"},
	{.name = "lookup",
		.type = PARAM_STRING,
		.offset = FIELD(lookup),
		.help = "the DNS name that `from: name`, `to: name` and the driver dns look up"},
	{.name = "resolver",
		.type = PARAM_STRING,
		.offset = FIELD(resolver),
		.help = "the recipe's node that `from: name` and `to: name` ask, in the own region"},
	{.name = "keep-connection",
		.type = PARAM_DURATION,
		.fallback = "0ms",
		.offset = FIELD(keep_ns),
		.help = "how long a session that follows a name stays with the node it has a connection "
			"to, as a pool does; 0ms: the name is followed at each operation"},
	{.name = "layer",
		.type = PARAM_STRING,
		.offset = FIELD(layer),
		.help = "what this group asks alone, such as database or DNS: a part of failover.rto"},
	PARAM_END,
};

unsigned group_home(const struct client_group *group, uint32_t i)
{
	return group->regions[i / group->sessions_per_region];
}

uint32_t group_sessions(const struct client_group *group)
{
	return group->n_regions * group->sessions_per_region;
}

uint32_t group_writers(const struct client_group *group)
{
	return group->shared ? group->sessions_per_region : group_sessions(group);
}

/* The roaming ones are spread evenly over the sessions, with the seed turning the circle, and a
 * share above zero gives at least one: drawing each by lot would often give none of six. */
bool group_roams(const struct client_group *group, uint32_t i, uint64_t seed)
{
	uint64_t n = group_sessions(group), at;
	uint64_t roaming = (n * group->roam_ppm + ALL - 1) / ALL;

	if (group->n_regions < 2 || !roaming)
		return false;
	at = (i + rng_derive(seed, "roam") % n) % n;
	return (at + 1) * roaming / n > at * roaming / n;
}

/* Each moves at instants of its own, so that not all arrive at once. */
unsigned group_region_at(
	const struct client_group *group, uint32_t i, uint64_t seed, uint64_t at_ns)
{
	uint64_t home = i / group->sessions_per_region, phase;

	if (!group_roams(group, i, seed))
		return group_home(group, i);
	phase = rng_at(rng_derive(seed, "roam-phase"), group->first_session, i) %
		group->roam_every_ns;
	return group->regions[(home + (at_ns + phase) / group->roam_every_ns) % group->n_regions];
}

unsigned group_can(const struct client_group *group)
{
	return group->driver ? driver_can(group->driver, group->driver_options) : 0;
}

bool group_looks_up(const struct client_group *group)
{
	return group_can(group) & DRIVER_LOOKUPS;
}

bool group_stands_aside(const struct client_group *group)
{
	return group_looks_up(group) || group->layer;
}

size_t group_first_of_data(const struct client_group *groups, size_t n)
{
	size_t i = 0;

	while (i < n && group_stands_aside(&groups[i]))
		i++;
	return i;
}
