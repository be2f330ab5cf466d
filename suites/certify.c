#include "suites/certify.h"
#include "suites/proof/matched.h"
#include "suites/proof/traffic.h"

/* Which faults were on at an instant, a bit each. */
static uint64_t faults_at(const struct evidence *evidence, uint64_t at_ns)
{
	uint64_t on = 0;

	for (size_t f = 0; f < evidence->plan->n_faults; f++) {
		const struct fault_window *window = &evidence->faults[f];

		if (window->sent_ns && window->sent_ns <= at_ns &&
			!(window->undo_sent_ns && window->undo_sent_ns <= at_ns))
			on |= UINT64_C(1) << f;
	}
	return on;
}

static bool touches(const struct plan_fault *fault, unsigned from, unsigned to)
{
	for (size_t i = 0; i < fault->effects.n_links; i++) {
		if (fault->effects.links[i].from == from && fault->effects.links[i].to == to)
			return true;
	}
	return false;
}

/* Two faults on packets that exclude each other do not change each other's world, nor that of beacons. */
static bool ignores(const struct plan_fault *self, const struct plan_fault *other)
{
	const struct match *a = &self->effects.links[0].match, *b = &other->effects.links[0].match;

	return !match_is_any(a) && !match_is_any(b) && match_are_disjoint(a, b) &&
		!matched_hits_beacons(a) && !matched_hits_beacons(b);
}

/* The last change of the link before at_ns (0: none), and the first after it (end: none), of faults
 * other than `self`. */
static void neighbours(const struct evidence *evidence, size_t self, unsigned from, unsigned to,
	uint64_t at_ns, uint64_t *before, uint64_t *after)
{
	*before = 0;
	*after = evidence->end_ns;
	for (size_t g = 0; g < evidence->plan->n_faults; g++) {
		const struct fault_window *window = &evidence->faults[g];
		const uint64_t instants[] = {window->acked_ns, window->undo_acked_ns};

		if (g == self || !touches(&evidence->plan->faults[g], from, to) ||
			ignores(&evidence->plan->faults[self], &evidence->plan->faults[g]))
			continue;
		for (int k = 0; k < 2; k++) {
			if (instants[k] && instants[k] < at_ns && instants[k] > *before)
				*before = instants[k];
			if (instants[k] > at_ns && instants[k] < *after)
				*after = instants[k];
		}
	}
}

static const struct link_effect *effect_on(
	const struct plan_fault *fault, unsigned from, unsigned to)
{
	size_t i = 0;

	while (fault->effects.links[i].from != from || fault->effects.links[i].to != to)
		i++;
	return &fault->effects.links[i];
}

/* What beacons met before, in it and after; and what the packets did that a fault on some means. */
static void fill_impairments(const struct evidence *evidence, const struct link_effect *effect,
	struct certificate_asked *asked)
{
	const struct plan *plan = evidence->plan;
	const uint64_t on[] = {faults_at(evidence, asked->sent_ns - 1),
		faults_at(evidence, asked->sent_ns),
		asked->undo_sent_ns ? faults_at(evidence, asked->undo_acked_ns) : 0};
	struct impairment *beacons[] = {&asked->before, &asked->asked, &asked->after};
	struct impairment *meant[] = {
		&asked->matched_before, &asked->matched_asked, &asked->matched_after};
	bool some = !match_is_any(&effect->match);

	for (int i = 0; i < (asked->undo_sent_ns ? 3 : 2); i++) {
		*beacons[i] = plan_link_now(plan, effect->from, effect->to, on[i]);
		if (!some)
			continue;
		*meant[i] = plan_matched_now(plan, effect->from, effect->to, &effect->match, on[i]);
		if (matched_hits_beacons(&effect->match))
			*beacons[i] = *meant[i];
	}
	asked->match = some ? &effect->match : NULL;
}

/*
 * What the link was asked to do. Where another fault changes the same link in the middle of this one,
 * what this one asked for holds only until then, and is judged on that stretch.
 */
