/*
 * scenario: what the user intends, as written. Plain data.
 *
 * Everything keeps its place. Nothing is looked up here: names of regions, drivers, faults and
 * phases are words, and values whose rows belong to others (links, clients, drivers, recipes) stay
 * text in `struct scenario_setting`. The plan gives them meaning.
 */
#ifndef SUITES_SCENARIO_SCENARIO_H
#define SUITES_SCENARIO_SCENARIO_H

#include "fixtures/base/arena.h"
#include "suites/metric.h"
#include "suites/plan.h"
#include "suites/scenario/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scenario_word {
	const char *text; /* NULL: not given */
	struct place place;
};

struct scenario_words {
	struct scenario_word *items;
	size_t n;
};

/* One key and its value, for rows that the plan knows; nested keys are dotted ("reads.rate"). */
struct scenario_setting {
	const char *name;
	struct place name_place;
	struct scenario_word value;
};

struct scenario_settings {
	struct scenario_setting *items;
	size_t n;
};

struct scenario_region {
	struct scenario_word name, mtu;
	bool primary;
};

/* `A <-> B` or `A -> B`. */
struct scenario_link {
	struct scenario_word from, to;
	bool both;
	struct scenario_settings settings;
	struct place place;
};

struct scenario_group {
	struct scenario_word name, driver;
	uint64_t sessions_per_region;
	struct scenario_words regions; /* none: all */
	struct scenario_settings settings;
	struct place place;
};

enum entry_kind { ENTRY_WATCH, ENTRY_QUIET, ENTRY_FAULT, ENTRY_ACTION };

/* One line of the timeline. */
struct scenario_entry {
	enum entry_kind kind;
	struct scenario_word name;  /* of the phase or fault; a fault may have none */
	struct scenario_word fault; /* its kind, where the key stands */
	struct scenario_words subject, from, overlaps;
	enum fault_direction direction;
	struct scenario_settings settings;
	enum until_kind until;
	enum action_kind action;
	struct scenario_word what; /* of an action */
	uint64_t at_ns, for_ns;    /* for_ns: `at-most` where until is not a time */
	struct place place;
};

/* One line of `expect:`; words are looked up by the plan. */
struct scenario_expect {
	const struct metric *metric;
	enum metric_stat stat;
	enum compare compare;
	double value;
	struct scenario_word value_word;
	bool has_warn;
	enum compare warn_compare;
	double warn_value;
	struct scenario_word warn_word;
	double confidence;
	struct scenario_word confidence_word;
	struct scenario_word filter, phase, region, from, to;
	bool each_region;
	struct place place;
};

/* One line of `safety: { abort-if: }`. */
struct scenario_abort {
	const char *text;              /* as written */
	struct scenario_expect expect; /* without its time */
	uint64_t for_ns;
};

/* `containers:`; what is not given is NULL. */
struct scenario_containers {
	bool given;
	struct scenario_word runtime, region_label, allow_label, project, service, name, network,
		node, driver, ip;
	uint64_t port;
	struct place place;
};

/* `endpoints:`; an address of each region, "HOST:PORT" or "[IPv6]:PORT". */
struct scenario_address {
	struct scenario_word region, text;
	const char *host;
	uint16_t port;
};

struct scenario_endpoints {
	bool given;
	struct scenario_word driver, node; /* node: what answers call a node, behind "REGION/" */
	uint64_t tls;                      /* 1: yes */
	struct scenario_word ca;           /* a file; else NULL */
	struct scenario_address *addresses;
	size_t n_addresses;
	struct place place;
};

#define SCENARIO_VARIANTS_MAX 64

struct scenario {
	struct scenario_word name;
	const char *about;
	struct scenario_words tags;
	const char **bases; /* files that it extends */
	size_t n_bases;
	struct scenario_words variants; /* of its matrix; none without one */
	struct scenario_word variant;   /* the one that this is */
	bool has_seed;
	uint64_t seed, repeat;

	struct scenario_region *regions;
	size_t n_regions;
	struct scenario_word preset; /* of the links; what `links` has itself goes before it */
	struct scenario_link *links;
	size_t n_links;
	struct scenario_word recipe;
	struct scenario_containers containers;
	struct scenario_endpoints endpoints;
	struct scenario_settings with;
	struct place system_place;
	struct scenario_group *groups;
	size_t n_groups;
	struct scenario_entry *entries;
	size_t n_entries;
	struct place timeline_place;
	struct scenario_expect *expects;
	size_t n_expects;
	struct place expect_place;

	struct plan_evidence evidence;
	struct place evidence_place;
	uint64_t max_duration_ns, converge_limit_ns, steady_ppm;
	struct scenario_abort *aborts;
	size_t n_aborts;
	struct place max_duration_place;
};

/* Where the value of an environment variable comes from: getenv, or a table in a test. */
typedef const char *scenario_env(const char *name);

/*
 * Read one scenario. Complains about everything that can be seen without looking names up; what
 * could be read is in *out even then, so that the plan can find more. variant: of its matrix; where it has one and
 * the variant is not in it, out->variant is left empty.
 */
void scenario_read(struct arena *arena, const struct source *source, scenario_env *env,
	const char *variant, struct scenario *out, struct complaints *complaints);
/* Only the names of its variants; none where that cannot be read. */
void scenario_read_variants(struct arena *arena, const struct source *source, scenario_env *env,
	struct scenario_words *out, struct complaints *complaints);

#endif
