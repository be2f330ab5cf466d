/* watch: beacons and probes without a timeline, until somebody ends it; what they see is served as metrics. */
#include "fixtures/base/buf.h"
#include "fixtures/base/log.h"
#include "fixtures/base/tree.h"
#include "suites/commands/command.h"
#include "suites/run/run.h"

#include <stdio.h>
#include <stdlib.h>

/* Asked to end is how it ends well. */
static int end_of(const struct run *run, struct err *err)
{
	if (!run->clean)
		return EXIT_CLEANUP;
	if (run->stop_signal)
		return EXIT_OK;
	*err = run->err;
	return -1;
}

int cmd_watch(const struct args *args, struct err *err)
{
	const char *tmp = getenv("TMPDIR");
	char runs[1000];
	struct run_options options = {.plan = {.path = args->operands[0],
					      .share = args->values[OPTION_SHARE],
					      .variant = args->values[OPTION_VARIANT]},
		.engine = args->values[OPTION_ENGINE],
		.progress = !args->values[OPTION_QUIET],
		.watch = true,
		.listen = args->values[OPTION_LISTEN]};
	struct buf errors = {0};
	struct run run;
	struct err late;
	int code = -1;

	log_setup("", args->values[OPTION_VERBOSE] ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARN, -1);
	if (args_port(args, &options.port, err))
		return -1;
	snprintf(runs, sizeof(runs), "%.900s/regionproof-watch.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(runs))
		return err_sys(err, "cannot create %s", runs);
	options.runs = runs;
	if (run_watch(&run, &options, err, &errors))
		fputs(buf_str(&errors), stderr);
	else
		code = end_of(&run, err);
	run_release(&run);
	buf_release(&errors);
	if (tree_remove(runs, &late))
		log_warn("%s", late.text);
	return code;
}