static struct certificate_asked asked_of(
	const struct evidence *evidence, size_t f, unsigned from, unsigned to)
{
	const struct plan *plan = evidence->plan;
	const struct fault_window *window = &evidence->faults[f];
	struct certificate_asked asked = {.from = from,
		.to = to,
		.sent_ns = window->sent_ns,
		.acked_ns = window->acked_ns,
		.undo_sent_ns = window->undo_sent_ns,
		.undo_acked_ns = window->undo_acked_ns,
		.read_back_equal = window->agrees};
	uint64_t next, unused;

	neighbours(evidence, f, from, to, window->sent_ns, &asked.before_from_ns, &next);
	if (next < evidence->end_ns && (!asked.undo_sent_ns || next < asked.undo_sent_ns))
		asked.undo_sent_ns = asked.undo_acked_ns = next;
	asked.after_to_ns = evidence->end_ns;
	if (asked.undo_sent_ns)
		neighbours(evidence, f, from, to, asked.undo_acked_ns, &unused, &asked.after_to_ns);
	fill_impairments(evidence, effect_on(&plan->faults[f], from, to), &asked);
	return asked;
}

/* Links that no fault of the plan ever touches. */
static size_t find_controls(
	struct arena *arena, const struct plan *plan, struct certificate_control **out)
{
	size_t n = 0, regions = plan->n_regions;

	*out = arena_array(arena, regions * regions + 1, sizeof(**out));
	for (unsigned from = 0; from < regions; from++) {
		for (unsigned to = 0; to < regions; to++) {
			bool touched = from == to;

			for (size_t f = 0; f < plan->n_faults && !touched; f++)
				touched = touches(&plan->faults[f], from, to);
			if (!touched)
				(*out)[n++] = (struct certificate_control){.from = from,
					.to = to,
					.impairment = plan->links[from * regions + to]};
		}
	}
	return n;
}

static bool leaves_from(const struct plan_fault *fault, unsigned region)
{
	for (size_t i = 0; i < fault->effects.n_links; i++) {
		if (fault->effects.links[i].from == region)
			return true;
	}
	return false;
}

/* "container eu was away from 4.1 s to 4.6 s, ..." */
static const char *tell_gap(struct arena *arena, const struct gap *gap)
{
	const char *when = gap->back_ns
		? arena_printf(arena, "from %.3f s to %.3f s", (double)gap->gone_ns / 1e9,
			  (double)gap->back_ns / 1e9)
		: arena_printf(arena, "from %.3f s on", (double)gap->gone_ns / 1e9);

	if (!gap->passed)
		return arena_printf(arena, "container %s was away %s, %s; no packet of it passed%s",
			gap->container, when,
			gap->back_ns ? "when the fault was laid on its new interface"
				     : "and did not come back",
			gap->back_ns ? " before" : "");
	if (gap->passed == UINT64_MAX)
		return arena_printf(arena,
			"container %s was away %s, and nobody knows what it sent before the fault "
			"was laid on its new interface",
			gap->container, when);
	return arena_printf(arena,
		"container %s was away %s, and %llu packets of it passed before the fault was laid "
		"on its new interface",
		gap->container, when, (unsigned long long)gap->passed);
}

const char *certify_gap(
	struct arena *arena, const struct evidence *evidence, size_t f, const struct gap *gap)
{
	const struct fault_window *window = &evidence->faults[f];
	uint64_t end_ns = window->undo_sent_ns ? window->undo_sent_ns : evidence->end_ns;

	if (gap->gone_ns >= end_ns || (gap->back_ns && gap->back_ns <= window->sent_ns) ||
		!leaves_from(&evidence->plan->faults[f], gap->region))
		return NULL;
	return tell_gap(arena, gap);
}

/* What a container that came back sent before it was adopted again did not meet the fault. */
static void certify_gaps(struct arena *arena, const struct evidence *evidence, size_t f)
{
	struct certificate *out = &evidence->faults[f].certificate;

	for (size_t g = 0; g < evidence->n_gaps; g++) {
		const char *text = certify_gap(arena, evidence, f, &evidence->gaps[g]);

		if (!text)
			continue;
		*ARENA_PUSH(arena, out->notes, out->n_notes) = text;
		if (evidence->gaps[g].passed && out->status == CERTIFIED) {
			out->status = CERTIFICATE_PARTIAL;
			out->why = text;
		}
	}
}

