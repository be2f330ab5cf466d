/* abort: the controller of a running scenario is asked to heal and to stop. */
#include "chaos/clean.h"
#include "suites/commands/command.h"

#include <stddef.h>

int cmd_abort(const struct args *args, struct err *err)
{
	return clean_abort(args->n_operands ? args->operands[0] : NULL, err);
}
