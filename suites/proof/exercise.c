#include "suites/proof/exercise.h"
#include "fixtures/base/arena.h"
#include "suites/proof/refusal.h"

#include <math.h>

#define BURSTS_MIN 500  /* for about 10 % of the mean length */
#define OTHERS_SHARE 50 /* packets of others between the beacons: less than 1/50 */

struct question {
	unsigned region, peer;
	enum capture_way way;
	bool own_too; /* the prober's beside the system's */
	uint64_t from_ns, to_ns;
};

static uint64_t count(const struct captures *captures, const struct question *q)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < captures->n; i++) {
		const struct capture_count *c = &captures->counts[i];

		if (c->at_ns >= q->to_ns)
			break; /* sorted by time */
		if (c->at_ns >= q->from_ns && c->region == q->region && c->peer == q->peer &&
			c->way == q->way &&
			(c->owner == CAPTURE_SYSTEM || (q->own_too && c->owner == CAPTURE_PROBER)))
			sum += c->packets;
	}
	return sum;
}

bool exercise_is_covered(
	const struct captures *captures, unsigned region, uint64_t from_ns, uint64_t to_ns)
{
	for (size_t i = 0; i < captures->n_covers; i++) {
		const struct capture_cover *cover = &captures->covers[i];

		if (cover->region == region && cover->from_ns <= from_ns && cover->to_ns >= to_ns)
			return true;
	}
	return false;
}

/* When the fault was on for certain, for packets at the receiving end too. */
static void bounds(const struct certificate_link *link, const struct certificate_asked *asked,
	uint64_t *from_ns, uint64_t *to_ns)
{
	*from_ns = asked->acked_ns;
	*to_ns = asked->undo_sent_ns ? asked->undo_sent_ns : asked->after_to_ns;
	for (int f = 0; f < BEACON_FAMILIES; f++)
		if (link->families[f].in_force_ns > *from_ns)
			*from_ns = link->families[f].in_force_ns;
}

static void count_system(const struct captures *captures, const struct certificate_asked *asked,
	uint64_t from_ns, uint64_t to_ns, uint64_t margin_ns, struct certificate_link *link)
{
	unsigned from = asked->from, to = asked->to;
	struct question out = {from, to, CAPTURE_OUT, false, asked->before_from_ns, asked->sent_ns};
	struct question back = {
		to, from, CAPTURE_OUT, false, asked->before_from_ns, asked->sent_ns};
	struct question tried = {from, to, CAPTURE_OUT, false, from_ns, to_ns};
	struct question crossed = {to, from, CAPTURE_IN, false, from_ns + margin_ns, to_ns};

	link->system_before = count(captures, &out) + count(captures, &back);
	link->system_attempted = count(captures, &tried);
	if (to_ns > margin_ns)
		crossed.to_ns = to_ns - margin_ns;
	link->system_crossed = count(captures, &crossed);
}

static void judge_use(const struct proof *proof, const struct certificate_asked *asked,
	struct certificate_link *link)
{
	const struct captures *captures = proof->input->captures;
	uint64_t from_ns, to_ns;

	bounds(link, asked, &from_ns, &to_ns);
	count_system(captures, asked, from_ns, to_ns,
		proof_margin_ns(proof) + CAPTURE_BUCKET_NS + proof_reach_ns(&asked->before), link);
	if (link->system_before && link->system_attempted)
		link->exercise = EXERCISE_YES;
	else if (exercise_is_covered(captures, asked->from, asked->sent_ns, to_ns))
		link->exercise = EXERCISE_NO;
	else
		link->exercise = EXERCISE_UNKNOWN;
	if (refusal_is_asked(asked) && link->exercise == EXERCISE_YES)
		refusal_judge(proof, asked,
			refusal_count_refusable(captures, asked, from_ns + CAPTURE_BUCKET_NS,
				to_ns - CAPTURE_BUCKET_NS),
			link);
	if (!asked->asked.cut || !link->system_crossed || link->status != CERTIFIED)
		return;
	link->status = CERTIFICATE_PARTIAL;
	link->why = arena_printf(proof->arena,
		"%llu packets of the system crossed the cut, though no "
		"beacon did",
		(unsigned long long)link->system_crossed);
}

struct runs {
	uint64_t lost, bursts, packets;
	bool in_burst;
};

static void add_packet(struct runs *runs, const struct beacon_sample *s)
{
	runs->packets++;
	if (!s->recv_ns) {
		runs->lost++;
		runs->bursts += !runs->in_burst;
	}
	runs->in_burst = !s->recv_ns;
}

/* Both families share the link's chain, so runs are counted over both in the order of sending. */
static struct runs count_runs(const struct proof *proof, const struct certificate_asked *asked,
	uint64_t from_ns, uint64_t to_ns)
{
	struct stream four = proof_stream(proof, asked->from, asked->to, BEACON_IP4);
	struct stream six = proof_stream(proof, asked->from, asked->to, BEACON_IP6);
	size_t i = stream_first_sent(&four, from_ns), j = stream_first_sent(&six, from_ns);
	struct runs runs = {0};

	for (;;) {
		bool has_four = i < four.n && four.samples[i].sent_ns < to_ns;
		bool has_six = j < six.n && six.samples[j].sent_ns < to_ns;

		if (!has_four && !has_six)
			return runs;
		if (has_four && (!has_six || four.samples[i].sent_ns <= six.samples[j].sent_ns))
			add_packet(&runs, &four.samples[i++]);
		else
			add_packet(&runs, &six.samples[j++]);
	}
}

/* Only beacons on the link: with others in between they see shorter bursts than there are. */
static bool beacons_are_alone(const struct proof *proof, const struct certificate_asked *asked,
	uint64_t from_ns, uint64_t to_ns, uint64_t beacons)
{
	struct question others = {asked->from, asked->to, CAPTURE_OUT, true, from_ns, to_ns};

	return proof->input->captures &&
		exercise_is_covered(proof->input->captures, asked->from, from_ns, to_ns) &&
		count(proof->input->captures, &others) * OTHERS_SHARE <= beacons;
}

static void judge_bursts(const struct proof *proof, const struct certificate_asked *asked,
	struct certificate_link *link)
{
	double length = (double)asked->asked.loss_burst, allowed;
	uint64_t from_ns, to_ns;
	struct runs runs;

	bounds(link, asked, &from_ns, &to_ns);
	runs = count_runs(proof, asked, from_ns, to_ns);
	link->n_bursts = runs.bursts;
	link->mean_burst = runs.bursts ? (double)runs.lost / (double)runs.bursts : 0;
	if (asked->asked.cut || asked->asked.loss_burst < 2 || runs.bursts < BURSTS_MIN ||
		!beacons_are_alone(proof, asked, from_ns, to_ns, runs.packets))
		return;
	allowed = proof->yardstick.z * sqrt(length * (length - 1) / (double)runs.bursts);
	link->burst_certified = fabs(link->mean_burst - length) <= allowed;
	if (link->burst_certified || link->status != CERTIFIED)
		return;
	link->status = CERTIFICATE_PARTIAL;
	link->why = arena_printf(proof->arena,
		"bursts of losses are %.2f long where %.0f was asked", link->mean_burst, length);
}

void exercise_judge(const struct proof *proof, const struct certificate_asked *asked,
	struct certificate_link *link)
{
	link->exercise = EXERCISE_UNKNOWN;
	if (proof->input->captures)
		judge_use(proof, asked, link);
	judge_bursts(proof, asked, link);
}
