/* Before anything exists: may this machine run the scenario, by which engine, and how noisy is it? */
#include "suites/run/run.h"
#include "chaos/engines/engine.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/log.h"
#include "suites/run/privilege.h"

#include <stdlib.h>
#include <sys/utsname.h>

#define NOISE_WAKES 100
#define NOISE_WAKE_NS (200 * UINT64_C(1000))

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* How late this machine wakes a sleeper, p99: no delay below it can be told from noise. */
static double measure_noise_ns(void)
{
	uint64_t late[NOISE_WAKES];

	for (int i = 0; i < NOISE_WAKES; i++) {
		uint64_t at = clock_now_ns() + NOISE_WAKE_NS;

		clock_sleep_until_ns(at);
		late[i] = clock_now_ns() - at;
	}
	qsort(late, NOISE_WAKES, sizeof(*late), by_value);
	return (double)late[NOISE_WAKES - 2];
}

/* The smallest delay that a fault of the plan adds to a link; 0: none does. */
static uint64_t smallest_fault_ns(const struct plan *plan)
{
	uint64_t least = 0;

	for (size_t f = 0; f < plan->n_faults; f++) {
		for (size_t i = 0; i < plan->faults[f].effects.n_links; i++) {
			uint64_t ns = plan->faults[f].effects.links[i].impairment.delay_ns;

			if (ns && (!least || ns < least))
				least = ns;
		}
	}
	return least;
}

static int check_noise(struct run *run, struct err *err)
{
	uint64_t fault = smallest_fault_ns(run->plan);

	run->noise_ns = measure_noise_ns();
	run_fact(run, "noise floor", "%.2f ms", run->noise_ns / 1e6);
	if (fault && run->noise_ns > 0.2 * (double)fault)
		return err_exit(err, EXIT_MACHINE,
			"this machine wakes up to %.2f ms late, more than a fifth of the smallest fault "
			"(%.2f ms): nothing could be told from noise",
			run->noise_ns / 1e6, (double)fault / 1e6);
	return 0;
}

static void need(struct impairment *needs, const struct impairment *has)
{
	if (has->duplicate_ppm > needs->duplicate_ppm)
		needs->duplicate_ppm = has->duplicate_ppm;
}

/* What not every kernel's netem can do on one of several links, and the plan asks for. */
static struct impairment impairment_needs(const struct plan *plan)
{
	struct impairment needs = {0};

	for (size_t i = 0; i < plan->n_regions * plan->n_regions; i++)
		need(&needs, &plan->links[i]);
	for (size_t f = 0; f < plan->n_faults; f++) {
		for (size_t i = 0; i < plan->faults[f].effects.n_links; i++)
			need(&needs, &plan->faults[f].effects.links[i].impairment);
	}
	return needs;
}

/* Every effect as a rule: what it does, to which packets. The caller frees them. */
static struct engine_rule *rule_needs(const struct plan *plan, size_t *n)
{
	struct engine_rule *rules = NULL;

	*n = 0;
	for (size_t f = 0; f < plan->n_faults; f++) {
		const struct fault_effects *effects = &plan->faults[f].effects;

		rules = realloc(rules, (*n + effects->n_links + 1) * sizeof(*rules));
		if (!rules)
			abort(); /* see buf.h */
		for (size_t i = 0; i < effects->n_links; i++)
			rules[(*n)++] = (struct engine_rule){
				effects->links[i].match, effects->links[i].impairment};
	}
	return rules;
}

static int choose_engine_for(
	struct run *run, const char *forced, const struct engine_needs *needs, struct err *err)
{
	const struct engine_ops *ops;
	struct buf why = {0};

	if (forced) {
		ops = engine_find(forced);
		if (!ops)
			return err_exit(err, EXIT_USAGE, "there is no engine '%s'", forced);
		if (engine_can(ops, needs, err)) {
			err_prefix(err, "engine %s cannot be used", forced);
			err->code = EXIT_MACHINE;
			return -1;
		}
	} else {
		ops = engine_choose(needs, &why, err);
	}
	if (!ops) {
		buf_release(&why);
		err->code = EXIT_MACHINE;
		return -1;
	}
	run->engine = ops->name;
	run_fact(run, "engine", "%s (%s)", ops->name, forced ? "forced" : "probed");
	if (why.len)
		log_info("engines passed over: %s", why.data);
	buf_release(&why);
	return 0;
}

static int choose_engine(struct run *run, struct err *err)
{
	const char *forced = run->options->engine;
	struct engine_needs needs = {.impairment = impairment_needs(run->plan)};
	struct engine_rule *rules = rule_needs(run->plan, &needs.n_rules);
	int rc;

	needs.rules = rules;
	rc = choose_engine_for(run, forced, &needs, err);
	free(rules);
	return rc;
}

int run_preflight(struct run *run, struct err *err)
{
	struct utsname uts;

	run->privilege = privilege_enter(err);
	if (!run->privilege)
		return -1;
	if (run_find_containers(run, err) || run_find_groups(run, err) ||
		run_find_disks(run, err) || choose_engine(run, err) || check_noise(run, err))
		return -1;
	uname(&uts);
	run_fact(run, "privilege", "%s", run->privilege);
	run_fact(run, "kernel", "%s %s", uts.release, uts.machine);
	run_fact(run, "clock", "one host, +-0");
	if (run->plan->remote)
		run_fact(run, "clients",
			"of all regions on this host: every time includes the way "
			"from here to the endpoint");
	return 0;
}
