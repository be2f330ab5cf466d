/*
 * evidence: everything a run left behind, in memory: what the checkers are a pure function of.
 *
 * Times are nanoseconds since the run's zero. Bounds of phases are the certified ones: a fault's
 * phase runs from in force to gone.
 */
#ifndef SUITES_JUDGE_EVIDENCE_H
#define SUITES_JUDGE_EVIDENCE_H

#include "probes/beacon.h"
#include "probes/capture.h"
#include "probes/history.h"
#include "probes/marks.h"
#include "probes/pressure.h"
#include "suites/certificate.h"
#include "suites/plan.h"

struct fault_window {
	int fault;         /* index in plan->faults */
	uint64_t asked_ns; /* the timeline's instant */
	uint64_t sent_ns, acked_ns;
	uint64_t in_force_ns, gone_ns; /* certified; 0: never */
	uint64_t undo_sent_ns, undo_acked_ns;
	struct certificate certificate;
	bool until_met;               /* `until: failed-over` ended it */
	bool by_hand;                 /* somebody ended it before its time */
	bool agrees;                  /* every engine reads back what was asked */
	const char *refusal;          /* why not, as the first agent said it; NULL: none did */
	const char *seen, *undo_seen; /* what was measured where it acts, and at its end; NULL */
};

/* A running container of a region went and came back: until it was adopted again no fault lay on its
 * links. */
struct gap {
	unsigned region;
	uint64_t gone_ns, back_ns; /* back 0: not before the end */
	uint64_t passed; /* packets of it to other regions in between; UINT64_MAX: unknown */
	const char *container;
};

/* Actual bounds of plan->phases[i]. */
struct phase_window {
	uint64_t start_ns, end_ns;
	bool started; /* false: the run ended before it */
};

/* One sweep of a quiet phase in one region. */
struct sweep {
	uint32_t id;
	unsigned region;
	uint64_t start_ns, end_ns;
	uint64_t keys, answered;
	char digest[65];
};

enum death_kind { DEATH_PROBER, DEATH_BEACON, DEATH_ENGINE, DEATH_AGENT, DEATH_NODE };

/* Somebody held the run: all that was planned at at_ns or later has moved by so much. */
struct held_time {
	uint64_t at_ns, by_ns;
};

struct index;

/* Something of a region died without being asked to. */
struct death {
	enum death_kind what;
	unsigned region;
	uint64_t at_ns;
};

struct evidence {
	const struct plan *plan;
	struct history history;
	struct marks marks;
	struct beacons beacons;
	struct captures captures;
	struct stalls stalls;        /* of beacon processes, for all of their region */
	struct stalls prober_stalls; /* of probers: taint operations, not beacons */

	struct pressures pressures; /* how short of processors the machine was */

	struct fault_window *faults; /* plan->n_faults */
	struct phase_window *phases; /* plan->n_phases */
	struct sweep *sweeps;
	size_t n_sweeps;
	bool converged;  /* two equal sweeps in a row, every key answered */
	uint64_t end_ns; /* when the run ended */
	uint64_t
		quiet_ns; /* when the last operation before the last quiet phase had ended; 0: none */
	uint64_t noise_floor_ns;
	/* Each host's clock may be off by so much (probes stamp with their own); 0: one host. Verdicts
	 * are definite where they hold whatever the clocks were, else possible. */
	uint64_t clock_error_ns;
	bool suspended; /* the machine slept in between */
	bool interrupted;
	bool aborted;            /* by the scenario's own abort-if, or held and nobody went on */
	struct held_time *holds; /* how the plan was moved, in this order */
	size_t n_holds;
	struct death *deaths;
	size_t n_deaths;
	struct gap *gaps;
	size_t n_gaps;
	/* Packets that the leaf of each region's prober has sent; UINT64_MAX: nobody counted. NULL:
	 * of none. */
	uint64_t *prober_packets;

	/* Of the session that lies (suites/judge/liar.h), filled together with the index. */
	uint64_t lies_told, lies_caught;
	uint64_t lie_occasions; /* its reads that came after two acknowledged writes of its own */

	/* Orders over the history (suites/judge/index.h), made once before it is judged. NULL until
	 * then: expect_judge_run makes it. */
	const struct index *index;
};

#endif
