/*
 * plan_print: the dry run. Everything that a run would change, each with its inverse; instants;
 * limits; and, for each expectation, the smallest effect that so much evidence could show.
 */
#include "fixtures/base/buf.h"
#include "fixtures/net/addr.h"
#include "fixtures/net/site_mtu.h"
#include "suites/plan_parts.h"
#include "suites/judge/stat.h"

#include <math.h>
#include <string.h>

static void put_duration(struct buf *out, uint64_t ns)
{
	param_print(out, PARAM_DURATION, ns);
}

static void put_instant(struct buf *out, uint64_t ns)
{
	buf_printf(out, "  %9.3f s  ", (double)ns / 1e9);
}

static void print_head(const struct plan *plan, struct buf *out)
{
	buf_printf(out, "scenario  %s   %s   seed %llu   %llu %s\n", plan->name, plan->path,
		(unsigned long long)plan->seed, (unsigned long long)plan->repeat,
		plan->repeat == 1 ? "trial" : "trials");
	if (plan->variant)
		buf_printf(out, "variant   %s of %s\n", plan->variant, plan->scenario);
	for (size_t i = 0; i < plan->n_bases; i++)
		buf_printf(out, "extends   %s\n", plan->bases[i]);
	buf_printf(out, "system    %s: %zu nodes in %zu regions\n", plan->recipe_name,
		plan->n_nodes, plan->n_regions);
	if (plan->links_from)
		buf_printf(out, "links     preset %s\n", plan->links_from);
}

static void print_node(const struct plan_node *node, struct buf *out)
{
	struct addr addr = addr_of(node->region, node->host);

	buf_printf(out, "  + %s   %s   %s", node->spec.name, addr.ip4_text, addr.ip6_text);
	if (node->spec.port)
		buf_printf(out, "   port %u", node->spec.port);
	buf_puts(out, node->endpoint ? "\n      " : "   not for clients\n      ");
	for (size_t i = 0; node->spec.argv[i]; i++)
		buf_printf(out,
			strpbrk(node->spec.argv[i], " ") || !*node->spec.argv[i] ? "%s'%s'"
										 : "%s%s",
			i ? " " : "", node->spec.argv[i]);
	buf_puts(out, "\n");
	for (size_t i = 0; i < node->spec.n_files; i++)
		buf_printf(out, "      writes %s into its working directory\n",
			node->spec.file_names[i]);
	buf_puts(out, "      ready within ");
	put_duration(out, node->spec.ready_limit_ns);
	buf_puts(out, "; undone by killing its namespace\n");
}

/* "us-east (primary), MTU 9000" */
static void put_region(struct buf *out, const struct plan_region *region)
{
	buf_printf(out, "%s%s", region->name, region->primary ? " (primary)" : "");
	if (region->mtu != SITE_MTU_USUAL)
		buf_printf(out, ", MTU %u", region->mtu);
}

static void print_containers(const struct plan *plan, struct buf *out)
{
	const struct plan_containers *c = plan->containers;

	buf_printf(out,
		"\nbefore 0 s, on this machine: running containers of %s are adopted\n"
		"  only those that carry %s; the label %s says the region\n",
		c->runtime, c->allow_label, c->region_label);
	if (c->ip)
		buf_printf(out, "  clients speak IPv%u to them\n", c->ip);
	buf_printf(out, "  network %s%s%s%s%s%s%s\n",
		c->network ? c->network : "that all of them share",
		c->project ? ", compose project " : "", c->project ? c->project : "",
		c->service ? ", compose service " : "", c->service ? c->service : "",
		c->name ? ", named " : "", c->name ? c->name : "");
	for (size_t i = 0; i < plan->n_regions; i++)
		buf_printf(out,
			"  + region %s%s: a pinned namespace with a bridge, its port on the runtime's "
			"bridge; undone: both removed\n"
			"  + %s   port %u: its veth moves from the runtime's bridge to that one; undone: "
			"moved back, port settings restored\n",
			plan->regions[i].name, plan->regions[i].primary ? " (primary)" : "",
			plan->nodes[i].spec.name, plan->nodes[i].spec.port);
}

