/*
 * expect_trial: one expectation while it is judged, in two rooms: the rules in their order
 * (expect_rules.c), and whether there is enough evidence, and of the right kind, for a comparison
 * (expect_evidence.c).
 */
#ifndef SUITES_EXPECT_TRIAL_H
#define SUITES_EXPECT_TRIAL_H

#include "reports/result.h"
#include "suites/judge/checker.h"

struct trial {
	struct arena *arena;
	const struct evidence *evidence; /* indexed */
	const struct plan_expect *expect;
	struct question question;
	struct measurement got;
	struct result_expect *out;
};

/* Ask the metric's checker; untainted: without the operations that overlap a stall. */
void trial_measure(struct trial *trial, bool untainted, struct measurement *out);
/* The order of expect.h: fills verdict, why and what is added to the note. */
void trial_judge(struct trial *trial);

/* Say the verdict. Always true, so that a rule can end with it. */
bool trial_conclude(struct trial *trial, enum verdict verdict, const char *why);
bool trial_holds(enum compare compare, double a, double b);
bool trial_meets(const struct trial *trial, const struct measurement *m);
/* The value is nothing but the findings: one of them, and it cannot be zero. */
bool trial_is_made_of_findings(enum metric_id id);

/* Rule 3, before the comparison: is there anything, was nothing in the way, is it enough? */
bool trial_lacks_evidence(struct trial *trial);
/* Rule 3: would the answer be another one without the operations that overlap a stall? */
bool trial_hangs_on_stalls(struct trial *trial);
/* Rule 3, about the comparison: does it hang on stalls, or on more than the data can say? */
bool trial_cannot_tell(struct trial *trial);
/* Rule 3, where it would fail: what is made of times and outages says nothing of the system while
 * the machine was short of processors. */
bool trial_is_starved(struct trial *trial);
/* Rule 3, where it would pass: would the checker have spoken? */
bool trial_is_deaf(struct trial *trial);

#endif
