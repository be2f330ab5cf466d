#include "suites/inject/inject.h"
#include "chaos/engines/engine.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/log.h"
#include "fixtures/base/param.h"
#include "fixtures/containers/engine_api.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

struct injection {
	const struct inject_options *options;
	const struct engine_ops *ops;
	struct fleet fleet;
	struct guardian guardian;
	struct site sites[ADDR_REGIONS_MAX];
	struct engine *engines[ADDR_REGIONS_MAX];
	int signal_fd;
	char run[96];
};

static void tell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void tell(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	fflush(stdout);
}

static int choose_engine(struct injection *in, struct err *err)
{
	const char *forced = in->options->engine;
	struct engine_rule all = {.impairment = in->options->impairment};
	struct engine_needs needs = {
		.impairment = in->options->impairment, .rules = &all, .n_rules = 1};

	in->ops = forced ? engine_find(forced) : engine_choose(&needs, NULL, err);
	if (!in->ops && forced)
		return err_exit(err, EXIT_USAGE, "there is no engine '%s'", forced);
	if (!in->ops || (forced && engine_can(in->ops, &needs, err))) {
		err->code = EXIT_MACHINE;
		return -1;
	}
	return 0;
}

static int open_signals(struct injection *in, struct err *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN); /* of a terminal that is gone */
	in->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return in->signal_fd < 0 ? err_sys(err, "cannot watch signals") : 0;
}

static int guard(struct injection *in, struct err *err)
{
	struct tm tm;
	time_t now = time(NULL);
	char when[32];

	gmtime_r(&now, &tm);
	strftime(when, sizeof(when), "%Y%m%dT%H%M%S", &tm);
	snprintf(in->run, sizeof(in->run), "%s-inject-%d", when, (int)getpid());
	if (guardian_start(&in->guardian, in->run, "", "", err))
		return -1;
	return fleet_guard(&in->fleet, &in->guardian, in->run, err);
}

static int build(struct injection *in, struct err *err)
{
	unsigned n = in->options->n_regions;

	for (unsigned r = 0; r < n; r++) {
		struct site_ground ground;

		if (fleet_ground(&in->fleet, r, &ground, err) ||
			site_up_on(&in->sites[r], r, n, &ground, err))
			return -1;
		in->engines[r] = in->ops->open(&in->sites[r], clock_now_ns(), err);
		if (!in->engines[r])
			return -1;
	}
	return fleet_attach(&in->fleet, err);
}

/* Every link from a region to the others. */
static int impair(struct injection *in, const struct impairment *impairment, struct err *err)
{
	unsigned n = in->options->n_regions;
	int rc = 0;

	for (unsigned r = 0; r < n; r++) {
		struct engine_change changes[ADDR_REGIONS_MAX];
		struct engine_ack ack;
		unsigned k = 0;

		for (unsigned to = 0; to < n; to++) {
			if (to != r)
				changes[k++] =
					(struct engine_change){.to = to, .impairment = *impairment};
		}
		if (in->engines[r])
			rc |= in->ops->apply(in->engines[r], changes, k, 0, &ack, err);
	}
	return rc ? -1 : 0;
}

static void on_change(void *arg, const struct fleet_member *member, enum fleet_change change)
{
	struct injection *in = arg;

	tell("%s of %s %s\n", member->container.name, in->fleet.regions[member->region],
		change == FLEET_GONE ? "is gone; until it is back nothing is impaired on it"
				     : "is back and attached again");
}

/* A new MAC needs its filters, which an engine lays when it is told something. */
static int follow(struct injection *in, struct err *err)
{
	return fleet_follow(&in->fleet, on_change, in, err) ||
			impair(in, &in->options->impairment, err)
		? -1
		: 0;
}