static void print_remote(const struct plan *plan, struct buf *out)
{
	buf_puts(out,
		"\nbefore 0 s: nothing is started and no link is laid; clients speak from this host, "
		"over its own network, to\n");
	for (size_t i = 0; i < plan->n_endpoints; i++)
		buf_printf(out, "  %s%s at %s port %u%s\n", plan->endpoints[i].name,
			plan->regions[plan->endpoints[i].region].primary ? " (primary)" : "",
			plan->endpoints[i].host, plan->endpoints[i].port,
			plan->endpoints[i].tls ? ", TLS" : "");
}

static void print_ground(const struct plan *plan, struct buf *out)
{
	if (plan->remote) {
		print_remote(plan, out);
		return;
	}
	if (plan->containers) {
		print_containers(plan, out);
		return;
	}
	buf_puts(out,
		"\nbefore 0 s, on this machine (nothing of the host's own network is touched)\n");
	buf_puts(out,
		"  + a backbone: one network namespace with a bridge; gone with its process\n");
	for (size_t i = 0; i < plan->n_regions; i++) {
		buf_puts(out, "  + region ");
		put_region(out, &plan->regions[i]);
		buf_printf(out,
			": a namespace with a bridge, 198.18.%zu.0/24, %zu "
			"leaves; gone with its process\n",
			i, plan->n_nodes / plan->n_regions + 2);
	}
	for (size_t i = 0; i < plan->n_nodes; i++)
		print_node(&plan->nodes[i], out);
}

static void print_link(const struct plan *plan, size_t a, size_t b, struct buf *out)
{
	size_t i = a * plan->n_regions + b;

	buf_printf(out, "  %s -> %s   ", plan->regions[a].name, plan->regions[b].name);
	impairment_print(out, &plan->links[i]);
	if (plan->mtus[i] != SITE_MTU_USUAL)
		buf_printf(out, ", MTU %u", plan->mtus[i]);
	buf_puts(out, "\n");
}

static void print_links(const struct plan *plan, struct buf *out)
{
	if (plan->remote)
		return;
	buf_puts(out, "\nlinks, from 0 s to the end; undone: neutral\n");
	for (size_t a = 0; a < plan->n_regions; a++) {
		for (size_t b = 0; b < plan->n_regions; b++) {
			if (a != b)
				print_link(plan, a, b, out);
		}
	}
	if (plan->n_faults)
		buf_printf(out, "  overlapping: %s\n", impairment_add_rule);
}

static void print_group(const struct plan *plan, const struct client_group *group, struct buf *out)
{
	uint32_t n = group->sessions_per_region * group->n_regions;

	buf_printf(out, "  %s   %s   %u sessions, numbers %u to %u, in", group->name,
		group->driver->name, n, group->first_session, group->first_session + n - 1);
	for (unsigned i = 0; i < group->n_regions; i++)
		buf_printf(out, " %s", plan->regions[group->regions[i]].name);
	buf_puts(out, "\n     ");
	for (const struct param *row = group_params; row->name; row++) {
		buf_printf(out, " %s ", row->name);
		param_print_row(out, row, group);
		buf_puts(out, row[1].name ? "," : "\n");
	}
}

static void print_clients(const struct plan *plan, struct buf *out)
{
	buf_puts(out, "\nclients\n");
	for (size_t i = 0; i < plan->n_groups; i++)
		print_group(plan, &plan->groups[i], out);
}

static void print_link_change(const struct plan *plan, unsigned from, unsigned to, uint64_t before,
	uint64_t after, struct buf *out)
{
	struct engine_link a, b;

	plan_link(plan, from, to, before, &a);
	plan_link(plan, from, to, after, &b);
	buf_printf(out, "%15s%s -> %s   ", "", plan->regions[from].name, plan->regions[to].name);
	plan_link_print(out, &a);
	buf_puts(out, "  =>  ");
	plan_link_print(out, &b);
	buf_puts(out, "\n");
}

static void print_node_change(
	const struct plan *plan, const struct node_effect *effect, bool on, struct buf *out)
{
	static const char *const verbs[][2] = {[NODE_NONE] = {"", ""},
		[NODE_KILL] = {"started again", "killed"},
		[NODE_PAUSE] = {"thawed", "frozen"},
		[NODE_RESTART] = {"left as it is", "stopped and started at once"},
		[NODE_UNPLUG] = {"plugged in again", "unplugged: eth0 down"},
		[NODE_SLOW] = {"uncapped", "capped by a quota of its control group"},
		[NODE_FILL] = {"its disk has its size again", "its disk cut to what is in use"},
		[NODE_DRAG] = {"its disk as fast as before", "its disk made slow"},
		[NODE_CLOCK] = {"its clock true again", "its wall clock set wrong"},
		[NODE_LIE] = {"tells the truth again", "lies to who asks it for names"}};

	buf_printf(out, "%15s%s   %s\n", "", plan->nodes[effect->node].spec.name,
		verbs[effect->action][on]);
}

