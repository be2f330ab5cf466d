#include "suites/run/run.h"
#include "fixtures/base/log.h"
#include "fixtures/json/jv.h"
#include "suites/record.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct jv *run_tell_prober(const char *type, struct jv **body)
{
	struct jv *message = jv_new_object();

	*body = jv_new_object();
	jv_set(*body, "type", jv_new_string(type));
	jv_set(message, "type", jv_new_string("tell"));
	jv_set(message, "to", jv_new_string("prober"));
	jv_set(message, "body", *body);
	return message;
}

void run_fact(struct run *run, const char *name, const char *fmt, ...)
{
	struct result_fact *fact = ARENA_PUSH(&run->arena, run->facts, run->n_facts);
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fact->name = arena_strdup(&run->arena, name);
	fact->value = arena_strdup(&run->arena, text);
}

static int open_signals(struct run *run, struct err *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	run->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return run->signal_fd < 0 ? err_sys(err, "cannot watch signals") : 0;
}

int run_on_watch(void *arg, unsigned k, struct err *err)
{
	struct run *run = arg;
	struct signalfd_siginfo info;

	if (k == RUN_WATCH_FLEET)
		return run_follow_containers(run, err);
	if (k == RUN_WATCH_PAGE)
		return run_hear_page(run, err);
	if (k == RUN_WATCH_KEY) {
		run_hear_key(run);
		return 0;
	}
	if (k == RUN_WATCH_GUARDIAN)
		return err_exit(err, EXIT_INTERNAL, "the guardian died: nobody runs unguarded");
	if (read(run->signal_fd, &info, sizeof(info)) != sizeof(info))
		return 0;
	run->stop_signal = (int)info.ssi_signo;
	run->evidence.interrupted = true;
	return err_exit(err, run->stop_signal == SIGINT ? EXIT_SIGINT : EXIT_SIGTERM,
		"interrupted by %s", run->stop_signal == SIGINT ? "Ctrl-C" : "a request to end");
}

static void prepare_evidence(struct run *run)
{
	struct evidence *evidence = &run->evidence;
	const struct plan *plan = run->plan;

	evidence->plan = plan;
	evidence->noise_floor_ns = (uint64_t)run->noise_ns;
	evidence->faults = arena_array(&run->arena, plan->n_faults + 1, sizeof(*evidence->faults));
	evidence->phases = arena_array(&run->arena, plan->n_phases + 1, sizeof(*evidence->phases));
	for (size_t f = 0; f < plan->n_faults; f++)
		evidence->faults[f] = (struct fault_window){.fault = (int)f, .agrees = true};
	run->live = arena_array(&run->arena, plan->n_regions, sizeof(*run->live));
	run->ledger = jv_new_array();
	run->vitals = vitals_new(plan);
	run->abort_if = abort_if_new(&run->arena, plan);
	run->primary_seen = -1;
}

/* Would anybody see that a person is waited for? */
static bool waits_for_nobody(const struct run *run)
{
	bool waits = false;

	for (size_t i = 0; i < run->plan->n_actions; i++)
		waits = waits || run->plan->actions[i].kind == ACTION_WAIT;
	return waits && !run->options->live && !isatty(STDIN_FILENO);
}

static int prepare(
	struct run *run, const struct run_options *options, struct err *err, struct buf *errors)
{
	*run = (struct run){.options = options,
		.backbone_fd = -1,
		.signal_fd = -1,
		.store.log_fd = -1,
		.clean = true,
		.guardian = GUARDIAN_INIT,
		.fleet = FLEET_INIT,
		.page = PAGE_INIT,
		.crew.watch = {-1, -1, -1, -1, -1}};
	run->plan = plan_build(&options->plan, true, err, errors);
	if (!run->plan)
		return -1;
	if (waits_for_nobody(run))
		return err_exit(err, EXIT_USAGE,
			"the scenario waits for a person: it needs a terminal, or --live");
	if (run_preflight(run, err))
		return -1;
	if (store_create(&run->store, options->runs, run->plan, err) || open_signals(run, err))
		return -1;
	run->told = log_level();
	log_setup("controller", run->told > LOG_LEVEL_INFO ? run->told : LOG_LEVEL_INFO,
		run->store.log_fd);
	prepare_evidence(run);
	return 0;
}

static void carry_out(struct run *run)
{
	if (!run_open_page(run, &run->err) && !run_up(run, &run->err))
		run_play(run, &run->err);
	run_status_end(run);
	run_down(run);
	run_close_page(run);
}

int run_scenario(struct run *run, const struct run_options *options, struct result *out,
	struct err *err, struct buf *errors)
{
	*out = (struct result){0};
	if (prepare(run, options, err, errors))
		return -1;
	carry_out(run);
	run_judge(run, out);
	return 0;
}

int run_watch(
	struct run *run, const struct run_options *options, struct err *err, struct buf *errors)
{
	if (prepare(run, options, err, errors))
		return -1;
	carry_out(run);
	return 0;
}

void run_release(struct run *run)
{
	record_release(&run->evidence);
	jv_free(run->ledger);
	vitals_free(run->vitals);
	guardian_release(&run->guardian);
	fleet_release(&run->fleet);
	if (run->store.log_fd >= 0) /* nobody may write to what its number becomes */
		log_setup("", run->told, STDERR_FILENO);
	store_release(&run->store);
	plan_free(run->plan);
	if (run->signal_fd >= 0)
		close(run->signal_fd);
	arena_release(&run->arena);
}
