/*
 * plan_mtu: how large packets may be, inside the regions and between them.
 *
 * What a link says is no more than its two regions have; what nobody says is what they have.
 */
#include "fixtures/base/buf.h"
#include "fixtures/net/site_mtu.h"
#include "suites/plan_parts.h"

#include <string.h>

const struct param planner_mtu_params[] = {
	{.name = "mtu",
		.type = PARAM_COUNT,
		.min = SITE_MTU_LEAST,
		.max = SITE_MTU_MOST,
		.help = "the largest IP packet in bytes, 1280 to 9000; a region has 1500, a link what both "
			"its regions have",
		.offset = offsetof(struct planner_mtu, bytes)},
	PARAM_END,
};

/* Only what we build can be told. */
static bool is_ours(const struct planner *p)
{
	return !p->plan->containers && !p->plan->remote;
}

static void complain_foreign(struct planner *p, struct place place)
{
	complain(p->complaints, place, "mtu is for links that a lab makes; %s",
		p->plan->containers ? "containers keep the MTU of their network"
				    : "a system that somebody else runs keeps its own");
}

static uint32_t of_region(struct planner *p, const struct scenario_word *word)
{
	struct planner_mtu mtu = {0};
	struct err err;

	if (!word->text)
		return SITE_MTU_USUAL;
	if (!is_ours(p))
		complain_foreign(p, word->place);
	else if (param_set(planner_mtu_params, &mtu, word->text, &err))
		complain(p->complaints, word->place, "%s", err.text);
	else
		return (uint32_t)mtu.bytes;
	return SITE_MTU_USUAL;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

void plan_mtus(struct planner *p)
{
	struct plan *plan = p->plan;
	size_t n = plan->n_regions;

	plan->mtus = arena_array(p->arena, n * n + 1, sizeof(*plan->mtus));
	for (size_t i = 0; i < n; i++)
		plan->regions[i].mtu = of_region(p, &p->scenario.regions[i].mtu);
	for (size_t i = 0; i < n * n; i++)
		plan->mtus[i] = smaller(plan->regions[i / n].mtu, plan->regions[i % n].mtu);
}

/* A link of both directions is complained of once. */
static bool is_way_back(const struct planner *p, const struct scenario_link *link, size_t to)
{
	return link->both && !strcmp(p->region_names[to], link->from.text);
}

void planner_link_mtu(struct planner *p, const struct scenario_link *link,
	const struct scenario_setting *setting, const struct planner_mtu *mtu, size_t from,
	size_t to)
{
	const struct plan_region *a = &p->plan->regions[from], *b = &p->plan->regions[to];
	const struct plan_region *less = a->mtu < b->mtu ? a : b;

	if (!setting || !mtu->bytes)
		return;
	if (mtu->bytes <= less->mtu && is_ours(p))
		p->plan->mtus[from * p->plan->n_regions + to] = (uint32_t)mtu->bytes;
	else if (is_way_back(p, link, to))
		return;
	else if (!is_ours(p))
		complain_foreign(p, setting->name_place);
	else
		complain(p->complaints, setting->value.place,
			"an mtu of %u is more than the %u of region %s; give that region "
			"{ mtu: %u }, too",
			(unsigned)mtu->bytes, less->mtu, less->name, (unsigned)mtu->bytes);
}

/* Does the fault mean packets that are larger than any on its links? */
static bool meets_none(const struct plan *plan, const struct fault_effects *effects)
{
	for (size_t i = 0; i < effects->n_links; i++) {
		const struct link_effect *link = &effects->links[i];

		if (link->match.size_above < plan->mtus[link->from * plan->n_regions + link->to])
			return false;
	}
	return effects->n_links > 0;
}

void plan_holes(struct planner *p)
{
	const struct plan *plan = p->plan;

	for (size_t i = 0; i < plan->n_faults && !plan->containers; i++) {
		const struct plan_fault *fault = &plan->faults[i];
		const struct link_effect *link = fault->effects.links;

		if (!meets_none(plan, &fault->effects))
			continue;
		complain(p->complaints, fault->place,
			"fault '%s' means packets above %u bytes, and the MTU from %s to %s is %u; "
			"it would meet none",
			fault->name, (unsigned)link->match.size_above,
			plan->regions[link->from].name, plan->regions[link->to].name,
			plan->mtus[link->from * plan->n_regions + link->to]);
	}
}

static const char *comma(const struct buf *out)
{
	return out->len ? ", " : "";
}

void plan_mtus_print(const struct plan *plan, struct buf *out)
{
	size_t n = plan->n_regions;

	for (size_t i = 0; i < n; i++) {
		if (plan->regions[i].mtu != SITE_MTU_USUAL)
			buf_printf(out, "%s%u in %s", comma(out), plan->regions[i].mtu,
				plan->regions[i].name);
	}
	for (size_t i = 0; i < n * n; i++) {
		if (i / n != i % n && plan->mtus[i] != SITE_MTU_USUAL)
			buf_printf(out, "%s%u from %s to %s", comma(out), plan->mtus[i],
				plan->regions[i / n].name, plan->regions[i % n].name);
	}
}
