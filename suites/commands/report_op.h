/* report_op: one operation of a stored run's history, and those on its key around it. */
#ifndef SUITES_COMMANDS_REPORT_OP_H
#define SUITES_COMMANDS_REPORT_OP_H

#include "fixtures/base/err.h"

#include <stdint.h>

struct buf;

/* From dir/record and dir/scenario.yaml; share: folder with the recipes, NULL: where they are found.
 * Names of a system whose recipe is gone cannot be told: that is an error. */
int report_op(
	const char *dir, const char *share, uint64_t number, struct buf *out, struct err *err);

#endif
