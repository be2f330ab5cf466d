#include "suites/proof/link.h"
#include "fixtures/base/arena.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "suites/proof/chance.h"
#include "suites/proof/edge.h"
#include "suites/proof/exercise.h"
#include "suites/proof/matched.h"

#include <math.h>

#define MARGIN_MIN_NS (20 * NSEC_PER_MSEC)
#define COVERAGE_MIN 0.9
#define BESIDE_NS (2 * NSEC_PER_SEC) /* looked at before and after */
#define JITTERS 6
#define QUEUE_NS (200 * NSEC_PER_MSEC) /* in front of a rate: impairment_queue_bytes() */
#define BLOCKS_MAX 16
#define BLOCK_SCALES 4 /* 16, 8, 4 and 2 blocks */
#define BLOCK_PACKETS_MIN 20
#define PERIODS_TO_SEE 10
#define BEFORE_NS (250 * NSEC_PER_MSEC) /* looked at to see that the link was not so already */
#define BEFORE_PERIODS 20

/* What is known while one family of one link is judged. */
struct judgement {
	const struct proof *proof;
	const struct certificate_asked *asked;
	struct stream stream;
	uint64_t margin_ns;
	struct edge on, off;
	struct window before, during, after;
	struct certificate_family *out;
};

uint64_t proof_margin_ns(const struct proof *proof)
{
	uint64_t two_ns = 2 * proof->input->beacons->period_ns;

	return two_ns > MARGIN_MIN_NS ? two_ns : MARGIN_MIN_NS;
}

struct stream proof_stream(
	const struct proof *proof, unsigned from, unsigned to, enum beacon_family family)
{
	struct stream stream = {
		.period_ns = proof->input->beacons->period_ns,
		.stalls = proof->input->stalls,
	};

	stream.samples = beacons_stream(proof->input->beacons, from, to, family, &stream.n);
	return stream;
}

uint64_t proof_reach_ns(const struct impairment *imp)
{
	return imp->cut ? 0
			: imp->delay_ns + JITTERS * imp->jitter_ns +
			(imp->rate_bps ? QUEUE_NS : 0) + imp->slot_max_ns;
}

enum certificate_status proof_fold(enum certificate_status a, enum certificate_status b)
{
	if (a == b)
		return a;
	if (a == CERTIFICATE_PARTIAL || b == CERTIFICATE_PARTIAL)
		return CERTIFICATE_PARTIAL;
	if (a == CERTIFIED || b == CERTIFIED) {
		enum certificate_status other = a == CERTIFIED ? b : a;

		return other == CERTIFICATE_NOT_IN_FORCE ? CERTIFICATE_PARTIAL : other;
	}
	return CERTIFICATE_NOT_IN_FORCE; /* beside no data: what was seen was not in force */
}

uint64_t proof_settle_ns(const struct impairment *old, const struct impairment *new)
{
	uint64_t reach_ns = proof_reach_ns(old);

	return reach_ns > new->delay_ns && !new->cut ? reach_ns - new->delay_ns : 0;
}

static void set(struct judgement *j, enum certificate_status status, const char *why)
{
	j->out->status = status;
	j->out->why = why;
}

static double seconds(uint64_t ns)
{
	return (double)ns / 1e9;
}

static uint64_t last_sent_ns(const struct stream *stream)
{
	return stream->n ? stream->samples[stream->n - 1].sent_ns : 0;
}

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static void find_edges(struct judgement *j)
{
	const struct certificate_asked *asked = j->asked;
	struct edge_question on = {
		.before = &asked->before,
		.after = &asked->asked,
		.sent_ns = asked->sent_ns,
		.acked_ns = asked->acked_ns,
		.until_ns = asked->undo_sent_ns ? asked->undo_sent_ns : UINT64_MAX,
		.margin_ns = j->margin_ns +
			stalls_overlap_ns(j->stream.stalls, minus(asked->sent_ns, j->margin_ns),
				asked->acked_ns + j->margin_ns),
		.floor_ns = j->proof->yardstick.floor_ns,
	};
	struct edge_question off = {
		.before = &asked->asked,
		.after = &asked->after,
		.sent_ns = asked->undo_sent_ns,
		.acked_ns = asked->undo_acked_ns,
		.until_ns = asked->after_to_ns,
		.margin_ns = j->margin_ns +
			stalls_overlap_ns(j->stream.stalls,
				minus(asked->undo_sent_ns, j->margin_ns),
				asked->undo_acked_ns + j->margin_ns),
		.floor_ns = j->proof->yardstick.floor_ns,
	};

	j->on = edge_find(&j->stream, &on);
	if (asked->undo_sent_ns)
		j->off = edge_find(&j->stream, &off);
}