static void print_fault(
	const struct plan *plan, size_t i, bool on, uint64_t *faults_on, struct buf *out)
{
	const struct plan_fault *fault = &plan->faults[i];
	uint64_t before = *faults_on;

	*faults_on ^= UINT64_C(1) << i;
	if (fault->ops->declared) {
		buf_printf(out, "%s %s: %s, by somebody else; nothing is done\n",
			on ? "fault" : "end of", fault->name, fault->text);
		return;
	}
	buf_printf(out, "%s %s: %s", on ? "fault" : "inverse of", fault->name, fault->text);
	if (on && fault->until == UNTIL_FAILED_OVER) {
		buf_puts(out, ", until failed over, at most ");
		put_duration(out, fault->length_ns);
	}
	buf_puts(out, "\n");
	for (size_t k = 0; k < fault->effects.n_links; k++)
		print_link_change(plan, fault->effects.links[k].from, fault->effects.links[k].to,
			before, *faults_on, out);
	for (size_t k = 0; k < fault->effects.n_nodes; k++)
		print_node_change(plan, &fault->effects.nodes[k], on, out);
}

static void print_action(const struct plan_action *action, struct buf *out)
{
	static const char *const verbs[] = {[ACTION_DO] = "do",
		[ACTION_WEBHOOK] = "webhook",
		[ACTION_WAIT] = "wait for a person",
		[ACTION_PURGE] = "purge"};

	if (action->kind == ACTION_PURGE) {
		buf_printf(out,
			"purge %s: the edge of every region is asked to drop its copies of the keys of "
			"%s; it has no inverse\n",
			action->name, action->what);
		return;
	}
	buf_printf(out, "%s %s: %s (at most ", verbs[action->kind], action->name, action->what);
	put_duration(out, action->limit_ns);
	buf_puts(out, "); it has no inverse\n");
}

static void print_step(
	const struct plan *plan, const struct plan_step *step, uint64_t *faults_on, struct buf *out)
{
	put_instant(out, step->at_ns);
	switch (step->kind) {
	case STEP_FAULT_ON:
	case STEP_FAULT_OFF:
		print_fault(plan, (size_t)step->index, step->kind == STEP_FAULT_ON, faults_on, out);
		break;
	case STEP_QUIET:
		buf_printf(out,
			"quiet %s: clients stop; all keys are read in every region until two "
			"sweeps are equal\n",
			plan->phases[step->index].name);
		break;
	case STEP_RESUME:
		buf_printf(out, "clients go on after %s\n", plan->phases[step->index].name);
		break;
	case STEP_ACTION:
		print_action(&plan->actions[step->index], out);
		break;
	case STEP_END:
		buf_puts(out, "end: everything above is taken down and counted\n");
		break;
	}
}

static void print_timeline(const struct plan *plan, struct buf *out)
{
	uint64_t faults_on = 0;

	buf_puts(out, "\ntimeline, 0 s is when all regions are ready\n");
	for (size_t i = 0; i < plan->n_phases; i++) {
		const struct plan_phase *phase = &plan->phases[i];

		if (phase->kind != PHASE_WATCH)
			continue;
		put_instant(out, phase->start_ns);
		buf_printf(
			out, "watch %s until %.3f s\n", phase->name, (double)phase->end_ns / 1e9);
	}
	for (size_t i = 0; i < plan->n_steps; i++)
		print_step(plan, &plan->steps[i], &faults_on, out);
}

