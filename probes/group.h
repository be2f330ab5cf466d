/*
 * group: what one group of clients is to do. Plain data, made by the plan, carried out by the
 * probers of all regions the group lives in.
 *
 * Pacing is an open loop: the group's rate is spread evenly, session i of the group starting at
 * i / rate; one operation in flight per session. `closed` gives a loop that waits `think_ns`
 * between operations instead.
 *
 * Sessions are numbered globally: session first_session + i lives in regions[i / per_region] and is
 * the only writer of its register keys, number session * registers .. + registers - 1, and of its
 * ledger keys, session << 18 | sequence (from 0). With `shared`, one session of each region together
 * write the register keys of the first region's: writes of several regions meet there. Its reads are split between its own registers
 * (read-your-writes), those of sessions of other regions (staleness), and reads that follow a write
 * at once (after_write; these come on top of the rate).
 */
#ifndef PROBES_GROUP_H
#define PROBES_GROUP_H

#include "fixtures/base/param.h"
#include "probes/op.h"

#include <stdbool.h>
#include <stdint.h>

enum group_target {
	TARGET_NEAREST, /* the node with the least RTT at the start, own region first on a tie */
	TARGET_PRIMARY, /* the primary as it is now, as the own region's nodes name it */
	TARGET_PRIMARY_START, /* the primary at the start, for ever */
	TARGET_NODE,          /* the own region's node of the name `node`: an edge, a resolver */
	TARGET_NAME, /* the node that `lookup` leads to, as the own region's `resolver` says */
};

struct driver_ops;
struct endpoint;

struct client_group {
	const char *name;
	const struct driver_ops *driver;
	const void *driver_options; /* filled by the driver's rows */
	const uint8_t *regions;     /* where the group lives */
	unsigned n_regions;
	uint32_t sessions_per_region;
	uint32_t first_session;

	uint64_t read_rate_uhz; /* of the whole group, events per million seconds */
	uint64_t write_rate_uhz;
	uint64_t read_from, write_to; /* enum group_target */
	uint64_t closed;              /* 1: closed loop; rates then give only the mix */
	uint64_t think_ns;
	uint64_t timeout_ns;
	uint64_t stale_after_ns;  /* bound beyond which stale data must be flagged */
	uint64_t registers;       /* register keys of each session */
	uint64_t shared;          /* 1: a session of each region writes the same registers */
	uint64_t ledger_ppm;      /* share of writes that go to a new ledger key */
	uint64_t delete_ppm;      /* share of register writes that are deletes */
	uint64_t after_write_ppm; /* share of writes followed by a read of the same key elsewhere */
	uint64_t own_read_ppm;    /* share of plain reads that go to an own register */
	uint64_t roam_ppm;        /* share of sessions that move on to another region */
	uint64_t roam_every_ns;   /* how long such a session stays in one region */
	uint64_t demand_version;  /* 1: reads demand the version of the session's own last write */
	uint64_t value_size;      /* bytes of padding behind a written value */
	const char *node, *resolver; /* of the recipe; NULL: none */
	const char *lookup;          /* a DNS name; NULL: none */
	uint64_t
		keep_ns; /* how long a connection is kept, wherever the name leads; 0: it is asked each time */
	const char *layer; /* what it asks alone of the way to the data; NULL: it goes all of it */
	/* What an origin's Cache-Control allows an edge: max-age, stale-while-revalidate,
	 * stale-if-error. max_age_ns 0: not said. */
	uint64_t max_age_ns, revalidate_ns, if_error_ns;
	const struct endpoint *nodes, *resolvers; /* those of each region of the plan, or NULL */
};

/* Rows of a group in the scenario; nested keys are dotted ("reads.rate"). name, driver, sessions
 * and regions are not rows: the scenario resolves them. */
extern const struct param group_params[];

#define GROUP_LEDGER_BITS 18
#define GROUP_SESSIONS_MAX 4095

static inline uint32_t group_ledger_key(uint32_t session, uint32_t sequence)
{
	return op_key(KEY_LEDGER, session << GROUP_LEDGER_BITS | sequence);
}

static inline uint32_t group_register_key(
	const struct client_group *group, uint32_t session, uint32_t i)
{
	if (group->shared)
		session = group->first_session +
			(session - group->first_session) % group->sessions_per_region;
	return op_key(KEY_REGISTER, (uint32_t)(session * group->registers) + i);
}

/* The writer part of values: sessions use their number + 1, region tickers this. */
#define GROUP_TICKER_WRITER(region) (0xff000u + (region))
/* The session numbers under which a region's ticker and sweeps are recorded; not sessions, since
 * their operations overlap. */
#define GROUP_TICKER_SESSION(region) GROUP_TICKER_WRITER(region)
#define GROUP_SWEEP_SESSION(region) (0xfe000u + (region))
/* The session that lies is writer and session in one. */
#define GROUP_LIAR_SESSION(region) (0xfd000u + (region))
/* Under which purges of its edges are recorded. */
#define GROUP_PURGE_SESSION(region) (0xfc000u + (region))

/* Region in which session i (0 ..) of the group is at an instant since the run's epoch: its home at
 * first, then, for a roaming one, the next of the group's regions every roam_every_ns. */
unsigned group_region_at(
	const struct client_group *group, uint32_t i, uint64_t seed, uint64_t at_ns);
unsigned group_home(const struct client_group *group, uint32_t i);
bool group_roams(const struct client_group *group, uint32_t i, uint64_t seed);
uint32_t group_sessions(const struct client_group *group);
/* Sessions with registers of their own: one region's where they are shared. */
uint32_t group_writers(const struct client_group *group);
/* enum driver_can, with its options. */
unsigned group_can(const struct client_group *group);
/* Does it look names up, and so has no part in the system's data? */
bool group_looks_up(const struct client_group *group);
/* Does it look names up, or ask one layer alone (a standby, say), and so is no client of the system? */
bool group_stands_aside(const struct client_group *group);
/* Index of the first of the groups that is one and works with the data; n: none does. Availability and roles are
 * asked with its driver. */
size_t group_first_of_data(const struct client_group *groups, size_t n);

#endif