static void measure(struct judgement *j)
{
	const struct certificate_asked *asked = j->asked;
	uint64_t from_ns = asked->before_from_ns + j->margin_ns, to_ns;
	uint64_t sent_ns = minus(asked->sent_ns, j->margin_ns);

	if (from_ns + BESIDE_NS < sent_ns)
		from_ns = sent_ns - BESIDE_NS;
	window_measure(&j->before, &j->stream, from_ns, sent_ns, proof_reach_ns(&asked->before));
	from_ns = j->on.at_ns && asked->asked.cut ? j->on.at_ns : asked->acked_ns + j->margin_ns;
	from_ns += proof_settle_ns(&asked->before, &asked->asked);
	to_ns = asked->undo_sent_ns ? minus(asked->undo_sent_ns, j->margin_ns)
				    : last_sent_ns(&j->stream) + 1;
	window_measure(&j->during, &j->stream, from_ns, to_ns, proof_reach_ns(&asked->asked));
	if (!asked->undo_sent_ns)
		return;
	from_ns =
		asked->undo_acked_ns + j->margin_ns + proof_settle_ns(&asked->asked, &asked->after);
	to_ns = minus(asked->after_to_ns, j->margin_ns);
	if (to_ns > from_ns + BESIDE_NS)
		to_ns = from_ns + BESIDE_NS;
	window_measure(&j->after, &j->stream, from_ns, to_ns, proof_reach_ns(&asked->after));
}

/* The sentence for a stretch that beacons do not cover. */
static const char *why_no_data(const struct judgement *j)
{
	const struct beacons *beacons = j->proof->input->beacons;
	struct arena *arena = j->proof->arena;
	unsigned from = j->asked->from, to = j->asked->to;
	const struct window *w = &j->during;

	if (from >= beacons->n_regions || !beacons->ends[from].has_sent)
		return "no beacons were sent: their process left no file";
	if (to >= beacons->n_regions || !beacons->ends[to].has_received)
		return "no beacons were received: their process left no file";
	if (w->to_ns <= w->from_ns)
		return "the fault was too short to be seen";
	if (beacons->ends[to].listen_to_ns < w->to_ns)
		return arena_printf(arena, "the receiver of the beacons ended at %.3f s",
			seconds(beacons->ends[to].listen_to_ns));
	if (beacons->ends[from].sent_to_ns + 2 * w->tainted * beacons->period_ns < w->from_ns)
		return arena_printf(arena, "the sender of the beacons ended at %.3f s",
			seconds(beacons->ends[from].sent_to_ns));
	return arena_printf(arena, "beacons cover %.0f %% of it (%llu count, %llu overlap a stall)",
		100 * window_coverage(w), (unsigned long long)w->sent,
		(unsigned long long)w->tainted);
}

static const char *duration(struct arena *arena, uint64_t ns)
{
	return arena_printf(arena, "%.3g ms", (double)ns / 1e6);
}

/* "loss is 3.1 % where 10 % was asked" */
static const char *why_differs(const struct judgement *j, const struct window *w,
	const struct impairment *imp, const char *what)
{
	struct arena *arena = j->proof->arena;

	if (*what == 'd')
		return arena_printf(arena, "the delay is %s where %s was asked",
			duration(arena, w->p50_ns), duration(arena, imp->delay_ns));
	if (*what == 'j')
		return arena_printf(arena, "the jitter is %s where %s was asked",
			duration(arena, (w->p84_ns - w->p16_ns) / 2),
			duration(arena, imp->jitter_ns));
	return arena_printf(arena, "%.3g %% of %llu packets were lost where %.3g %% was asked",
		100.0 * (double)w->lost / (double)w->sent, (unsigned long long)w->sent,
		imp->cut ? 100.0 : (double)imp->loss_ppm / 1e4);
}

