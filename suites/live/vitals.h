/*
 * vitals: how a run does right now, from what probers and beacons tell twice a second.
 *
 * For people who watch and for the conditions that end a run early. Nothing is judged by it. Values are of
 * the last period that a region told of (half a second; of beacons a second, two seconds old); what nobody
 * told of lately is unknown and not zero.
 *
 * The age of what region A reads of region B: A's prober says which of B's ticker writes its last read
 * returned, B's prober which ones were acknowledged and when. The oldest write that the read should have seen
 * and did not is the age. One host has one clock, so the two are compared as they are.
 */
#ifndef SUITES_LIVE_VITALS_H
#define SUITES_LIVE_VITALS_H

#include "suites/metric.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jv;
struct plan;
struct vitals;

/* Longer than this without a word: unknown. */
#define VITALS_LIMIT_NS (UINT64_C(3) * 1000000000)

struct vitals *vitals_new(const struct plan *plan); /* borrowed */
void vitals_free(struct vitals *vitals);
/* A "progress" of a region's prober or beacon; times in it are CLOCK_MONOTONIC, epoch_ns the run's zero. */
void vitals_take_prober(
	struct vitals *vitals, unsigned region, const struct jv *body, uint64_t epoch_ns);
void vitals_take_beacon(struct vitals *vitals, unsigned region, const struct jv *body);

/* What of it a condition may speak about; -1: none of ours. */
enum vital { VITAL_ERRORS, VITAL_LATENCY, VITAL_AVAILABILITY, VITAL_STALENESS, VITALS };
enum vital_class { VITAL_ALL, VITAL_READS, VITAL_WRITES };
/* The value in a region over its last period, in the metric's unit (ns, share); false: nobody knows. */
bool vitals_value(const struct vitals *vitals, enum vital vital, enum vital_class class_,
	unsigned region, double *out);
/* The last period of a region, since the run's zero; false: there was none yet. */
bool vitals_period(
	const struct vitals *vitals, unsigned region, uint64_t *from_ns, uint64_t *to_ns);

/* One directed pair; negative: unknown. */
struct vital_pair {
	double delay_ns, loss, staleness_ns; /* staleness: what `from` reads of `to` */
};
struct vital_pair vitals_pair(
	const struct vitals *vitals, unsigned from, unsigned to, uint64_t now_ns);
/* Operations per second and shares of a region's last period; negative: unknown. */
struct vital_rates {
	double reads, writes, errors, availability, read_p99_ns, write_p99_ns;
};
struct vital_rates vitals_rates(const struct vitals *vitals, unsigned region, uint64_t now_ns);
/* enum node_role of an endpoint and its epoch. */
int vitals_role(const struct vitals *vitals, size_t endpoint, uint32_t *epoch);
/* What people look at: {at_s, regions:[..], pairs:[..], nodes:[..]}; pairs are left out for more than 64 regions. Owned by the caller. */
struct jv *vitals_json(const struct vitals *vitals, uint64_t now_ns);

#endif
