/*
 * Links are judged one by one (proof/link.h) and folded into one status; then what the fault must
 * not have done is looked at: links that it does not touch must not have moved. What moves a control
 * a little is the machine, and widens the tolerance for all; what moves it as a fault would, is one.
 */
#include "suites/certificate.h"
#include "fixtures/base/arena.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "suites/proof/chance.h"
#include "suites/proof/link.h"

#define FAMILY_WISE 1e-6
#define QUESTIONS (4 * 3) /* of a link and family: four stretches, loss, delay and jitter */
#define NOISE_LOSS 2e-4   /* share that a busy machine may drop on its own */
#define FLOOR_MIN_NS (200 * NSEC_PER_USEC) /* p99 of the wire engine is below 300 us */

static const char *const status_names[] = {
	[CERTIFIED] = "certified",
	[CERTIFICATE_NOT_IN_FORCE] = "not in force",
	[CERTIFICATE_PARTIAL] = "partial",
	[CERTIFICATE_NO_DATA] = "no data",
	[CERTIFICATE_NOT_EXERCISED] = "not exercised",
	[CERTIFICATE_DECLARED] = "declared",
};

_Static_assert(sizeof(status_names) / sizeof(status_names[0]) == CERTIFICATE_DECLARED + 1,
	"a name for every status");

const char *certificate_status_name(enum certificate_status status)
{
	return status_names[status];
}

static void note(struct arena *arena, struct certificate *out, const char *text)
{
	*ARENA_PUSH(arena, out->notes, out->n_notes) = text;
}

static const char *link_name(const struct proof *proof, unsigned from, unsigned to)
{
	return arena_printf(
		proof->arena, "%s -> %s", proof->input->regions[from], proof->input->regions[to]);
}

static struct yardstick yardstick_of(const struct certificate_input *input)
{
	uint64_t n = (input->n_links + input->n_controls) * (input->n_faults ? input->n_faults : 1);
	struct yardstick y = {
		.alpha = FAMILY_WISE / (double)((n ? n : 1) * BEACON_FAMILIES * QUESTIONS),
		.floor_ns = input->noise->delay_ns,
		.path_ns = input->noise->path_ns,
		.noise_loss = NOISE_LOSS,
	};

	if (y.floor_ns < FLOOR_MIN_NS)
		y.floor_ns = FLOOR_MIN_NS;
	y.z = chance_z(y.alpha);
	return y;
}

/* The stretch in which the whole fault was asked to be on. */
static void asked_bounds(const struct proof *proof, uint64_t *from_ns, uint64_t *to_ns)
{
	const struct certificate_input *input = proof->input;
	uint64_t margin_ns = proof_margin_ns(proof);

	*from_ns = 0;
	*to_ns = UINT64_MAX;
	for (size_t i = 0; i < input->n_links; i++) {
		const struct certificate_asked *asked = &input->links[i];
		uint64_t end_ns = asked->undo_sent_ns ? asked->undo_sent_ns : asked->after_to_ns;

		if (asked->acked_ns + margin_ns > *from_ns)
			*from_ns = asked->acked_ns + margin_ns;
		if (end_ns < *to_ns)
			*to_ns = end_ns;
	}
	*to_ns = *to_ns > margin_ns ? *to_ns - margin_ns : 0;
}

/* The least change of delay among the fault's links; 0: none changes it. */
static uint64_t least_delay_change_ns(const struct certificate_input *input)
{
	uint64_t least_ns = 0;

	for (size_t i = 0; i < input->n_links; i++) {
		const struct certificate_asked *l = &input->links[i];
		uint64_t a = l->before.delay_ns, b = l->asked.delay_ns,
			 change_ns = a > b ? a - b : b - a;

		if (!l->asked.cut && change_ns && (!least_ns || change_ns < least_ns))
			least_ns = change_ns;
	}
	return least_ns;
}

static uint64_t shift_ns(const struct window *w, const struct impairment *imp, uint64_t path_ns)
{
	uint64_t expected_ns = imp->delay_ns + path_ns;

	return w->arrived && w->p50_ns > expected_ns ? w->p50_ns - expected_ns : 0;
}

/* Returns a sentence where the control moved as by a fault; else adds to *busy_ns what the machine
 * moved it. */