/* 0: its time is over; a signal's exit code; -1: it cannot go on. */
static int wait_end(struct injection *in, struct err *err)
{
	uint64_t end = clock_now_ns() + in->options->for_ns;

	for (;;) {
		struct pollfd p[] = {{in->signal_fd, POLLIN, 0}, {in->guardian.fd, POLLIN, 0},
			{in->fleet.watch_fd, POLLIN, 0}};
		uint64_t now = clock_now_ns();
		struct signalfd_siginfo info;

		if (now >= end)
			return 0;
		poll(p, 3, (int)((end - now) / NSEC_PER_MSEC % 3600000 + 1));
		if (p[1].revents)
			return err_exit(err, EXIT_INTERNAL,
				"the guardian died: nothing is left in force unguarded");
		if (p[0].revents && read(in->signal_fd, &info, sizeof(info)) == sizeof(info))
			return info.ssi_signo == SIGINT ? EXIT_SIGINT : EXIT_SIGTERM;
		if (p[2].revents && follow(in, err))
			return -1;
	}
}

/* Frames that are delayed now still arrive. */
static void drain(const struct impairment *was)
{
	uint64_t longest = was->cut ? 0 : was->delay_ns + 4 * was->jitter_ns;

	clock_sleep_until_ns(clock_now_ns() + longest + 20 * NSEC_PER_MSEC);
}

/* Returns how much is left. */
static unsigned undo(struct injection *in, struct err *err)
{
	static const struct impairment neutral;
	unsigned left;
	struct err ignored;

	if (in->fleet.book) {
		if (impair(in, &neutral, &ignored))
			log_warn("%s", ignored.text);
		else
			drain(&in->options->impairment);
	}
	left = fleet_detach(&in->fleet, err);
	for (unsigned r = 0; r < in->options->n_regions; r++) {
		if (in->engines[r])
			in->ops->close(in->engines[r]);
		site_release(&in->sites[r]);
	}
	if (!left)
		left = fleet_raze(&in->fleet, err);
	if (!left)
		guardian_done(&in->guardian);
	guardian_release(&in->guardian);
	return left;
}

static void tell_force(const struct injection *in)
{
	struct buf text = {0};

	impairment_print(&text, &in->options->impairment);
	buf_puts(&text, " between ");
	for (unsigned r = 0; r < in->options->n_regions; r++)
		buf_printf(&text, "%s%s", r ? ", " : "", in->options->regions[r]);
	buf_puts(&text, " for ");
	param_print(&text, PARAM_DURATION, in->options->for_ns);
	tell("%s: %zu containers on network %s (%s), engine %s\nin force: %s\n", in->run,
		in->fleet.n, in->fleet.network, engine_api_name(in->fleet.api), in->ops->name,
		buf_str(&text));
	buf_release(&text);
}

static int inject(struct injection *in, struct err *err)
{
	int code;

	if (choose_engine(in, err) ||
		fleet_select(&in->fleet, &in->options->containers, in->options->regions,
			in->options->n_regions, err) ||
		open_signals(in, err) || guard(in, err) || build(in, err) ||
		impair(in, &in->options->impairment, err))
		return -1;
	tell_force(in);
	code = wait_end(in, err);
	tell("%s\n", code > 0 ? "ended by a signal" : code ? err->text : "its time is over");
	return code;
}

int inject_run(const struct inject_options *options, struct err *err)
{
	struct injection in = {.options = options,
		.fleet = FLEET_INIT,
		.guardian = GUARDIAN_INIT,
		.signal_fd = -1};
	struct err why = {0};
	unsigned left, n;
	int code;

	for (unsigned r = 0; r < ADDR_REGIONS_MAX; r++)
		in.sites[r] = (struct site)SITE_INIT;
	code = inject(&in, err);
	n = (unsigned)in.fleet.n;
	left = in.guardian.fd >= 0 ? undo(&in, &why) : 0;
	if (left)
		code = err_exit(err, EXIT_CLEANUP,
			"not everything is as it was: %s; run `regionproof clean`", why.text);
	else if (code >= 0)
		tell("healed: %u containers are back on %s\n", n, in.fleet.bridge.name);
	fleet_release(&in.fleet);
	if (in.signal_fd >= 0)
		close(in.signal_fd);
	return code;
}