bool proof_sees_only_rate(const struct impairment *a, const struct impairment *b)
{
	struct impairment x = *a, y = *b;

	x.rate_bps = y.rate_bps = 0;
	return impairment_equal(&x, &y);
}

/* Do the engine's own counters tell what beacons are too few for? */
static bool counters_show(const struct certificate_asked *asked, double alpha)
{
	struct gilbert old = chance_chain(&asked->before), new = chance_chain(&asked->asked);
	uint64_t n = asked->counted_packets, k = asked->counted_dropped;

	if (!asked->has_counters || chance_mean(&old) == chance_mean(&new))
		return false;
	if (chance_at_least(&new, n, k) < alpha || chance_at_most(&new, n, k) < alpha)
		return false;
	return chance_at_least(&old, n, k) < alpha || chance_at_most(&old, n, k) < alpha;
}

static void judge_unclear(struct judgement *j)
{
	const struct certificate_asked *asked = j->asked;
	bool by_read_back =
		proof_sees_only_rate(&asked->before, &asked->asked) && asked->read_back_equal;

	if (by_read_back || counters_show(asked, j->proof->yardstick.alpha))
		set(j, CERTIFIED, NULL);
	else
		set(j, CERTIFICATE_NO_DATA,
			arena_printf(j->proof->arena,
				"%llu beacons are too few to tell what was asked from what was there before",
				(unsigned long long)j->during.sent));
}

/* Of n blocks of equal length the first that fits what was before and not what was asked. */
static uint64_t find_lifted_block(const struct judgement *j, unsigned n, double alpha)
{
	const struct yardstick *whole = &j->proof->yardstick;
	uint64_t length_ns = (j->during.to_ns - j->during.from_ns) / n, from_ns = j->during.from_ns;
	struct yardstick each = *whole;

	each.alpha = alpha / n;
	each.z = chance_z(each.alpha);
	for (unsigned i = 0; i < n; i++, from_ns += length_ns) {
		struct window block;

		window_measure(&block, &j->stream, from_ns, from_ns + length_ns,
			proof_reach_ns(&j->asked->asked));
		if (window_contradicts(&block, &j->asked->asked, &each, NULL) &&
			!window_contradicts(&block, &j->asked->before, whole, NULL))
			return from_ns;
	}
	return 0;
}

/* Since when was the link as before? Fine blocks date it, coarse ones have the packets to see a
 * loss go; the error is shared among them. 0: it never was. */
static uint64_t find_lifted(const struct judgement *j)
{
	for (unsigned n = BLOCKS_MAX; n > 1; n /= 2) {
		uint64_t at_ns = 0;

		if (j->during.sent >= (uint64_t)n * BLOCK_PACKETS_MIN)
			at_ns = find_lifted_block(j, n, j->proof->yardstick.alpha / BLOCK_SCALES);
		if (at_ns)
			return at_ns;
	}
	return 0;
}

static bool judge_lifted(struct judgement *j)
{
	uint64_t lifted_ns = find_lifted(j);

	if (!lifted_ns)
		return false;
	set(j, CERTIFICATE_PARTIAL,
		arena_printf(j->proof->arena,
			"at about %.3f s the link was as before, though it was to last until %.3f s",
			seconds(lifted_ns), seconds(j->during.to_ns)));
	j->on.leak_ns = lifted_ns;
	return true;
}

static void judge_contradicted(struct judgement *j, const char *what, bool fits_before)
{
	struct arena *arena = j->proof->arena;

	if (fits_before)
		set(j, CERTIFICATE_NOT_IN_FORCE,
			arena_printf(arena, "nothing changed: %s",
				why_differs(j, &j->during, &j->asked->asked, what)));
	else if (j->asked->asked.cut && j->on.leak_ns && j->on.at_ns)
		set(j, CERTIFICATE_PARTIAL,
			arena_printf(arena,
				"packets sent from %.3f s on arrived, while the link was to be cut until %.3f s",
				seconds(j->on.leak_ns), seconds(j->during.to_ns)));
	else if (!judge_lifted(j))
		set(j, CERTIFICATE_PARTIAL, why_differs(j, &j->during, &j->asked->asked, what));
}

