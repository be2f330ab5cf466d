/*
 * plan_links: the normal world between the regions: what the scenario says of a link, else what its
 * preset says.
 */
#include "fixtures/base/buf.h"
#include "suites/plan_parts.h"

#include <string.h>

/* What a link may be told beside the rows of an impairment. */
struct rtt {
	uint64_t rtt_ns;
};

static const struct param rtt_rows[] = {
	{.name = "rtt",
		.type = PARAM_DURATION,
		.max = UINT64_C(1200000000000),
		.help = "round trip; each way gets half of it as its delay",
		.offset = offsetof(struct rtt, rtt_ns)},
	PARAM_END,
};

static const struct scenario_setting *find_setting(
	const struct scenario_settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->n; i++) {
		if (!strcmp(settings->items[i].name, name))
			return &settings->items[i];
	}
	return NULL;
}

static struct impairment link_impairment(
	struct planner *p, const struct scenario_link *link, struct planner_mtu *mtu)
{
	const struct scenario_setting *rtt = find_setting(&link->settings, "rtt");
	const struct scenario_setting *cut = find_setting(&link->settings, "cut");
	struct impairment impairment = {0};
	struct rtt round = {0};
	struct err err;
	const struct planner_rows tables[] = {{rtt_rows, &round}, {planner_mtu_params, mtu},
		{impairment_params, &impairment}, {NULL, NULL}};

	*mtu = (struct planner_mtu){0};
	param_set_defaults(impairment_params, &impairment);
	for (size_t i = 0; i < link->settings.n; i++) {
		if (!planner_is_percentile(&link->settings.items[i]) &&
			!planner_is_trace(&link->settings.items[i]))
			planner_set(p, &link->settings.items[i], tables, "a link");
	}
	planner_percentiles(p, link, &impairment);
	planner_trace(p, link, &impairment);
	if (cut)
		complain(p->complaints, cut->name_place,
			"the normal world is not cut; put a partition on the timeline");
	if (rtt && !link->both)
		complain(p->complaints, rtt->name_place,
			"a link of one direction has no rtt; give it a delay");
	else if (rtt && find_setting(&link->settings, "delay"))
		complain(p->complaints, rtt->name_place,
			"rtt and delay in one link; rtt is twice the delay, give one");
	else if (rtt)
		impairment.delay_ns = round.rtt_ns / 2;
	if (impairment_check(&impairment, &err))
		complain(p->complaints, link->place, "%s", err.text);
	return impairment;
}

/* What a link says of both its directions, or of one. */
struct world {
	struct impairment impairment;
	struct planner_mtu mtu;
};

static void put_link(struct planner *p, const struct scenario_link *link, size_t from, size_t to,
	const struct world *world, const struct scenario_link **seen)
{
	size_t i = from * p->plan->n_regions + to;

	if (seen[i]) {
		complain(p->complaints, link->place,
			"link %s -> %s is described twice; the first is in line %u",
			p->region_names[from], p->region_names[to], seen[i]->place.line);
		return;
	}
	seen[i] = link;
	p->plan->links[i] = world->impairment;
	planner_link_mtu(p, link, find_setting(&link->settings, "mtu"), &world->mtu, from, to);
}

/* A link that was forgotten would be as fast as the machine: say so rather than run with it. */
static void complain_forgotten(
	struct planner *p, const struct preset *preset, const struct scenario_link **seen)
{
	struct place place = preset->name ? p->scenario.preset.place : p->scenario.links[0].place;
	size_t n = p->plan->n_regions;

	for (size_t a = 0; a < n; a++) {
		for (size_t b = 0; b < n; b++) {
			if (a == b || seen[a * n + b] || (a > b && !seen[b * n + a]))
				continue;
			complain(p->complaints, place,
				"%s%s says nothing of %s -> %s; add %s %s %s: { %s }",
				preset->name ? "preset " : "links",
				preset->name ? preset->name : "", p->region_names[a],
				p->region_names[b], p->region_names[a],
				seen[b * n + a] ? "->" : "<->", p->region_names[b],
				seen[b * n + a] ? "delay: 40ms" : "rtt: 80ms");
		}
	}
}

static void put_own_links(struct planner *p, const struct scenario_link **seen)
{
	size_t n = p->plan->n_regions;

	for (size_t i = 0; i < p->scenario.n_links; i++) {
		const struct scenario_link *link = &p->scenario.links[i];
		int from = planner_find(p, &link->from, p->region_names, n, "region");
		int to = planner_find(p, &link->to, p->region_names, n, "region");
		struct world world;

		world.impairment = link_impairment(p, link, &world.mtu);
		if (from < 0 || to < 0)
			continue;
		if (from == to) {
			complain(p->complaints, link->to.place,
				"both ends are %s; a link joins two regions", link->to.text);
			continue;
		}
		put_link(p, link, (size_t)from, (size_t)to, &world, seen);
		if (link->both)
			put_link(p, link, (size_t)to, (size_t)from, &world, seen);
	}
}

static bool is_end(const struct scenario_word *end, const char *region)
{
	return !strcmp(end->text, "any") || !strcmp(end->text, region);
}

/* One link of a preset, to all pairs that it means and that have none yet. */
static void put_preset_link(
	struct planner *p, const struct scenario_link *link, const struct scenario_link **seen)
{
	size_t n = p->plan->n_regions;
	struct world world;

	world.impairment = link_impairment(p, link, &world.mtu);
	for (size_t i = 0; i < n * n; i++) {
		const char *from = p->region_names[i / n], *to = p->region_names[i % n];
		bool means = is_end(&link->from, from) && is_end(&link->to, to);

		means |= link->both && is_end(&link->from, to) && is_end(&link->to, from);
		if (!means || i / n == i % n || seen[i])
			continue;
		put_link(p, link, i / n, i % n, &world, seen);
	}
}

/* name NULL: there is none. */
static void read_preset(struct planner *p, struct preset *out)
{
	const char *name = p->scenario.preset.text;
	const char *share = share_directory(p->arena, p->options->share);
	struct source *source = arena_alloc(p->arena, sizeof(*source));
	struct buf text = {0};
	struct err err;

	*out = (struct preset){0};
	if (!name)
		return;
	source->file = arena_printf(p->arena, "%s/links/%s.yaml", share, name);
	if (buf_read_file(&text, source->file, YAML_SIZE_MAX, &err)) {
		complain(p->complaints, p->scenario.preset.place,
			"there is no preset \"%s\": %s (regionproof list links)", name, err.text);
	} else {
		source->text = arena_strndup(p->arena, buf_str(&text), text.len);
		source->len = text.len;
		complaints_add_source(p->complaints, source);
		preset_read(p->arena, source, out, p->complaints);
		p->plan->links_from = arena_printf(p->arena, "%s (%s)", out->name, out->date);
	}
	buf_release(&text);
}

void plan_links(struct planner *p)
{
	size_t n = p->plan->n_regions, before = p->complaints->n;
	const struct scenario_link **seen = arena_array(p->arena, n * n + 1, sizeof(*seen));
	struct preset preset;

	p->plan->links = arena_array(p->arena, n * n + 1, sizeof(*p->plan->links));
	put_own_links(p, seen);
	read_preset(p, &preset);
	for (size_t i = 0; i < preset.n_links; i++)
		put_preset_link(p, &preset.links[i], seen);
	if ((p->scenario.n_links || preset.name) && p->complaints->n == before)
		complain_forgotten(p, &preset, seen);
}
