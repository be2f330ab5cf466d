/*
 * plan_overlaps: faults that are in force at the same time.
 *
 * That two of them act on one link must be declared (`overlaps:`), so that sums are never a surprise;
 * on one node they cannot. Faults on some packets only must be told apart by their packets, and an
 * engine has so many places for them.
 */
#include "suites/plan_parts.h"

#include <string.h>

static bool declares(const struct scenario_entry *entry, const char *name)
{
	for (size_t i = 0; i < entry->overlaps.n; i++) {
		if (!strcmp(entry->overlaps.items[i].text, name))
			return true;
	}
	return false;
}

/* Which links and nodes a fault acts on, so that two of them are compared in linear time. */
struct touched {
	bool *links, *nodes;
};

static void touch(
	const struct planner *p, const struct plan_fault *fault, bool on, struct touched *touched)
{
	const struct fault_effects *effects = &fault->effects;

	for (size_t i = 0; i < effects->n_links; i++)
		touched->links[effects->links[i].from * p->plan->n_regions + effects->links[i].to] =
			on;
	for (size_t i = 0; i < effects->n_nodes; i++)
		touched->nodes[effects->nodes[i].node] = on;
}

/* What the fault shares with those touched, as a sentence's object; NULL: nothing. */
static const char *shared(struct planner *p, const struct touched *touched,
	const struct plan_fault *fault, bool *node)
{
	const struct fault_effects *effects = &fault->effects;

	*node = true;
	for (size_t i = 0; i < effects->n_nodes; i++) {
		if (touched->nodes[effects->nodes[i].node])
			return arena_printf(p->arena, "the node %s",
				p->plan->nodes[effects->nodes[i].node].spec.name);
	}
	*node = false;
	for (size_t i = 0; i < effects->n_links; i++) {
		const struct link_effect *link = &effects->links[i];

		if (touched->links[link->from * p->plan->n_regions + link->to])
			return arena_printf(p->arena, "the link %s -> %s",
				p->region_names[link->from], p->region_names[link->to]);
	}
	return NULL;
}

static bool overlap_in_time(const struct plan_fault *a, const struct plan_fault *b)
{
	return a->start_ns < b->start_ns + b->length_ns && b->start_ns < a->start_ns + a->length_ns;
}

/* What a fault on links means; they all mean the same. */
static const struct match *match_of(const struct plan_fault *fault)
{
	static const struct match any;

	return fault->effects.n_links ? &fault->effects.links[0].match : &any;
}

/* Two faults on some packets of one link: an engine tells the packets of each apart, or both mean the
 * very same. True where nothing is left to be asked. */
static bool check_matches(struct planner *p, const struct plan_fault *a, const struct plan_fault *b)
{
	const struct match *x = match_of(a), *y = match_of(b);

	if (match_is_any(x) || match_is_any(y) || match_equal(x, y))
		return false;
	if (!match_are_disjoint(x, y))
		complain(p->complaints, b->place,
			"\"%s\" and \"%s\" act on one link at the same time, and some packets may be "
			"meant by both; let one end first, or give them packets that exclude each "
			"other (two protocols, clients and replication, new and established)",
			a->name, b->name);
	return true;
}

static void check_overlap(struct planner *p, size_t i, size_t k, const struct touched *touched)
{
	const struct plan_fault *a = &p->plan->faults[k], *b = &p->plan->faults[i];
	const char *what;
	bool node;

	if (!overlap_in_time(a, b))
		return;
	what = shared(p, touched, a, &node);
	if (!what)
		return;
	if (node)
		complain(p->complaints, b->place,
			"\"%s\" and \"%s\" act on %s at the same time; let one end first", a->name,
			b->name, what);
	else if (!check_matches(p, a, b) && !declares(p->fault_entries[i], a->family) &&
		!declares(p->fault_entries[k], b->family))
		complain(p->complaints, b->place,
			"\"%s\" and \"%s\" act on %s at the same time; their effects add up: "
			"if so intended, write overlaps: %s",
			a->name, b->name, what, a->family);
}

/* An engine has so many places for rules on a link. */
static void check_rules(struct planner *p, size_t i)
{
	size_t n = 1;

	for (size_t k = 0; k < i; k++)
		n += overlap_in_time(&p->plan->faults[k], &p->plan->faults[i]) &&
			!match_is_any(match_of(&p->plan->faults[k]));
	if (!match_is_any(match_of(&p->plan->faults[i])) && n > ENGINE_RULES_MAX)
		complain(p->complaints, p->plan->faults[i].place,
			"more than %d faults on some packets only at the same time; let some end "
			"first",
			ENGINE_RULES_MAX);
}

void plan_overlaps(struct planner *p)
{
	const char *names[PLAN_FAULTS_MAX];
	struct touched touched = {
		arena_array(p->arena, p->plan->n_regions * p->plan->n_regions + 1, sizeof(bool)),
		arena_array(p->arena, p->plan->n_nodes + 1, sizeof(bool))};

	for (size_t i = 0; i < p->plan->n_faults; i++)
		names[i] = p->plan->faults[i].family;
	for (size_t i = 0; i < p->plan->n_faults; i++) {
		for (size_t k = 0; k < p->fault_entries[i]->overlaps.n; k++)
			planner_find(p, &p->fault_entries[i]->overlaps.items[k], names,
				p->plan->n_faults, "fault");
		check_rules(p, i);
		touch(p, &p->plan->faults[i], true, &touched);
		for (size_t k = 0; k < i; k++)
			check_overlap(p, i, k, &touched);
		touch(p, &p->plan->faults[i], false, &touched);
	}
}
