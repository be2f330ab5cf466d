/*
 * certificate: was the fault that was asked for the fault that was delivered?
 *
 * A pure function of what was asked, what the engine acknowledged and reads back, and what beacons
 * and captures saw. Read-back and counters decide what was set; beacons judge what it did, with a
 * family-wise error of 10^-6 over all links and phases, so that no certificate cries wolf.
 *
 * All times here are nanoseconds since the run's zero.
 */
#ifndef SUITES_CERTIFICATE_H
#define SUITES_CERTIFICATE_H

#include "chaos/impairment.h"
#include "chaos/match.h"
#include "probes/beacon.h"
#include "probes/capture.h"
#include "suites/proof/noise.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct traffic;

enum certificate_status {
	CERTIFIED,
	CERTIFICATE_NOT_IN_FORCE,
	CERTIFICATE_PARTIAL, /* lifted half-way, one family open, one link open, more hit than asked */
	CERTIFICATE_NO_DATA, /* no beacons there, or the receiver was dead, or too few packets */
	CERTIFICATE_NOT_EXERCISED, /* the system sent nothing over the pair: nothing was tested */
	CERTIFICATE_DECLARED /* somebody else's: claimed, not proven by packets; clients saw it */
};

/* "certified", "not in force", "partial", "no data", "not exercised", "declared" */
const char *certificate_status_name(enum certificate_status status);

/* One directed link of the fault: the whole impairment before, while it is in force, and after. */
struct certificate_asked {
	unsigned from, to;
	struct impairment before, asked, after; /* of beacons */
	/* A fault on some packets: which, and the same of these. NULL: all. */
	const struct match *match;
	struct impairment matched_before, matched_asked, matched_after;
	uint64_t
		before_from_ns; /* since when `before` had held: the end of the change before this */
	uint64_t sent_ns, acked_ns;           /* of the engine, for apply */
	uint64_t undo_sent_ns, undo_acked_ns; /* 0: it was not undone while we watched */
	uint64_t after_to_ns; /* until when `after` held: the next change, or the end */
	bool read_back_equal; /* the engine said that what was asked is set */
	/* Engine counters of this link while the fault was on; has_counters false: none. */
	bool has_counters;
	uint64_t counted_packets, counted_dropped;
};

/* A directed link that no fault touched in that time: it must not move. */
struct certificate_control {
	unsigned from, to;
	struct impairment impairment;
};

struct certificate_input {
	const char *const *regions; /* names */
	const struct certificate_asked *links;
	size_t n_links;
	const struct certificate_control *controls;
	size_t n_controls;
	const struct beacons *beacons;
	const struct captures *captures; /* NULL: whether the system used the links is not asked */
	const struct stalls *stalls;
	const struct noise *noise;
	unsigned n_faults; /* certificates of this run, which share the error of 10^-6 */
};

/* What beacons of one direction and family showed in one stretch of time. */
struct certificate_measure {
	uint64_t sent, lost;              /* packets that count */
	uint64_t tainted;                 /* packets that overlap a stall and do not */
	double loss, loss_low, loss_high; /* interval at 95 %, with the burst model's variance */
	uint64_t p50_ns, p95_ns,
		jitter_ns; /* one-way delay; 0 where nothing arrived. jitter: s.d. */
};

struct certificate_family {
	enum certificate_status status;
	uint64_t in_force_ns, gone_ns; /* 0: never */
	uint64_t resolution_ns;        /* the instants are known to within this */
	uint64_t drain_ns;             /* packets sent before still arrived for so long */
	struct certificate_measure before, during, after;
	const char *why; /* a clause; NULL where certified */
};

enum certificate_exercise { EXERCISE_YES, EXERCISE_NO, EXERCISE_UNKNOWN };

struct certificate_link {
	unsigned from, to;
	struct impairment asked;
	enum certificate_status status;
	struct certificate_family families[BEACON_FAMILIES];
	/* Runs of losses in the beacons of both families as they followed each other on the link. */
	double mean_burst;
	uint64_t n_bursts;
	bool burst_certified; /* enough of them, nothing in between, and as asked */
	/* Packets of the system: between the two before; from -> to while it was in force. Of a fault on
	 * some packets: those, the clients' too, from -> to. */
	enum certificate_exercise exercise;
	uint64_t system_before, system_attempted, system_crossed;
	/* A fault on some packets: what became of them before, while it was in force, after. Over both
	 * families; the slower one's median delay. match NULL: all packets are meant. */
	const struct match *match;
	struct impairment matched_asked;
	struct certificate_matched {
		uint64_t sent, lost, p50_ns;
	} matched[3];
	const char *matched_why; /* where exercise is not YES */
	/* A cut that refuses: packets that had to be answered, and the answers seen at the sender's uplink. */
	uint64_t refusable, refused_by_rst, refused_by_icmp;
	const char *why;
};

struct certificate {
	enum certificate_status status;
	uint64_t in_force_ns, gone_ns; /* on all links; from the first link on no more. 0: never */
	uint64_t resolution_ns, drain_ns, skew_ns; /* the worst of the links; skew: between them */
	uint64_t stalled_ns;                       /* time in force that overlaps a stall */
	const char *why;                           /* a sentence; NULL where certified */
	const char **notes;                        /* further sentences for people */
	size_t n_notes;
	struct certificate_link *links;
	size_t n_links;
	struct traffic *traffic; /* suites/proof/traffic.h: three rows a link, where captured */
	size_t n_traffic;
};

/* Everything in *out lives in the arena. */
void certificate_make(
	struct arena *arena, const struct certificate_input *input, struct certificate *out);

#endif
