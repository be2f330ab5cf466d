/* clean: for the case that controller, guardian and agents all died at once. */
#include "chaos/clean.h"
#include "fixtures/base/buf.h"
#include "suites/commands/command.h"

int cmd_clean(const struct args *args, struct err *err)
{
	struct buf out = {0};
	unsigned cleaned = 0;
	int failed;

	(void)args;
	failed = clean_all(&out, &cleaned, err);
	if (failed == 0 && cleaned == 0)
		buf_puts(&out, "nothing to clean\n");
	if (failed >= 0 && print_out(&out, err))
		failed = -1;
	buf_release(&out);
	return failed > 0 ? EXIT_CLEANUP : failed;
}