static const char *judge_control(struct proof *proof, const struct certificate_control *control,
	enum beacon_family family, uint64_t *busy_ns)
{
	uint64_t from_ns, to_ns, change_ns = least_delay_change_ns(proof->input), moved_ns;
	struct stream stream = proof_stream(proof, control->from, control->to, family);
	const char *what = NULL;
	struct window w;

	asked_bounds(proof, &from_ns, &to_ns);
	window_measure(&w, &stream, from_ns, to_ns, proof_reach_ns(&control->impairment));
	if (!window_contradicts(&w, &control->impairment, &proof->yardstick, &what))
		return NULL;
	moved_ns = shift_ns(&w, &control->impairment, proof->yardstick.path_ns);
	if (*what == 'l')
		return arena_printf(proof->arena,
			"%s, which the fault does not touch, lost %.3g %% of its "
			"packets meanwhile",
			link_name(proof, control->from, control->to),
			100.0 * (double)w.lost / (double)w.sent);
	if (*what == 'd' && change_ns && 2 * moved_ns > change_ns)
		return arena_printf(proof->arena,
			"%s, which the fault does not touch, took %.3g ms where "
			"its delay is %.3g ms",
			link_name(proof, control->from, control->to), (double)w.p50_ns / 1e6,
			(double)control->impairment.delay_ns / 1e6);
	if (moved_ns > *busy_ns)
		*busy_ns = moved_ns;
	return NULL;
}

static const char *judge_controls(struct proof *proof, struct certificate *out)
{
	const struct certificate_input *input = proof->input;
	const char *moved = NULL;
	uint64_t busy_ns = 0;

	for (size_t i = 0; i < input->n_controls; i++) {
		for (int family = 0; family < BEACON_FAMILIES; family++) {
			const char *text =
				judge_control(proof, &input->controls[i], family, &busy_ns);

			moved = moved ? moved : text;
		}
	}
	if (busy_ns) {
		proof->yardstick.floor_ns += 2 * busy_ns;
		note(proof->arena, out,
			arena_printf(proof->arena,
				"links that the fault does not touch took %.3g ms more than usual: the machine was busy",
				(double)busy_ns / 1e6));
	}
	return moved;
}

static void fold_instants(struct certificate *out)
{
	uint64_t first_ns = UINT64_MAX, last_ns = 0, gone_ns = UINT64_MAX;
	bool everywhere = true, gone_everywhere = true;

	for (size_t i = 0; i < out->n_links * BEACON_FAMILIES; i++) {
		const struct certificate_family *f =
			&out->links[i / BEACON_FAMILIES].families[i % BEACON_FAMILIES];

		everywhere &= f->in_force_ns != 0;
		gone_everywhere &= f->gone_ns != 0;
		first_ns = f->in_force_ns && f->in_force_ns < first_ns ? f->in_force_ns : first_ns;
		last_ns = f->in_force_ns > last_ns ? f->in_force_ns : last_ns;
		gone_ns = f->gone_ns && f->gone_ns < gone_ns ? f->gone_ns : gone_ns;
		if (f->resolution_ns > out->resolution_ns)
			out->resolution_ns = f->resolution_ns;
		if (f->drain_ns > out->drain_ns)
			out->drain_ns = f->drain_ns;
	}
	out->in_force_ns = everywhere ? last_ns : 0;
	out->gone_ns = gone_everywhere && gone_ns != UINT64_MAX ? gone_ns : 0;
	out->skew_ns = last_ns ? last_ns - first_ns : 0;
}

static void fold_links(const struct proof *proof, struct certificate *out)
{
	for (size_t i = 0; i < out->n_links; i++) {
		const struct certificate_link *link = &out->links[i];

		out->status = i ? proof_fold(out->status, link->status) : link->status;
		if (link->status == CERTIFIED)
			continue;
		note(proof->arena, out,
			arena_printf(proof->arena, "%s: %s: %s",
				link_name(proof, link->from, link->to),
				certificate_status_name(link->status), link->why));
		if (!out->why)
			out->why = out->notes[out->n_notes - 1];
	}
}

static void note_bursts(const struct proof *proof, struct certificate *out)
{
	for (size_t i = 0; i < out->n_links; i++) {
		const struct certificate_link *link = &out->links[i];

		if (!link->asked.cut && link->asked.loss_burst > 1 && !link->burst_certified)
			note(proof->arena, out,
				arena_printf(proof->arena,
					"%s: too few packets to certify the burst length, or others' between them (%llu "
					"bursts of losses; about 500 are needed)",
					link_name(proof, link->from, link->to),
					(unsigned long long)link->n_bursts));
	}
}