static void print_limits(const struct plan *plan, struct buf *out)
{
	double reads, writes;

	buf_puts(out, "\nlimits\n  the timeline lasts ");
	put_duration(out, plan->end_ns);
	buf_puts(out, ", at most ");
	put_duration(out, plan->max_duration_ns);
	buf_puts(out, "; a quiet phase may take ");
	put_duration(out, plan->converge_limit_ns);
	buf_printf(out,
		"\n  before the first fault %.15g%% of operations must succeed in every region\n",
		plan->steady_share * 100);
	if (plan_planned_operations(plan, &reads, &writes))
		buf_printf(out, "  about %.0f reads and %.0f writes", reads, writes);
	else
		buf_puts(out, "  as many operations as a closed loop makes");
	buf_printf(out, "; at least %llu reads and %llu acknowledged writes are demanded\n",
		(unsigned long long)plan->evidence.min_reads,
		(unsigned long long)plan->evidence.min_acked_writes);
	for (size_t i = 0; i < plan->n_aborts; i++)
		buf_printf(out, "  heals and ends at once where %s\n", plan->aborts[i].text);
}

/* Where a line asks for none. */
#define CONFIDENCE 0.95

static double quantile_of(enum metric_stat stat)
{
	static const double shares[STATS] = {[STAT_P50] = 0.5,
		[STAT_P90] = 0.9,
		[STAT_P95] = 0.95,
		[STAT_P99] = 0.99,
		[STAT_P999] = 0.999};

	return shares[stat];
}

static void print_quantile(double quantile, enum metric_stat stat, uint64_t n, const char *what,
	double confidence, struct buf *out)
{
	uint64_t needed = stat_samples_needed(quantile, 0, confidence);

	buf_printf(out, "a claim on %s needs %llu samples: about %llu %s expected%s",
		metric_stat_name(stat), (unsigned long long)needed, (unsigned long long)n, what,
		n < needed ? ", too few" : "");
}

/* What is seen for sure (at 95 % where no other confidence is asked for), with so many samples. */
static void print_power(const struct plan *plan, const struct plan_expect *expect, struct buf *out)
{
	const char *what;
	uint64_t n = plan_planned_samples(plan, expect, &what);
	double quantile = quantile_of(expect->stat);
	double confidence = expect->confidence > 0 ? expect->confidence : CONFIDENCE;
	double share = n ? 100 * stat_share_upper(0, (double)n, confidence) : 0;

	if (!n)
		buf_puts(out, "as many samples as a closed loop makes");
	else if (n <= plan->repeat)
		buf_printf(out,
			"about %llu %s; if all are good, at most %.0f %% of such are bad (at %g %%)",
			(unsigned long long)n, what, share, 100 * confidence);
	else if (expect->metric->unit == PARAM_COUNT && expect->value <= 0)
		buf_printf(out, "a share of %.2g %% or more of about %llu %s (at %g %%)", share,
			(unsigned long long)n, what, 100 * confidence);
	else if (quantile > 0)
		print_quantile(quantile, expect->stat, n, what, confidence, out);
	else if (expect->metric->unit == PARAM_SHARE)
		buf_printf(out, "%.2g %%, one of about %llu %s", 100 / (double)n,
			(unsigned long long)n, what);
	else
		buf_printf(out, "about %llu %s", (unsigned long long)n, what);
}

/* Several claims, each with its own chance of being wrong, are together wrong more often. What is
 * only observed has no such chance. */
static void print_family(const struct plan *plan, struct buf *out)
{
	double all = 1;
	size_t n = 0;

	for (size_t i = 0; i < plan->n_expects; i++) {
		if (plan->expects[i].confidence <= 0)
			continue;
		all *= plan->expects[i].confidence;
		n++;
	}
	if (n < 2)
		return;
	buf_printf(out,
		"  %zu claims in one run: at least one is wrong by chance in up to %.2g %% of runs; at "
		"%.5g %% each it would be 5 %%\n",
		n, 100 * (1 - all), 100 * (1 - 0.05 / (double)n));
}

static void print_expects(const struct plan *plan, struct buf *out)
{
	buf_puts(out, "\nexpectations, and the smallest effect that they could show\n");
	for (size_t i = 0; i < plan->n_expects; i++) {
		buf_printf(out, "  %s\n      ", plan->expects[i].id);
		print_power(plan, &plan->expects[i], out);
		buf_puts(out, "\n");
	}
	print_family(plan, out);
}

void plan_print(const struct plan *plan, struct buf *out)
{
	print_head(plan, out);
	print_ground(plan, out);
	print_links(plan, out);
	print_clients(plan, out);
	print_timeline(plan, out);
	print_limits(plan, out);
	print_expects(plan, out);
}
