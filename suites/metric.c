#include "suites/metric.h"
#include "probes/drivers/driver.h"

#include <assert.h>
#include <string.h>

#define BIT(stat) (1u << (stat))
#define ONE BIT(STAT_VALUE)
#define QUANTILES                                                                                  \
	(BIT(STAT_P50) | BIT(STAT_P90) | BIT(STAT_P95) | BIT(STAT_P99) | BIT(STAT_P999) |          \
		BIT(STAT_MAX) | BIT(STAT_MIN) | BIT(STAT_MEAN) | BIT(STAT_COUNT))
#define WHERE (TAKES_PHASE | TAKES_REGION)
#define SESSION_TAKES (WHERE | TAKES_GROUP)

/* Sentences that several rows share. */
#define SESSION_COUNTS                                                                              \
	"An operation whose outcome is unknown or failed binds nobody and convicts nobody; the "    \
	"session keeps its obligations across them. Order of two writes is certain only where the " \
	"first returned before the second was called. Sticky and roaming sessions are counted "     \
	"together and listed apart. Phase: the intended start of the convicting read. "

#define FAILOVER_COUNTS                                                                              \
	"Clients outside the cut, while the fault is in force; default class: writes. Zero is the "  \
	"certified in-force instant. A mark that is missing is missing, not zero. Healed before it " \
	"happened: right-censored, which fails where the fault outlasted the bound and is "          \
	"inconclusive otherwise. Resolution: the period of the ticker. "