/* Were links that no fault touches slower than they are in the same stretch? */
static bool is_machine_busy(const struct judgement *j, const struct window *w)
{
	const struct certificate_input *input = j->proof->input;

	for (size_t i = 0; i < input->n_controls * BEACON_FAMILIES; i++) {
		const struct certificate_control *control = &input->controls[i / BEACON_FAMILIES];
		struct stream stream =
			proof_stream(j->proof, control->from, control->to, i % BEACON_FAMILIES);
		const char *what = NULL;
		struct window same;

		window_measure(
			&same, &stream, w->from_ns, w->to_ns, proof_reach_ns(&control->impairment));
		if (window_contradicts(&same, &control->impairment, &j->proof->yardstick, &what) &&
			*what != 'l')
			return true;
	}
	return false;
}

static void judge_during(struct judgement *j)
{
	const struct certificate_asked *asked = j->asked;
	const struct yardstick *yardstick = &j->proof->yardstick;
	const char *what = NULL;
	bool contradicts_asked, fits_before;

	if (window_coverage(&j->during) < COVERAGE_MIN) {
		set(j, CERTIFICATE_NO_DATA, why_no_data(j));
		return;
	}
	contradicts_asked = window_contradicts(&j->during, &asked->asked, yardstick, &what);
	fits_before = !window_contradicts(&j->during, &asked->before, yardstick, NULL);
	/* To a fault on packets that are not its own a beacon is a bystander, as other links are. */
	if (contradicts_asked && j->asked->match && *what != 'l' &&
		impairment_equal(&asked->before, &asked->asked) && is_machine_busy(j, &j->during))
		return;
	if (contradicts_asked) {
		judge_contradicted(j, what, fits_before);
		return;
	}
	if (impairment_equal(&asked->before, &asked->asked))
		return;
	if (fits_before)
		judge_unclear(j);
	else
		judge_lifted(j);
}

/*
 * Unlike the fault, its absence need not be shown at every instant: beacons that can have come from
 * the link as it was before, and not from the one with the fault, are enough. Only without those
 * does it matter that stalls have left too few. What a busy machine adds to all links is nobody's.
 */
static void judge_after(struct judgement *j)
{
	const struct yardstick *yardstick = &j->proof->yardstick;
	uint64_t length_ns = j->after.to_ns - j->after.from_ns;
	const char *what = NULL;
	bool fits, gone;

	if (!j->asked->undo_sent_ns || length_ns < PERIODS_TO_SEE * j->stream.period_ns)
		return;
	fits = !window_contradicts(&j->after, &j->asked->after, yardstick, &what);
	/* Of a fault that beacons do not meet there is nothing to be gone. */
	gone = impairment_equal(&j->asked->asked, &j->asked->after) ||
		window_contradicts(&j->after, &j->asked->asked, yardstick, NULL);
	if (!fits && gone && *what != 'l' && is_machine_busy(j, &j->after))
		return;
	if (fits && !gone && window_coverage(&j->after) < COVERAGE_MIN)
		set(j, CERTIFICATE_NO_DATA, "no beacons tell whether it was gone after its undo");
	if (fits)
		return;
	if (gone)
		set(j, CERTIFICATE_PARTIAL,
			arena_printf(j->proof->arena, "after its undo %s",
				why_differs(j, &j->after, &j->asked->after, what)));
	else
		set(j, CERTIFICATE_PARTIAL, "it was still there after its undo");
}

