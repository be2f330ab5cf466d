/*
 * expect: from measurements to verdicts.
 *
 * The order of the questions, first answer wins:
 *   0. clients that sent fewer packets than they report answers did not ask: inconclusive;
 *   1. a definite violation (a count that must be zero and is not, with an untainted witness) fails,
 *      whatever the certificate says;
 *   2. a fault that the expectation depends on was not in force, or not exercised: void;
 *   3. nothing measured, fewer samples than the evidence demands, a tainted witness, a suspended
 *      machine, a dead prober, a checker that missed its plants, our liar not caught, a claim that the data cannot
 *      carry: inconclusive;
 *   4. the comparison holds: pass (or warn);
 *   5. it does not, it is about times or outages, and the machine was short of processors
 *      (probes/pressure.h): inconclusive; else fail.
 */
#ifndef SUITES_EXPECT_H
#define SUITES_EXPECT_H

#include "reports/result.h"
#include "suites/judge/checker.h"

/* Judge one expectation. Strings of *out live in the arena. */
void expect_judge(struct arena *arena, const struct evidence *evidence,
	const struct plan_expect *expect, struct result_expect *out);
/* All of a run: fills the expectations, faults, phases and findings of a result. */
void expect_judge_run(struct arena *arena, const struct evidence *evidence, struct result *out);

#endif
