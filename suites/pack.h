/*
 * pack: what a vendor claims of a product, with source and date, and the trials that it takes to say so.
 *
 *   pack: redis-sentinel
 *   version: 1
 *   product: Redis with Sentinel
 *   vendor: redis.io            # the product's own endpoints end with this; else the row says stand-in
 *   stand-in: another system    # that the scenario brings up in its place; or `tested:`, the product itself
 *   scenario: redis-sentinel-cut
 *   trials: 59                  # runs of the scenario; each failover is one trial
 *   claims:
 *     - claim: in words
 *       source: https://...
 *       date: 2026-05
 *       expect: failover.rto < 10s in cut
 *       trials: 59              # fewer do not carry this one (the pack's otherwise)
 *
 * A pack's scenario is its scenario file with the claims in place of what that expects. A row of the table of
 * claims names the system that was tested: the product only where its own endpoint was probed.
 */
#ifndef SUITES_PACK_H
#define SUITES_PACK_H

#include "fixtures/base/arena.h"
#include "suites/plan.h"
#include "suites/scenario/source.h"

#include <stddef.h>
#include <stdint.h>

struct buf;

struct pack_claim {
	const char *claim, *source, *date, *expect;
	uint64_t trials;
};

struct pack {
	const char *name, *about, *product, *vendor, *stand_in, *tested,
		*scenario; /* stand_in or tested is "" */
	uint64_t trials;
	struct pack_claim *claims;
	size_t n_claims;
};

/* Complains about every mistake; what could be read is in *out. */
void pack_read(struct arena *arena, const struct source *source, struct pack *out,
	struct complaints *complaints);
/* The pack of that name in the share's packs/ or the sources' suites/packs/. */
int pack_load(struct arena *arena, const char *share, const char *name, struct pack *out,
	struct err *err);
/* The folder they are in; in the arena. */
const char *pack_folder(struct arena *arena, const char *share);
/* Where its scenario lies: beside the packs. */
const char *pack_scenario_path(struct arena *arena, const struct pack *pack, const char *share);
/* The scenario's text with `expect` and `repeat` of the pack. */
void pack_scenario(const struct pack *pack, const char *scenario, uint64_t trials, struct buf *out);
/* What the rows are about: the product, or "stand-in: ...". */
const char *pack_system(struct arena *arena, const struct pack *pack, const struct plan *plan);

struct trials;
struct result_claim;
/* The table after the trials so far, a row a claim, in the arena. */
const struct result_claim *pack_claims(struct arena *arena, const struct pack *pack,
	const struct trials *trials, const char *system, size_t *n);
/* The exit code that the rows come to. */
int pack_exit(const struct result_claim *claims, size_t n);

#endif