const struct metric metrics[] = {
	[METRIC_LATENCY] = {.id = METRIC_LATENCY,
		.name = "latency",
		.unit = PARAM_DURATION,
		.stats = QUANTILES,
		.takes = TAKES_CLASS | WHERE | TAKES_GROUP,
		.checker = "latency",
		.help = "how long the clients' operations took, from their intended start",
		.counts =
			"Operations of sessions that were sent. From the intended start to the "
			"return, so a backlog is not hidden. A failed or unknown operation counts "
			"as at least the time-out, so an outage never improves a percentile. Slots "
			"not sent are counted beside it. Phase: intended start. Region: where the "
			"client was."},
	[METRIC_GOODPUT] = {.id = METRIC_GOODPUT,
		.name = "goodput",
		.unit = PARAM_RATE,
		.stats = ONE,
		.takes = TAKES_CLASS | WHERE | TAKES_GROUP,
		.checker = "latency",
		.help = "operations that succeeded, per second",
		.counts = "Session operations with outcome ok whose intended start lies in the "
			  "phase, divided by the length of the phase. Fails and unknowns count "
			  "nothing."},
	[METRIC_AVAILABILITY] = {.id = METRIC_AVAILABILITY,
		.name = "availability",
		.unit = PARAM_SHARE,
		.stats = ONE,
		.takes = TAKES_CLASS | WHERE,
		.checker = "availability",
		.help = "share of the availability ticker's operations that succeeded",
		.counts =
			"Operations of the ticker (one per region, class and 50 ms). Denominator: "
			"all that were called. Fail and unknown count as not available; an answer "
			"after the ticker's limit of 1 s is unknown. Without a region the share is "
			"over all regions together. Phase: call."},
	[METRIC_AVAILABILITY_WINDOW] = {.id = METRIC_AVAILABILITY_WINDOW,
		.name = "availability.window",
		.unit = PARAM_DURATION,
		.stats = ONE | BIT(STAT_COUNT),
		.takes = TAKES_CLASS | WHERE,
		.checker = "availability",
		.help = "the longest window in which no operation succeeded in a region",
		.counts = "Ticker operations, per region and class. A window is a maximal interval "
			  "in which none of at least three succeeded: from the call of the first "
			  "that failed after the last success to the return of the next success. "
			  "Unknown counts as not available. Without a region: the longest of all "
			  "regions. A window that is open when the phase ends is a lower bound. "
			  "Resolution: the ticker's period. count: the number of windows."},
	[METRIC_ERRORS] = {.id = METRIC_ERRORS,
		.name = "errors",
		.unit = PARAM_SHARE,
		.stats = ONE | BIT(STAT_COUNT),
		.takes = TAKES_CLASS | WHERE | TAKES_GROUP,
		.checker = "latency",
		.help = "share of the clients' operations that failed or ended unknown",
		.counts = "Session operations that were sent. Numerator: fail and unknown. "
			  "Denominator: all sent. Slots not sent are in neither. Phase: intended "
			  "start. count: the numerator."},
	[METRIC_READ_YOUR_WRITES] = {.id = METRIC_READ_YOUR_WRITES,
		.name = "read_your_writes.violations",
		.unit = PARAM_COUNT,
		.stats = ONE,
		.takes = SESSION_TAKES,
		.checker = "sessions",
		.wants = WANTS_READS | WANTS_WRITES,
		.help = "reads that returned something older than the session's own write",
		.counts =
			"A read that returns a value certainly older than any ok write of the same "
			"session to that key which returned before the read was called. "
			"Denominator (effective trials): reads whose distance from the session's "
			"own acknowledgement is below the lag measured for that pair of regions or, "
			"where the acknowledgement itself waited, below that wait beyond its way "
			"(as the beacons measured it). " SESSION_COUNTS},
	[METRIC_MONOTONIC_READS] = {.id = METRIC_MONOTONIC_READS,
		.name = "monotonic_reads.violations",
		.unit = PARAM_COUNT,
		.stats = ONE,
		.takes = SESSION_TAKES,
		.checker = "sessions",
		.wants = WANTS_READS | WANTS_WRITES,
		.help = "reads that returned something older than the session had read before",
		.counts =
			"In one session a read of v returns before a second read of the same key is "
			"called, and the second returns a value certainly older than v. "
			"Denominator: pairs of consecutive reads of a key in a session. " SESSION_COUNTS},
	[METRIC_MONOTONIC_WRITES] = {.id = METRIC_MONOTONIC_WRITES,
		.name = "monotonic_writes.violations",
		.unit = PARAM_COUNT,
		.stats = ONE,
		.takes = SESSION_TAKES,
		.checker = "sessions",
		.needs = DRIVER_NAMES_NODE,
		.wants = WANTS_READS | WANTS_WRITES,
		.help = "a session's writes seen in another order than it made them",
		.counts =
			"Two reads of an observer, answered by the same node: the first shows a "
			"session's write, the second, of another key, something certainly older "
			"than what that session had written there before. On one key, or across "
			"nodes, what was seen is a failure of monotonic reads. Denominator: reads at "
			"a node where a write of their key's writer to another key had been seen. " SESSION_COUNTS},
	[METRIC_WRITES_FOLLOW_READS] = {.id = METRIC_WRITES_FOLLOW_READS,
		.name = "writes_follow_reads.violations",
		.unit = PARAM_COUNT,
		.stats = ONE,
		.takes = SESSION_TAKES,
		.checker = "sessions",
		.needs = DRIVER_NAMES_NODE,
		.wants = WANTS_READS | WANTS_WRITES,
		.help = "a write seen without what its session had read before",
		.counts =
			"A session read v and then wrote w; an observer's reads answered by one "
			"node show w and afterwards something certainly older than v. Denominator: "
			"such pairs of reads, of sessions that read anything. " SESSION_COUNTS},
	[METRIC_VISIBILITY] = {.id = METRIC_VISIBILITY,
		.name = "visibility",
		.unit = PARAM_DURATION,
		.stats = QUANTILES,
		.takes = TAKES_PHASE | TAKES_PAIR | TAKES_GROUP,
		.checker = "visibility",
		.wants = WANTS_READS | WANTS_WRITES | WANTS_REGIONS,
		.help = "how long after its acknowledgement a write can be read in another region",
		.counts =
			"Per acknowledged write and ordered pair of regions: after the call of the "
			"last read that missed it, at or before the return of the first that had "
			"it. Fails and unknowns are left out. A write never seen is right-censored, "
			"never dropped. Where the bound lies between the quantiles of the lower and "
			"the upper ends, the probes looked too seldom: inconclusive. Phase: acknowledgement of the write. "
			"What a system reports of itself is something else: PostgreSQL's replay_lag ends "
			"when the primary has heard of the replay, a way back later; lag= of Redis counts "
			"whole seconds since a replica was heard of."},
	[METRIC_STALENESS] = {.id = METRIC_STALENESS,
		.name = "staleness",
		.unit = PARAM_DURATION,
		.stats = QUANTILES,
		.takes = SESSION_TAKES,
		.checker = "staleness",
		.wants = WANTS_READS | WANTS_WRITES,
		.help = "the definite age of what reads returned",
		.counts =
			"Ok reads. Age: call of the read minus return of the first certain, "
			"surviving successor of the value read; 0 where there is none. "
			"Denominator: reads that had a successor young enough to miss; unanswered "
			"reads are reported beside it. Values of lost writes convict nobody. "
			"Phase: call."},
	[METRIC_STALENESS_K] = {.id = METRIC_STALENESS_K,
		.name = "staleness.k",
		.unit = PARAM_COUNT,
		.stats = QUANTILES,
		.takes = SESSION_TAKES,
		.checker = "staleness",
		.wants = WANTS_READS | WANTS_WRITES,
		.help = "by how many versions reads were behind",
		.counts =
			"Ok reads. k: the certain, surviving successors of the value read that were "
			"acknowledged before the read was called; 0 where there is none. "
			"Denominator: reads of keys with an acknowledged write before them; "
			"unanswered reads are reported beside it. Values of lost writes convict "
			"nobody. Phase: intended start."},
	[METRIC_STALE_UNFLAGGED] = {.id = METRIC_STALE_UNFLAGGED,
		.name = "stale_reads.unflagged",
		.unit = PARAM_COUNT,
		.stats = ONE,
		.takes = SESSION_TAKES,
		.checker = "staleness",
		.wants = WANTS_READS | WANTS_WRITES,
		.help = "reads older than the group's stale-after that the answer did not own up to",
		.counts =
			"Ok reads whose definite age is above stale-after and whose answer neither "
			"claims an age at or above it nor carries a stale mark. Denominator: ok "
			"reads that had a successor older than stale-after to miss. Phase: call."},
	[METRIC_STALE_FALSE] = {.id = METRIC_STALE_FALSE,
		.name = "stale_flags.false",
		.unit = PARAM_COUNT,
		.stats = ONE,
		.takes = SESSION_TAKES,
		.checker = "staleness",
		.needs = DRIVER_AGE,
		.wants = WANTS_READS | WANTS_WRITES,
		.help = "flags that claim less than the definite age, or mark fresh data",
		.counts =
			"False where a read is older than stale-after and claims less than its "
			"definite age, and where it claims stale-after or more (a stale mark counts "
			"as stale-after) although its value was written later than that. A generous "
			"bound on data that happened not to change is no lie; while a fault is in "
			"force and 10 s after it fresh data is not judged. Denominator: ok reads "
			"whose answer claims an age where who did not have some write would be older "
			"than stale-after, or claims stale-after or more. Phase: intended start."},
	[METRIC_WRITES_LOST] = {.id = METRIC_WRITES_LOST,
		.name = "writes.lost",
		.unit = PARAM_COUNT,
		.stats = ONE,
		.takes = TAKES_PHASE | TAKES_REGION | TAKES_GROUP,
		.checker = "loss",
		.needs_quiet = 1,
		.wants = WANTS_LEDGER,
		.help = "acknowledged writes that no region can read after convergence",
		.counts =
			"Ok writes of ledger keys (written once). Lost: absent in every region's "
			"read-back of the last quiet phase. Denominator: ok ledger writes that were "
			"read back in every region. Fails never count; unknown writes are never "
			"loss. Phase: acknowledgement. Region: where the client was."},
	[METRIC_WRITES_MISSING] = {.id = METRIC_WRITES_MISSING,
		.name = "writes.missing",
		.unit = PARAM_COUNT,
		.stats = ONE,
		.takes = TAKES_PHASE | TAKES_REGION | TAKES_GROUP,
		.checker = "loss",
		.needs_quiet = 1,
		.wants = WANTS_LEDGER,
		.help = "acknowledged writes that some regions can read and others cannot",
		.counts =
			"Ok writes of ledger keys that at least one region's final read-back has "
			"and at least one answers as absent. Denominator as for writes.lost. Phase: "
			"acknowledgement."},
	[METRIC_WRITES_DISCARDED_AFTER_CUT] = {.id = METRIC_WRITES_DISCARDED_AFTER_CUT,
		.name = "writes.discarded_after_cut",
		.unit = PARAM_COUNT,
		.stats = ONE,
		.takes = TAKES_REGION | TAKES_GROUP,
		.checker = "loss",
		.needs_fault = 1,
		.needs_quiet = 1,
		.wants = WANTS_LEDGER,
		.help = "lost writes that were acknowledged after the fault was in force",
		.counts = "The part of writes.lost whose acknowledgement came after the certified "
			  "in-force instant, with the distance of the last one. Denominator: ok "
			  "ledger writes acknowledged while the fault was in force."},
	[METRIC_WRITES_MASKED] = {.id = METRIC_WRITES_MASKED,
		.name = "writes.masked",
		.unit = PARAM_COUNT,
		.stats = ONE,
		.takes = TAKES_PHASE | TAKES_REGION | TAKES_GROUP,
		.checker = "loss",
		.needs_quiet = 1,
		.wants = WANTS_WRITES,
		.help = "acknowledged writes whose loss a later write would hide",
		.counts =
			"Ok writes of register keys followed by another ok or unknown write of the "
			"same key. They lower the evidence and never count as kept. Denominator: "
			"ok register writes."},
	[METRIC_WRITES_VANISHED] = {.id = METRIC_WRITES_VANISHED,
		.name = "writes.vanished",
		.unit = PARAM_COUNT,
		.stats = ONE,
		.takes = TAKES_PHASE | TAKES_REGION | TAKES_GROUP,
		.checker = "loss",
		.needs_quiet = 1,
		.wants = WANTS_LEDGER,
		.help = "writes of unknown outcome that turned out not to have happened",
		.counts = "Unknown writes of ledger keys absent in every region's final read-back. "
			  "Denominator: unknown ledger writes. This is never loss. Phase: call."},
	[METRIC_WRITES_CONFLICT_LOST] = {.id = METRIC_WRITES_CONFLICT_LOST,
		.name = "writes.conflict_lost",
		.unit = PARAM_COUNT,
		.stats = ONE,
		.takes = WHERE | TAKES_GROUP,
		.checker = "conflict",
		.needs_quiet = 1,
		.wants = WANTS_WRITES | WANTS_REGIONS | WANTS_SHARED,
		.help = "acknowledged writes discarded for a concurrent write of another region",
		.counts =
			"Ok writes of register keys that several regions write. Two are concurrent "
			"where neither region could know of the other's: nothing is faster than the "
			"shortest delay of the links, and nothing passes a certified cut. Of each "
			"region the last such write counts. The one that stayed is the final "
			"read-back's, else that of the higher version; where later writes hide it "
			"nobody counts. Denominator: ok writes to such keys; nothing is judged where "
			"no two of them were concurrent. Phase: intended "
			"start. Region: where the client was. This is no loss of a failover "
			"(writes.lost)."},
	[METRIC_VERSION_INVERSIONS] = {.id = METRIC_VERSION_INVERSIONS,
		.name = "version_order.inversions",
		.unit = PARAM_COUNT,
		.stats = ONE,
		.takes = WHERE | TAKES_GROUP,
		.checker = "conflict",
		.needs_quiet = 1,
		.wants = WANTS_WRITES,
		.help = "acknowledged writes that lost to one acknowledged before they were called",
		.counts =
			"Ok writes of register keys, called after another of the key had returned, "
			"that carry a lower version than it, or that are certainly later than what "
			"every region's final read-back agrees on: the store's order contradicts "
			"real time (a clock that is off, versions that start again, an update "
			"dropped). Denominator: ok writes behind another of their key, with "
			"versions or such a read-back. Phase: intended start. Region: where the "
			"client was."},
	[METRIC_RPO_WINDOW] = {.id = METRIC_RPO_WINDOW,
		.name = "rpo.window",
		.unit = PARAM_DURATION,
		.stats = ONE,
		.takes = TAKES_GROUP,
		.checker = "loss",
		.needs_fault = 1,
		.needs_quiet = 1,
		.wants = WANTS_LEDGER,
		.help = "how far before the fault the oldest lost write was acknowledged",
		.counts =
			"In-force instant minus the acknowledgement of the oldest lost ledger "
			"write acknowledged before it; 0 where none of them was lost. Denominator: "
			"ok ledger writes acknowledged before the fault."},
	[METRIC_RESURRECTIONS] = {.id = METRIC_RESURRECTIONS,
		.name = "resurrections",
		.unit = PARAM_COUNT,
		.stats = ONE,
		.takes = SESSION_TAKES,
		.checker = "reads",
		.needs = DRIVER_DELETES,
		.wants = WANTS_READS | WANTS_WRITES | WANTS_DELETES,
		.help = "deleted data that came back",
		.counts =
			"An ok read of a value certainly older than an acknowledged delete of its "
			"key, at a node that had shown the value (or a later one), and then the key "
			"as absent: a copy that lags behind the delete is stale, not resurrected. "
			"Denominator: reads at nodes that had shown the key as gone. Unknown "
			"deletes convict nobody. Phase: intended start."},
	[METRIC_DIRTY_READS] = {.id = METRIC_DIRTY_READS,
		.name = "dirty_reads",
		.unit = PARAM_COUNT,
		.stats = ONE,
		.takes = SESSION_TAKES,
		.checker = "reads",
		.wants = WANTS_READS | WANTS_WRITES,
		.help = "reads of values whose write surely failed",
		.counts =
			"Ok reads that return the value of a write with outcome fail. Unknown "
			"writes may be read. Denominator: ok reads that returned a value, of keys of "
			"which a write had failed by then. Phase: call."},
	[METRIC_THIN_AIR_READS] = {.id = METRIC_THIN_AIR_READS,
		.name = "thin_air_reads",
		.unit = PARAM_COUNT,
		.stats = ONE,
		.takes = SESSION_TAKES,
		.checker = "reads",
		.wants = WANTS_READS | WANTS_WRITES,
		.help = "reads of values that nobody wrote to that key",
		.counts =
			"Ok reads that return a value which no operation of the run wrote to that "
			"key, or whose write was called after the read had returned. Denominator: "
			"ok reads that returned a value. Phase: call."},
	[METRIC_LINEARIZABLE] = {.id = METRIC_LINEARIZABLE,
		.name = "linearizable.violations",
		.unit = PARAM_COUNT,
		.stats = ONE,
		.takes = SESSION_TAKES,
		.checker = "register",
		.wants = WANTS_READS | WANTS_WRITES,
		.help = "places at which a register cannot have been one copy",
		.counts =
			"Pairs of values of one register each of which was surely there before an "
			"operation on the other began: no order of the two fits. All session "
			"operations on register keys, whatever their number; an unknown write "
			"counts only where it was read. Keys with deletes are left out and "
			"counted. Denominator: ok reads of registers, from their first write on. "
			"Phase: the intended start of "
			"the latest of the operations."},
	[METRIC_DELTA] = {.id = METRIC_DELTA,
		.name = "delta",
		.unit = PARAM_DURATION,
		.stats = ONE,
		.takes = SESSION_TAKES,
		.checker = "register",
		.wants = WANTS_READS | WANTS_WRITES,
		.help = "how much earlier reads must be called for registers to be one copy",
		.counts =
			"The smallest duration by which every ok read of a register must be allowed "
			"to start earlier for its history to be linearizable; the worst register "
			"sets it, so one outlier does (see staleness for the distribution). 0: "
			"linearizable. An acknowledged write that was dropped counts for as long as "
			"what was before it is read. Unknown writes, and keys left out, as in "
			"linearizable.violations; reads of failed writes and out of thin air are "
			"left out. Phase, region and group choose the reads that are looked at, "
			"beside all writes. Denominator: those reads, from their register's first "
			"write on. Phase: intended start."},
	[METRIC_FAILOVER_RTO] = {.id = METRIC_FAILOVER_RTO,
		.name = "failover.rto",
		.unit = PARAM_DURATION,
		.stats = ONE,
		.takes = TAKES_CLASS | TAKES_PHASE | TAKES_REGION,
		.checker = "failover",
		.needs_fault = 1,
		.is_bound_of_fault = 1,
		.help = "from the fault to the first success that lasts",
		.counts =
			"To the return of the first success that is sustained: 99 % ok over the "
			"following 3 s. Ticker operations. Its parts: detect, promote and redirect, "
			"or the layers of the scenario (failover.layer) and what is left to the "
			"clients. " FAILOVER_COUNTS},
	[METRIC_FAILOVER_DETECT] = {.id = METRIC_FAILOVER_DETECT,
		.name = "failover.detect",
		.unit = PARAM_DURATION,
		.stats = ONE,
		.takes = TAKES_PHASE | TAKES_REGION,
		.checker = "failover",
		.needs = DRIVER_ROLES,
		.needs_fault = 1,
		.is_bound_of_fault = 1,
		.help = "from the fault to the first sign that the system noticed",
		.counts = "To the first role mark by which a node outside the cut no longer names "
			  "the old primary. " FAILOVER_COUNTS},
	[METRIC_FAILOVER_PROMOTE] = {.id = METRIC_FAILOVER_PROMOTE,
		.name = "failover.promote",
		.unit = PARAM_DURATION,
		.stats = ONE,
		.takes = TAKES_PHASE | TAKES_REGION,
		.checker = "failover",
		.needs = DRIVER_NAMES_NODE,
		.needs_fault = 1,
		.is_bound_of_fault = 1,
		.help = "from the fault to the first write that a new primary accepted",
		.counts = "To the return of the first ok ticker write performed by a node that was "
			  "not primary when the fault came. A role that is only claimed is shown, "
			  "not counted. " FAILOVER_COUNTS},
	[METRIC_FAILOVER_REDIRECT] = {.id = METRIC_FAILOVER_REDIRECT,
		.name = "failover.redirect",
		.unit = PARAM_DURATION,
		.stats = ONE,
		.takes = TAKES_PHASE | TAKES_REGION,
		.checker = "failover",
		.needs = DRIVER_NAMES_NODE,
		.needs_fault = 1,
		.is_bound_of_fault = 1,
		.help = "from the new primary's first write to the first of a session that reached it",
		.counts =
			"From the instant of failover.promote to the return of the first ok write "
			"of a session performed by the new primary. " FAILOVER_COUNTS},
	[METRIC_FAILOVER_FIRST_SUCCESS] = {.id = METRIC_FAILOVER_FIRST_SUCCESS,
		.name = "failover.first_success",
		.unit = PARAM_DURATION,
		.stats = ONE,
		.takes = TAKES_CLASS | TAKES_PHASE | TAKES_REGION,
		.checker = "failover",
		.needs_fault = 1,
		.is_bound_of_fault = 1,
		.help = "from the fault to the first success, lasting or not",
		.counts =
			"To the return of the first ok ticker operation after the outage began; nothing "
			"where no operation failed. " FAILOVER_COUNTS},
	[METRIC_FAILOVER_LAYER] = {.id = METRIC_FAILOVER_LAYER,
		.name = "failover.layer",
		.unit = PARAM_DURATION,
		.stats = ONE,
		.takes = TAKES_PHASE | TAKES_REGION | TAKES_GROUP,
		.checker = "layers",
		.needs_fault = 1,
		.is_bound_of_fault = 1,
		.help = "from the fault until one layer, asked alone, is there again",
		.counts =
			"Of a group with a line layer: its writes, or its reads where it has no "
			"writes. To the return of the first success after which 99 % succeed over "
			"the following 3 s in the same region; 0 where the first one called while "
			"the fault was in force is that. A lookup succeeds where it names a node "
			"that the fault has not struck. The own region's layer counts; where it does "
			"not come back, the first of another region. Not back while the fault was in "
			"force: right-censored. failover.rto has the layers as its parts, in their "
			"order in the scenario, each with what it came later than those before it."},
	[METRIC_FAILBACK_TIME] = {.id = METRIC_FAILBACK_TIME,
		.name = "failback.time",
		.unit = PARAM_DURATION,
		.stats = ONE,
		.takes = TAKES_PHASE,
		.checker = "failback",
		.needs = DRIVER_NAMES_NODE,
		.needs_fault = 1,
		.wants = WANTS_WRITES,
		.help = "from the end of the fault until the old primary performs writes again",
		.counts =
			"Ok writes of sessions and of the ticker, by performing node. From the "
			"certified gone instant to the return of the first write of the node that "
			"was primary before the fault, after which no other node performs a write "
			"for 3 s. Nothing is measured where no other node performed one while the "
			"fault was in force. Not back when the clients stop: right-censored. Phase: "
			"the fault's."},
	[METRIC_SPLIT_BRAIN_WINDOW] = {.id = METRIC_SPLIT_BRAIN_WINDOW,
		.name = "split_brain.window",
		.unit = PARAM_DURATION,
		.stats = ONE,
		.takes = TAKES_PHASE,
		.checker = "split_brain",
		.needs = DRIVER_NAMES_NODE,
		.wants = WANTS_WRITES | WANTS_REGIONS,
		.help = "how long two nodes acknowledged writes that only one may take",
		.counts =
			"Ok writes by performing node, not by the client's region. Begins when node "
			"B's first acknowledgement in a newer term returned, ends with the last "
			"acknowledgement of a node of the older term called after it; 0 where there "
			"is none. Fails and unknowns count nothing. Acknowledgements on each side "
			"and those discarded are listed."},
	[METRIC_CONVERGENCE_TIME] = {.id = METRIC_CONVERGENCE_TIME,
		.name = "convergence.time",
		.unit = PARAM_DURATION,
		.stats = ONE,
		.takes = TAKES_PHASE,
		.checker = "convergence",
		.needs_quiet = 1,
		.wants = WANTS_WRITES | WANTS_REGIONS,
		.help = "how long after the last write all regions read the same",
		.counts =
			"From the end of the last write before the quiet phase to the return of the "
			"last answer that was the first right one at its node, where right is what "
			"the key reads at the end. Needs two equal sweeps in a row over every key in "
			"every region; without them a lower bound. Resolution: one sweep."},
	[METRIC_DIVERGENCE_KEYS] = {.id = METRIC_DIVERGENCE_KEYS,
		.name = "divergence.keys",
		.unit = PARAM_COUNT,
		.stats = ONE,
		.takes = TAKES_PHASE,
		.checker = "convergence",
		.needs_quiet = 1,
		.wants = WANTS_WRITES | WANTS_REGIONS,
		.help = "keys that regions still read differently at the end",
		.counts =
			"Keys with different values in the last complete sweep of the quiet phase. "
			"Denominator: keys that somebody wrote, answered in every region; unanswered "
			"keys are reported "
			"beside it."},
	[METRIC_RECOVERY_TIME] = {.id = METRIC_RECOVERY_TIME,
		.name = "recovery.time",
		.unit = PARAM_DURATION,
		.stats = ONE,
		.takes = TAKES_CLASS | TAKES_REGION,
		.checker = "recovery",
		.needs_fault = 1,
		.help = "from the end of the fault until the system is as fast as before it",
		.counts =
			"From the certified gone instant to the start of the first stretch of 1 s "
			"in which goodput and p99 latency are within 10 % of those of the phase "
			"before the first fault, and stay there for 3 s. Session operations; fails "
			"and unknowns as in goodput and latency. Not recovered by the end: a lower "
			"bound."},
	[METRIC_TAKEOVER_TIME] = {.id = METRIC_TAKEOVER_TIME,
		.name = "takeover.time",
		.unit = PARAM_DURATION,
		.stats = ONE,
		.takes = TAKES_CLASS | TAKES_PHASE | TAKES_REGION | TAKES_GROUP,
		.checker = "recovery",
		.needs_fault = 1,
		.is_bound_of_fault = 1,
		.help = "from the fault until clients are served as before it, while it lasts",
		.counts =
			"From the certified in-force instant to the start of the first stretch of "
			"1 s in which goodput and p99 latency are within 10 % of those of the phase "
			"before the first fault, and stay there for 3 s, all of it while the fault "
			"is in force, and behind the last 3 s that are worse all through (the load of "
			"a takeover comes when DNS has moved it): asked at the region that takes "
			"over, with cold caches and the load of two. Session operations; fails and unknowns as in goodput and "
			"latency. Not as before until the end of the fault: right-censored. Phase: "
			"the fault's. Region: where the client was."},
	[METRIC_RTT] = {.id = METRIC_RTT,
		.name = "rtt",
		.unit = PARAM_DURATION,
		.stats = QUANTILES,
		.takes = TAKES_PHASE | TAKES_PAIR | NEEDS_PAIR,
		.checker = "link",
		.wants = WANTS_REGIONS,
		.help = "round trip between two regions as the beacons measured it",
		.counts =
			"One-way delays of beacons there and back, added by quantile. Lost beacons "
			"are not in it (see loss). Phase: sending."},
	[METRIC_LOSS] = {.id = METRIC_LOSS,
		.name = "loss",
		.unit = PARAM_SHARE,
		.stats = ONE,
		.takes = TAKES_PHASE | TAKES_PAIR | NEEDS_PAIR,
		.checker = "link",
		.wants = WANTS_REGIONS,
		.help = "share of the beacons from one region to another that never arrived",
		.counts =
			"Beacons sent in the phase over the directed pair, both address families. "
			"Numerator: those not received by the end of the run."},
	[METRIC_FALLBACK_SHARE] = {.id = METRIC_FALLBACK_SHARE,
		.name = "fallback.share",
		.unit = PARAM_SHARE,
		.stats = ONE,
		.takes = SESSION_TAKES,
		.checker = "fallback",
		.needs = DRIVER_MIN_VERSION,
		.wants = WANTS_READS,
		.help = "share of reads that paid the trip to the primary",
		.counts =
			"Ok reads of sessions outside the primary's region whose answer says that "
			"the local copy was behind. Denominator: all ok reads there. Phase: call."},
	[METRIC_DNS_SWITCH_TIME] = {.id = METRIC_DNS_SWITCH_TIME,
		.name = "dns.switch_time",
		.unit = PARAM_DURATION,
		.stats = ONE,
		.takes = TAKES_PHASE | TAKES_REGION | TAKES_GROUP,
		.needs = DRIVER_LOOKUPS,
		.needs_fault = 1,
		.is_bound_of_fault = 1,
		.checker = "names",
		.help = "from the fault until a name leads elsewhere",
		.counts =
			"Ok lookups of groups with driver dns. A series is one group in one region; "
			"those count whose last answer before the fault led to what it struck. From "
			"the certified in-force instant to the return of the first other answer, the "
			"slowest series. Not changed while the fault lasted: right-censored. "
			"Resolution: the group's lookups."},
	[METRIC_DNS_RETURN_TIME] = {.id = METRIC_DNS_RETURN_TIME,
		.name = "dns.return_time",
		.unit = PARAM_DURATION,
		.stats = ONE,
		.takes = TAKES_PHASE | TAKES_REGION | TAKES_GROUP,
		.needs = DRIVER_LOOKUPS,
		.needs_fault = 1,
		.checker = "names",
		.help = "from the end of the fault until a name leads back to where it led before",
		.counts =
			"Ok lookups of groups with driver dns. A series is one group in one region; "
			"those count whose last answer before the fault led to what it struck, and "
			"that led elsewhere when it was gone. From the certified gone instant to the "
			"return of the first answer that leads to the node of before, the slowest "
			"series. Not back by the end: right-censored. Resolution: the group's "
			"lookups. Phase: the fault's."},
	[METRIC_DNS_TTL_VIOLATIONS] = {.id = METRIC_DNS_TTL_VIOLATIONS,
		.name = "dns.ttl_violations",
		.unit = PARAM_COUNT,
		.stats = ONE,
		.takes = SESSION_TAKES,
		.needs = DRIVER_LOOKUPS,
		.wants = WANTS_READS,
		.checker = "names",
		.help = "answers of a resolver that the authority's TTL does not allow",
		.counts =
			"Ok lookups of groups with driver dns that are not the authority, in "
			"regions where a group with authority: yes asks too. A violation hands out "
			"more TTL than the authority ever gave, or names a node that the authority, "
			"heard without a gap of 1 s, had not named for its TTL and 1 s before the "
			"call. Denominator: such lookups for which an earlier answer of the same "
			"resolver could by that not be used again. Phase: intended start."},
	[METRIC_DNS_OVERSTAY] = {.id = METRIC_DNS_OVERSTAY,
		.name = "dns.overstay",
		.unit = PARAM_DURATION,
		.stats = ONE,
		.takes = SESSION_TAKES,
		.wants = WANTS_READS,
		.checker = "traffic",
		.help = "how long clients went on with a node that their name no longer led to",
		.counts =
			"Ok operations of groups that go where a name leads, in regions where a "
			"group with driver dns looks the same name up (at the same resolver, where "
			"one does), by the node that performed them as the answer names it. Call "
			"minus the instant at which the last answer that named this node had run "
			"out, minus 1 s for TTLs in whole seconds; the worst of them, 0 where there "
			"is none. A pool of connections that outlives a change of the name. Not "
			"judged: reads that were fetched from the primary, and what was called when "
			"no lookup had been answered for 1 s. Denominator: operations called when "
			"some node that had served these clients, and that no fault then struck, "
			"was one that the name no longer led to. Phase: intended start."},
	[METRIC_NEAREST_SHARE] = {.id = METRIC_NEAREST_SHARE,
		.name = "routing.nearest_share",
		.unit = PARAM_SHARE,
		.stats = ONE,
		.takes = SESSION_TAKES,
		.needs = DRIVER_LOOKUPS,
		.wants = WANTS_READS | WANTS_REGIONS,
		.checker = "names",
		.help = "share of lookups that led to the nearest region",
		.counts =
			"Ok lookups that named a node of the system. Nearest: the region with the "
			"least round trip of the beacons in the phase, the own one with none; within "
			"10 % of it is as near. Denominator: all such lookups; answers that name no "
			"node are noted beside it. Phase: intended start."},
	[METRIC_ROUTING_SHARE] = {.id = METRIC_ROUTING_SHARE,
		.name = "routing.share",
		.unit = PARAM_SHARE,
		.stats = ONE,
		.takes = TAKES_CLASS | TAKES_PHASE | TAKES_GROUP | TAKES_PAIR | NEEDS_PAIR,
		.needs = DRIVER_NAMES_NODE,
		.wants = WANTS_REGIONS,
		.checker = "traffic",
		.help = "share of a region's operations that another region performed",
		.counts =
			"Ok operations of clients in the region after from whose answer names the "
			"node that performed them. Numerator: those performed by a node in the "
			"region after to. Phase: intended start."},
	[METRIC_EDGE_AGE] = {.id = METRIC_EDGE_AGE,
		.name = "edge.age",
		.unit = PARAM_DURATION,
		.stats = QUANTILES,
		.takes = SESSION_TAKES,
		.wants = WANTS_READS | WANTS_WRITES,
		.checker = "staleness",
		.help = "the definite age of what an edge served, against its origin",
		.counts =
			"As staleness, of the reads of groups that read from: node: by what is in "
			"the body, whatever the header Age says. Age: call of the read minus return "
			"of the first certain, surviving write of another value. Phase: call."},
	[METRIC_EDGE_UNDERSTATED] = {.id = METRIC_EDGE_UNDERSTATED,
		.name = "edge.age_understated",
		.unit = PARAM_DURATION,
		.stats = QUANTILES,
		.takes = SESSION_TAKES,
		.needs = DRIVER_AGE,
		.wants = WANTS_READS | WANTS_WRITES | WANTS_EDGE,
		.checker = "staleness",
		.help = "by how much the age that an edge claims stays below that of its body",
		.counts =
			"Ok reads of groups that read from: node whose answer claims an age. The "
			"definite age of the body (as edge.age) minus the age claimed; 0 where that "
			"is enough. The header Age is cut off to whole seconds, so an honest edge may "
			"stay below by nearly one. Answers that claim no age are noted beside it; those "
			"about what nobody had written yet are left out. "
			"Phase: call."},
	[METRIC_EDGE_OVERRUNS] = {.id = METRIC_EDGE_OVERRUNS,
		.name = "edge.stale_overruns",
		.unit = PARAM_COUNT,
		.stats = ONE,
		.takes = SESSION_TAKES,
		.wants = WANTS_READS | WANTS_WRITES | WANTS_EDGE | WANTS_WINDOWS,
		.checker = "staleness",
		.help = "bodies that an edge handed out beyond what the origin's Cache-Control allows",
		.counts =
			"Ok reads of groups that read from: node. A violation is a body of a definite "
			"age (as edge.age) above the group's cache: max-age and "
			"stale-while-revalidate, and 1 s, since ages are whole seconds. While a fault "
			"is in force, and 10 s after it, the longer one of stale-while-revalidate and "
			"stale-if-error counts. Denominator: reads that had something that old to "
			"miss. Phase: call."},
	[METRIC_EDGE_REFUSED] = {.id = METRIC_EDGE_REFUSED,
		.name = "edge.stale_refused",
		.unit = PARAM_COUNT,
		.stats = ONE,
		.takes = SESSION_TAKES,
		.needs_fault = 1,
		.wants = WANTS_READS | WANTS_WRITES | WANTS_EDGE | WANTS_WINDOWS,
		.checker = "edge-refused",
		.help = "reads that an edge left unanswered although stale-if-error allowed its copy",
		.counts =
			"Reads of groups that read from: node, called while a fault has cut their "
			"region off from the primary's, which is taken for the origin's, or has struck "
			"its node. A violation ended without an answer, or with a refusal, within "
			"max-age and stale-if-error, less 1 s, of the call of the write whose value "
			"the same edge had last handed out for the key: its copy cannot be older than "
			"that. Denominator: all such reads with such a copy. A key that was purged "
			"since has none. Phase: intended start."},
	[METRIC_EDGE_WAITS] = {.id = METRIC_EDGE_WAITS,
		.name = "edge.waits",
		.unit = PARAM_SHARE,
		.stats = ONE | BIT(STAT_COUNT),
		.takes = SESSION_TAKES,
		.wants = WANTS_READS | WANTS_REGIONS | WANTS_EDGE | WANTS_WINDOWS,
		.checker = "edge-waits",
		.help = "share of an edge's reads that waited for the origin within stale-while-revalidate",
		.counts =
			"Ok reads of groups that read from: node outside the primary's region, of "
			"keys that the same edge had handed out at most stale-while-revalidate before "
			"and that were not purged since. Numerator: those that took as long as 0.9 of "
			"the beacons' least round trip to the primary's region. Reads under a fault, "
			"and 10 s after it, are left out. Phase: intended start. count: the numerator."},
	[METRIC_EDGE_MISSES] = {.id = METRIC_EDGE_MISSES,
		.name = "edge.misses",
		.unit = PARAM_SHARE,
		.stats = ONE | BIT(STAT_COUNT),
		.takes = SESSION_TAKES,
		.needs = DRIVER_HITS,
		.wants = WANTS_READS,
		.checker = "edge-misses",
		.help = "share of reads for which an edge says that it had no copy",
		.counts =
			"Ok reads of sessions whose answer says whether the edge that was asked had a "
			"copy (driver http: answer.hit). Numerator: those for which it had none. What "
			"the edge says is taken for true. Phase: call. count: the numerator."},
	[METRIC_EDGE_PURGE_LAG] = {.id = METRIC_EDGE_PURGE_LAG,
		.name = "edge.purge_lag",
		.unit = PARAM_DURATION,
		.stats = QUANTILES,
		.takes = SESSION_TAKES,
		.wants = WANTS_READS | WANTS_WRITES | WANTS_EDGE | WANTS_PURGE,
		.checker = "purge",
		.help = "from a purge until an edge hands out a fresh body",
		.counts =
			"Purges of the timeline, one for each register of the group in each region, "
			"of which the edge's copy was stale: older than the last write acknowledged "
			"before the purge. From the end of the request: at least to the call of the "
			"last stale read, at most to the return of the first fresh one. Refused "
			"purges count and are noted, unanswered ones are noted only. Not fresh by "
			"the next purge, or the end: right-censored. Resolution: the reads. Phase: "
			"call of the purge. Region: the edge's."},
};
static_assert(sizeof(metrics) / sizeof(*metrics) == METRICS, "a row per metric");

const struct metric *metric_find(const char *name)
{
	for (int i = 0; i < METRICS; i++) {
		if (!strcmp(metrics[i].name, name))
			return &metrics[i];
	}
	return NULL;
}

const char *metric_stat_name(enum metric_stat stat)
{
	static const char *const names[] = {[STAT_VALUE] = NULL,
		[STAT_P50] = "p50",
		[STAT_P90] = "p90",
		[STAT_P95] = "p95",
		[STAT_P99] = "p99",
		[STAT_P999] = "p99.9",
		[STAT_MAX] = "max",
		[STAT_MIN] = "min",
		[STAT_MEAN] = "mean",
		[STAT_COUNT] = "count",
		[STAT_RATE] = "rate"};

	static_assert(sizeof(names) / sizeof(*names) == STATS, "a name per statistic");
	return names[stat];
}
