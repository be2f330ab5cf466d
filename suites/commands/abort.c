/* abort: the controller of a running scenario is asked to heal and to stop. */
#include "chaos/guardian.h"
#include "suites/commands/command.h"

int cmd_abort(const struct args *args, struct err *err)
{
	return guardian_abort(args->n_operands ? args->operands[0] : NULL, err);
}