static void certify_links(
	struct arena *arena, struct evidence *evidence, size_t f, struct certificate_input *input)
{
	const struct plan_fault *fault = &evidence->plan->faults[f];
	struct fault_window *window = &evidence->faults[f];
	struct certificate_asked *links =
		arena_array(arena, fault->effects.n_links, sizeof(*links));

	for (size_t i = 0; i < fault->effects.n_links; i++)
		links[i] = asked_of(
			evidence, f, fault->effects.links[i].from, fault->effects.links[i].to);
	input->links = links;
	input->n_links = fault->effects.n_links;
	certificate_make(arena, input, &window->certificate);
	if (evidence->captures.n_covers)
		window->certificate.traffic = traffic_measure(arena, &evidence->captures, links,
			input->n_links, &window->certificate.n_traffic);
	certify_gaps(arena, evidence, f);
	for (size_t i = 0; i < fault->effects.n_links; i++) {
		struct err err;

		if (noise_check(input->noise, &links[i].before, &links[i].asked,
			    arena_printf(arena, "fault '%s'", fault->name), &err)) {
			window->certificate.status = CERTIFICATE_NO_DATA;
			window->certificate.why = arena_strdup(arena, err.text);
			break;
		}
	}
	window->in_force_ns = window->certificate.in_force_ns;
	window->gone_ns = window->certificate.gone_ns;
}

static void certify_nodes(struct arena *arena, struct fault_window *window)
{
	window->certificate = (struct certificate){
		.status = window->agrees ? CERTIFIED : CERTIFICATE_NOT_IN_FORCE,
		.in_force_ns = window->agrees ? window->acked_ns : 0,
		.gone_ns = window->undo_acked_ns,
		.why = window->agrees ? NULL
			: window->refusal
			? arena_printf(arena, "the agent could not do it: %s", window->refusal)
			: "the agent could not do it",
	};
	window->in_force_ns = window->certificate.in_force_ns;
	window->gone_ns = window->certificate.gone_ns;
}

static const char *const *region_names(struct arena *arena, const struct plan *plan)
{
	const char **names = arena_array(arena, plan->n_regions, sizeof(*names));

	for (size_t r = 0; r < plan->n_regions; r++)
		names[r] = plan->regions[r].name;
	return names;
}

static uint64_t first_change_ns(const struct evidence *evidence)
{
	uint64_t first = evidence->end_ns;

	for (size_t f = 0; f < evidence->plan->n_faults; f++) {
		if (evidence->faults[f].sent_ns && evidence->faults[f].sent_ns < first)
			first = evidence->faults[f].sent_ns;
	}
	return first;
}

void certify_run(struct arena *arena, struct evidence *evidence)
{
	const struct plan *plan = evidence->plan;
	struct noise noise;
	struct certificate_input input = {
		.regions = region_names(arena, plan),
		.beacons = &evidence->beacons,
		.captures = &evidence->captures,
		.stalls = &evidence->stalls,
		.noise = &noise,
		.n_faults = (unsigned)plan->n_faults,
	};
	struct certificate_control *controls;

	noise_measure(&noise, &evidence->beacons, &evidence->stalls, plan->links,
		(unsigned)plan->n_regions, 0, first_change_ns(evidence));
	if (noise.n)
		evidence->noise_floor_ns = noise.delay_ns;
	input.n_controls = find_controls(arena, plan, &controls);
	input.controls = controls;
	for (size_t f = 0; f < plan->n_faults; f++) {
		struct fault_window *window = &evidence->faults[f];

		if (!window->sent_ns)
			window->certificate =
				(struct certificate){.status = CERTIFICATE_NOT_IN_FORCE,
					.why = "the run ended before it"};
		else if (plan->faults[f].ops && plan->faults[f].ops->declared)
			certify_declared(arena, evidence, f);
		else if (plan->faults[f].effects.n_links)
			certify_links(arena, evidence, f, &input);
		else
			certify_nodes(arena, window);
	}
}
