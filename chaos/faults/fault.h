/*
 * fault: what goes wrong between regions or in a node, as data, and the contract of its kinds.
 *
 * A kind is a row: its name in the scenario ("partition"), its parameters, and one hook that turns
 * what the user wrote into effects on directed links or on nodes. Effects are all there is: apply
 * and undo are derived from them (a link goes back to its other impairments, a node is started or
 * thawed again), so users never write an undo and a kind cannot forget one. To add a kind: copy
 * impair.c, add a row to faults.c, add its tests and what beacons must show to suites/certificate.
 */
#ifndef CHAOS_FAULTS_FAULT_H
#define CHAOS_FAULTS_FAULT_H

#include "chaos/faults/node_setting.h"
#include "chaos/faults/stage.h"
#include "chaos/impairment.h"
#include "chaos/match.h"
#include "fixtures/base/arena.h"
#include "fixtures/base/err.h"

#include <stddef.h>
#include <stdint.h>

enum node_action {
	NODE_NONE,
	NODE_KILL,
	NODE_PAUSE,
	NODE_RESTART,
	NODE_UNPLUG,
	NODE_SLOW,
	NODE_FILL,
	NODE_CLOCK,
	NODE_LIE,
	NODE_DRAG
};

/* While the fault is in force, `impairment` is added to what the link has anyway, for the packets that
 * `match` means. */
struct link_effect {
	unsigned from, to;
	struct impairment impairment;
	struct match match;
};

/* KILL: killed, started again when the fault is undone. PAUSE: frozen, thawed. RESTART: stopped
 * orderly and started at once. UNPLUG: its interface goes down, and up again. SLOW, FILL, DRAG, CLOCK, LIE: see
 * slow_cpu.c, disk_full.c, slow_disk.c, clock_offset.c and dns_lie.c; the node is made ready for them from its first start. */
struct node_effect {
	unsigned node; /* global index */
	enum node_action action;
	struct node_setting setting;
};

struct fault_effects {
	struct link_effect *links;
	size_t n_links;
	struct node_effect *nodes;
	size_t n_nodes;
	unsigned *regions; /* that the user says are lost: nothing is done to them */
	size_t n_regions;
};

/* What the hook may look names up in. */
struct fault_topology {
	const char *const *regions;
	size_t n_regions;
	const char *const *nodes; /* "us-east/store" */
	const uint8_t *node_regions;
	size_t n_nodes;
};

enum fault_direction { DIRECTION_BOTH, DIRECTION_OUT, DIRECTION_IN };

/* What the user wrote: the kind's own key, e.g. partition: [us-east] from: [eu-west]. */
struct fault_words {
	const char *const *subject; /* the value(s) of the kind's own key: regions, a link, nodes */
	size_t n_subject;
	const char *const *from; /* optional: the other side; empty: all other regions */
	size_t n_from;
	enum fault_direction direction; /* as seen from the subject */
	struct impairment impairment;   /* of kinds that take link parameters, or `reject` */
	struct match match;             /* of kinds that take it: only these packets */
	struct node_setting setting;    /* of kinds with node_params */
};

struct fault_ops {
	const char *name;
	const char *help;         /* one line */
	const char *subject_help; /* what stands behind the kind's own key */
	int takes_impairment;     /* accepts the rows of impairment_params */
	int takes_match;          /* accepts those of match_params: acts on some packets only */
	int takes_reject;         /* accepts that of fault_cut_params: what it cuts it may refuse */
	int on_nodes;
	const struct param *node_params; /* rows of struct node_setting; NULL: none */
	int lab_only;                    /* acts on what only nodes of our own have */
	int declared;                    /* somebody else makes it: claimed, not proven */
	/* Of a fault on nodes that is tried out where it acts: what was seen for it to count as in
	 * force. NULL: the agent did it, and nothing more is known. */
	const char *proof;
	/* Pure. Effects are put into the arena. -1 with a sentence (no file, no line: the caller's). */
	int (*effects)(struct arena *arena, const struct fault_topology *topology,
		const struct fault_words *words, struct fault_effects *out, struct err *err);
	/* Optional: the fault changes while it lasts; accepts the rows of fault_pattern_params. Then
	 * effects is asked for each stage. See stage.h. */
	int (*stages)(const struct fault_pattern *pattern, size_t n_subject, uint64_t length_ns,
		struct fault_stage *out, struct err *err);
};

/* "reject", into a struct impairment, for kinds that cut and have no other parameter of links. */
extern const struct param fault_cut_params[];

/* The table, NULL-terminated: impair, partition ..., kill, pause, restart. */
extern const struct fault_ops *const faults[];
const struct fault_ops *fault_find(const char *name);

#endif