static void note_unused(
	const struct proof *proof, struct certificate *out, const struct certificate_link *link)
{
	const char *name = link_name(proof, link->from, link->to);

	if (link->match)
		note(proof->arena, out,
			arena_printf(proof->arena, "%s: %s", name, link->matched_why));
	else if (link->exercise == EXERCISE_UNKNOWN)
		note(proof->arena, out,
			arena_printf(proof->arena,
				"%s: nobody knows whether the system used the link: there is no capture",
				name));
	else if (!link->system_before)
		note(proof->arena, out,
			arena_printf(proof->arena,
				"the system sent nothing between the regions of %s before the fault",
				name));
	else
		note(proof->arena, out,
			arena_printf(proof->arena,
				"the system sent nothing over %s while the fault was in force",
				name));
}

/* Nothing was tested where the system used none of the links; one that is used is enough. */
static void judge_exercise(const struct proof *proof, struct certificate *out)
{
	size_t n_used = 0, n_unknown = 0, first_note = out->n_notes;

	if (!proof->input->captures && !out->links[0].match)
		return;
	for (size_t i = 0; i < out->n_links; i++) {
		n_used += out->links[i].exercise == EXERCISE_YES;
		n_unknown += out->links[i].exercise == EXERCISE_UNKNOWN;
		if (out->links[i].exercise != EXERCISE_YES)
			note_unused(proof, out, &out->links[i]);
	}
	if (out->status != CERTIFIED || n_used)
		return;
	out->status = n_unknown ? CERTIFICATE_NO_DATA : CERTIFICATE_NOT_EXERCISED;
	out->why = out->n_notes > first_note ? out->notes[first_note] : NULL;
}

/* "of 120 packets of tcp port 6379 120 crossed before, of 45 in force none, of 80 after 80" */
static void note_matched(const struct proof *proof, struct certificate *out)
{
	for (size_t i = 0; i < out->n_links; i++) {
		const struct certificate_link *link = &out->links[i];
		const struct certificate_matched *m = link->matched;
		struct buf text = {0};

		if (!link->match || link->exercise == EXERCISE_UNKNOWN)
			continue;
		match_print(&text, link->match);
		note(proof->arena, out,
			arena_printf(proof->arena,
				"%s, packets meant (%s): %llu of %llu crossed before, %llu of %llu "
				"while it was in force, %llu of %llu after",
				link_name(proof, link->from, link->to), buf_str(&text),
				(unsigned long long)(m[0].sent - m[0].lost),
				(unsigned long long)m[0].sent,
				(unsigned long long)(m[1].sent - m[1].lost),
				(unsigned long long)m[1].sent,
				(unsigned long long)(m[2].sent - m[2].lost),
				(unsigned long long)m[2].sent));
		buf_release(&text);
	}
}

static void judge_stalls(const struct proof *proof, struct certificate *out)
{
	uint64_t end_ns = out->gone_ns ? out->gone_ns : UINT64_MAX;

	if (!out->in_force_ns)
		return;
	out->stalled_ns = stalls_overlap_ns(proof->input->stalls, out->in_force_ns, end_ns);
	if (out->stalled_ns)
		note(proof->arena, out,
			arena_printf(proof->arena,
				"the machine was held for %.3g s while the fault was in force",
				(double)out->stalled_ns / 1e9));
}

void certificate_make(
	struct arena *arena, const struct certificate_input *input, struct certificate *out)
{
	struct proof proof = {.arena = arena, .input = input, .yardstick = yardstick_of(input)};
	const char *moved;

	*out = (struct certificate){.n_links = input->n_links};
	if (!input->n_links) {
		out->status = CERTIFICATE_NO_DATA;
		out->why = "the fault has no links that beacons could judge";
		return;
	}
	moved = judge_controls(&proof, out);
	out->links = arena_array(arena, out->n_links, sizeof(*out->links));
	for (size_t i = 0; i < out->n_links; i++)
		proof_link(&proof, &input->links[i], &out->links[i]);
	fold_links(&proof, out);
	fold_instants(out);
	if (moved) {
		note(arena, out, moved);
		if (out->status == CERTIFIED) {
			out->status = CERTIFICATE_PARTIAL;
			out->why = moved;
		}
	}
	judge_exercise(&proof, out);
	note_matched(&proof, out);
	note_bursts(&proof, out);
	judge_stalls(&proof, out);
}
