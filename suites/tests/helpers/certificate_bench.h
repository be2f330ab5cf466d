/*
 * certificate_bench: a fault in a made-up world of three regions, and what its certificate says.
 *
 * What happens in the world and what was asked are told apart, so that they can differ. Region 0 is the
 * one that faults are about, between ON_NS and OFF_NS; 1 and 2 are each other's control.
 */
#ifndef TESTS_HELPERS_CERTIFICATE_BENCH_H
#define TESTS_HELPERS_CERTIFICATE_BENCH_H

#include "fixtures/base/arena.h"
#include "fixtures/base/clock.h"
#include "suites/certificate.h"
#include "suites/tests/helpers/beacon_world.h"

#define MS NSEC_PER_MSEC
#define ON_NS (2 * NSEC_PER_SEC + 2 * MS) /* between two beacons */
#define OFF_NS (6 * NSEC_PER_SEC + 2 * MS)
#define END_NS (9 * NSEC_PER_SEC)

extern const char *const bench_regions[3];
extern const struct impairment bench_base, bench_cut; /* 40 ms; and everything lost */

struct bench {
	struct arena arena;
	struct world world;
	struct beacons beacons;
	struct captures captures;
	struct stall stall_list[4];
	struct stalls stalls;
	struct noise noise;
	struct certificate_asked links[4];
	struct certificate_control controls[2];
	struct certificate_input input;
	struct certificate out;
};

/* Setup and teardown of a cmocka test. */
int bench_up(void **state);
int bench_down(void **state);
/* All links at their normal delay, from the beginning. */
void bench_start_neutral(struct bench *b);
/* The world does from -> to what is told, in these families, until off_ns (0: for ever). */
void bench_happens(struct bench *b, unsigned from, unsigned to, const struct impairment *imp,
	unsigned families, uint64_t off_ns);
/* What was asked of from -> to; and of all four links of region 0. */
void bench_ask(struct bench *b, unsigned from, unsigned to, const struct impairment *imp);
void bench_ask_all(struct bench *b, const struct impairment *imp);
/* The world does so on all links that were asked. */
void bench_happens_all(struct bench *b, const struct impairment *imp);
void bench_judge(struct bench *b);
/* Judge; word: in the reason, unless it is certified. */
void bench_expect(struct bench *b, enum certificate_status status, const char *word);

#define bench_test(f) cmocka_unit_test_setup_teardown(f, bench_up, bench_down)

#endif
