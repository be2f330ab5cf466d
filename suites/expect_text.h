/*
 * expect_text: what a verdict says, in words: values with their units, operations of a witness.
 */
#ifndef SUITES_EXPECT_TEXT_H
#define SUITES_EXPECT_TEXT_H

#include "reports/result.h"
#include "suites/judge/checker.h"

/* "11.8 s", "99.3 %", "7", "118 /s". */
const char *expect_text_value(struct arena *arena, enum param_type unit, double value);
/* "< 15 s" */
const char *expect_text_wanted(
	struct arena *arena, enum param_type unit, enum compare compare, double value);
/* What the numbers of a metric are: "ns", "share", "count", "per second". */
const char *expect_text_unit(enum param_type unit);
/* "wrote ledger:318 = v7, acknowledged by us-east/store" */
const char *expect_text_op(
	struct arena *arena, const struct evidence *evidence, const struct op *op);
void expect_text_witness(struct arena *arena, const struct evidence *evidence,
	const struct finding *finding, struct result_witness *out);

#endif