/* What the packets left open, the acknowledgements bracket. */
static void fill_instants(struct judgement *j)
{
	const struct certificate_asked *asked = j->asked;
	struct certificate_family *out = j->out;
	uint64_t gone_resolution_ns = j->off.resolution_ns;

	if (out->status == CERTIFICATE_NOT_IN_FORCE || out->status == CERTIFICATE_NO_DATA)
		return;
	out->in_force_ns = j->on.at_ns ? j->on.at_ns : asked->acked_ns;
	out->resolution_ns = j->on.at_ns ? j->on.resolution_ns : j->margin_ns;
	out->drain_ns = j->on.drain_ns;
	if (!asked->undo_sent_ns)
		return;
	out->gone_ns = j->off.at_ns;
	if (!out->gone_ns && asked->after.cut) {
		out->gone_ns = asked->undo_acked_ns;
		gone_resolution_ns = j->margin_ns;
	}
	if (j->on.leak_ns && out->status == CERTIFICATE_PARTIAL)
		out->gone_ns = j->on.leak_ns;
	if (gone_resolution_ns > out->resolution_ns)
		out->resolution_ns = gone_resolution_ns;
}

/* A link that was as asked before anybody asked (its beacons led astray, a path that was down all the
 * time) proves nothing by going on so. */
static void judge_before(struct judgement *j)
{
	const struct yardstick *yardstick = &j->proof->yardstick;
	uint64_t to_ns = j->before.to_ns, least_ns = BEFORE_PERIODS * j->stream.period_ns;
	uint64_t length_ns = BEFORE_NS > least_ns ? BEFORE_NS : least_ns;
	const char *what = NULL;
	struct window last;

	if (impairment_equal(&j->asked->before, &j->asked->asked) ||
		j->before.from_ns + length_ns > to_ns)
		return;
	window_measure(
		&last, &j->stream, to_ns - length_ns, to_ns, proof_reach_ns(&j->asked->before));
	if (!window_contradicts(&last, &j->asked->before, yardstick, &what) ||
		window_contradicts(&last, &j->asked->asked, yardstick, NULL))
		return;
	set(j, CERTIFICATE_NO_DATA,
		arena_printf(j->proof->arena, "it was so before the fault already: %s",
			why_differs(j, &last, &j->asked->before, what)));
}

static void judge_family(const struct proof *proof, const struct certificate_asked *asked,
	enum beacon_family family, struct certificate_family *out)
{
	struct judgement j = {
		.proof = proof,
		.asked = asked,
		.stream = proof_stream(proof, asked->from, asked->to, family),
		.margin_ns = proof_margin_ns(proof),
		.out = out,
	};

	*out = (struct certificate_family){.status = CERTIFIED};
	find_edges(&j);
	measure(&j);
	judge_during(&j);
	if (out->status == CERTIFIED)
		judge_before(&j);
	if (out->status == CERTIFIED)
		judge_after(&j);
	if (out->status == CERTIFIED && !asked->read_back_equal)
		set(&j, CERTIFICATE_PARTIAL, "the engine reads back something else than was asked");
	fill_instants(&j);
	out->before = window_report(&j.before, &asked->before);
	out->during = window_report(&j.during, &asked->asked);
	out->after = window_report(&j.after, &asked->after);
}

/* "IPv6: nothing changed: ..."; both families with the same fate speak as one. */
static void fold_families(const struct proof *proof, struct certificate_link *out)
{
	const struct certificate_family *four = &out->families[BEACON_IP4];
	const struct certificate_family *six = &out->families[BEACON_IP6];
	const struct certificate_family *worse = four->status == CERTIFIED ? six : four;

	out->status = proof_fold(four->status, six->status);
	if (out->status == CERTIFIED)
		return;
	if (four->status == six->status)
		out->why = four->why;
	else if (four->status == CERTIFIED || six->status == CERTIFIED)
		out->why = arena_printf(proof->arena, "%s, unlike %s: %s",
			worse == four ? "IPv4" : "IPv6", worse == four ? "IPv6" : "IPv4",
			worse->why);
	else
		out->why = arena_printf(proof->arena, "IPv4: %s; IPv6: %s", four->why, six->why);
}

void proof_link(const struct proof *proof, const struct certificate_asked *asked,
	struct certificate_link *out)
{
	*out = (struct certificate_link){
		.from = asked->from, .to = asked->to, .asked = asked->asked};
	for (int family = 0; family < BEACON_FAMILIES; family++)
		judge_family(proof, asked, family, &out->families[family]);
	fold_families(proof, out);
	if (asked->match)
		matched_judge(proof, asked, out);
	else
		exercise_judge(proof, asked, out);
}
