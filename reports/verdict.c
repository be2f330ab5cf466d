#include "reports/verdict.h"
#include "fixtures/base/err.h"

#include <assert.h>
#include <stddef.h>

static const struct {
	const char *name;
	int exit;
} rows[] = {
	[VERDICT_PASS] = {"pass", EXIT_OK},
	[VERDICT_WARN] = {"warn", EXIT_OK},
	[VERDICT_FAIL] = {"fail", EXIT_EXPECTATION},
	[VERDICT_INCONCLUSIVE] = {"inconclusive", EXIT_NO_VERDICT},
	[VERDICT_VOID] = {"void", EXIT_NO_VERDICT},
	[VERDICT_ERROR] = {"error", EXIT_INTERNAL},
};
static_assert(sizeof(rows) / sizeof(*rows) == VERDICTS, "a row per verdict");

const char *verdict_name(enum verdict verdict)
{
	return rows[verdict].name;
}

int verdict_exit(enum verdict verdict)
{
	return rows[verdict].exit;
}

/* From worst to best. A code that is not here ranks as an internal error. */
static const int precedence[] = {EXIT_CLEANUP, EXIT_SIGTERM, EXIT_SIGINT, EXIT_INTERNAL, EXIT_USAGE,
	EXIT_SCENARIO, EXIT_MACHINE, EXIT_NOT_STEADY, EXIT_ABORTED, EXIT_EXPECTATION,
	EXIT_NO_VERDICT, EXIT_OK};
#define N_CODES (sizeof(precedence) / sizeof(*precedence))

static size_t rank(int code)
{
	for (size_t i = 0; i < N_CODES; i++) {
		if (precedence[i] == code)
			return i;
	}
	return 3;
}

int verdict_worse_exit(int a, int b)
{
	return rank(a) <= rank(b) ? a : b;
}
