/*
 * verdict: the words of judgement, and what exit code becomes of them.
 *
 *   pass          the expectation held, on enough evidence
 *   warn          it held, but the line of `warn` was crossed
 *   fail          it did not hold
 *   inconclusive  too little evidence, undecided, stalled: nobody knows
 *   void          a fault it depends on was not in force, or the system never met it
 *   error         the tool could not do its job
 */
#ifndef REPORTS_VERDICT_H
#define REPORTS_VERDICT_H

enum verdict {
	VERDICT_PASS,
	VERDICT_WARN,
	VERDICT_FAIL,
	VERDICT_INCONCLUSIVE,
	VERDICT_VOID,
	VERDICT_ERROR,
	VERDICTS
};

const char *verdict_name(enum verdict verdict);
int verdict_exit(enum verdict verdict);
/* Of two exit codes the one that counts: 6 > 130/143 > 70 > 64 > 3 > 4 > 5 > 7 > 1 > 2 > 0. */
int verdict_worse_exit(int a, int b);

#endif
