#include "suites/proof/matched.h"
#include "chaos/connections.h"
#include "fixtures/base/arena.h"
#include "fixtures/base/clock.h"
#include "fixtures/net/addr.h"
#include "fixtures/net/packet.h"
#include "probes/beacon_packet.h"
#include "suites/plan.h"
#include "suites/proof/exercise.h"
#include "suites/proof/refusal.h"

#include <netinet/in.h>
#include <stdlib.h>

#define BESIDE_NS (3 * NSEC_PER_SEC)  /* looked at, and so logged, before and after */
#define EARLY_NS NSEC_PER_MSEC        /* two captures stamp one packet this much apart at most */
#define LATE_NS (200 * NSEC_PER_MSEC) /* beyond what the link itself may take */
#define PAYLOAD 32                    /* of a beacon */

bool matched_hits_beacons(const struct match *match)
{
	struct match_view beacon = {.size = 40 + 8 + PAYLOAD,
		.protocol = MATCH_UDP,
		.has_ports = true,
		.ports = {BEACON_PORT, BEACON_PORT},
		.hosts = {ADDR_HOST_BEACON, ADDR_HOST_BEACON}};

	return match_hits(match, &beacon, NULL);
}

static enum match_protocol protocol_of(uint8_t number)
{
	return number == IPPROTO_TCP                                 ? MATCH_TCP
		: number == IPPROTO_UDP                              ? MATCH_UDP
		: number == IPPROTO_ICMP || number == IPPROTO_ICMPV6 ? MATCH_ICMP
								     : MATCH_PROTOCOL_ANY;
}

static struct match_view view_of(const struct packet_log_record *r)
{
	return (struct match_view){.size = r->size,
		.protocol = protocol_of(r->protocol),
		.has_ports = r->bits & PACKET_LOG_PORTS,
		.ports = {r->ports[0], r->ports[1]},
		.is_tcp = r->bits & PACKET_LOG_TCP,
		.tcp_flags = r->tcp_flags,
		.hosts = {r->hosts[0], r->hosts[1]},
		.connection = r->connection};
}

/* --- which packets were meant -------------------------------------------------------------------- */

struct memory {
	const struct certificate_asked *asked;
	uint64_t margin_ns;
	struct connections *seen, *unclear;
	bool in_force;
};

static bool is_meant(struct memory *memory, const struct packet_log_record *r)
{
	const struct certificate_asked *asked = memory->asked;
	struct match_view view = view_of(r);
	struct match match = *asked->match;

	if (!match_needs_connections(&match))
		return match_hits(&match, &view, NULL);
	if (!memory->in_force && r->at_ns >= asked->sent_ns) {
		connections_clear(memory->seen); /* the rule was laid and knew nobody */
		memory->in_force = true;
	}
	connections_see(memory->seen, &view);
	if (r->at_ns + memory->margin_ns >= asked->sent_ns &&
		r->at_ns <= asked->acked_ns + memory->margin_ns)
		connections_see(memory->unclear, &view);
	if (memory->in_force)
		return !connections_has(memory->unclear, &view) &&
			match_hits(&match, &view, memory->seen);
	/* All that were there before are established when it comes. */
	if (match.connections == MATCH_CONNECTIONS_ESTABLISHED) {
		match.connections = MATCH_CONNECTIONS_ANY;
		return view.is_tcp && match_hits(&match, &view, NULL);
	}
	return match_hits(&match, &view, memory->seen);
}

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static uint64_t end_of(const struct certificate_asked *asked)
{
	return asked->undo_sent_ns ? asked->undo_sent_ns : asked->after_to_ns;
}

/* --- what became of them ------------------------------------------------------------------------- */

struct arrival {
	uint64_t id, at_ns;
	bool taken;
};

struct arrivals {
	struct arrival *items;
	size_t n;
};

static int by_id(const void *a, const void *b)
{
	const struct arrival *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns);
}

static bool is_between(
	const struct packet_log_record *r, unsigned region, unsigned peer, enum capture_way way)
{
	return r->region == region && r->peer == peer && r->way == way &&
		(r->owner == CAPTURE_SYSTEM || r->owner == CAPTURE_PROBER);
}

static struct arrivals arrivals_of(const struct proof *proof, const struct certificate_asked *asked)
{
	const struct captures *captures = proof->input->captures;
	struct arrivals out = {
		arena_array(proof->arena, captures->n_packets + 1, sizeof(struct arrival)), 0};

	for (size_t i = 0; i < captures->n_packets; i++) {
		const struct packet_log_record *r = &captures->packets[i];

		if (is_between(r, asked->to, asked->from, CAPTURE_IN))
			out.items[out.n++] = (struct arrival){.id = r->id, .at_ns = r->at_ns};
	}
	qsort(out.items, out.n, sizeof(*out.items), by_id);
	return out;
}

/* When it came in, or 0. Of two that are alike each is taken once. */
static uint64_t take_arrival(
	struct arrivals *arrivals, const struct packet_log_record *r, uint64_t reach_ns)
{
	size_t low = 0, high = arrivals->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (arrivals->items[middle].id < r->id)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < arrivals->n && arrivals->items[low].id == r->id; low++) {
		struct arrival *a = &arrivals->items[low];

		if (a->taken || a->at_ns + EARLY_NS < r->at_ns || a->at_ns > r->at_ns + reach_ns)
			continue;
		a->taken = true;
		return a->at_ns > r->at_ns ? a->at_ns : r->at_ns;
	}
	return 0;
}

static uint64_t longest_ns(const struct certificate_asked *asked)
{
	const struct impairment *all[] = {
		&asked->matched_before, &asked->matched_asked, &asked->matched_after};
	uint64_t longest = 0;

	for (int i = 0; i < 3; i++) {
		uint64_t ns = proof_reach_ns(all[i]);

		longest = ns > longest ? ns : longest;
	}
	return longest + LATE_NS;
}

/* Sent while it was in force for certain, and no RST, which is never answered. */
static bool is_refusable(const struct certificate_asked *asked, const struct packet_log_record *r,
	uint64_t margin_ns)
{
	return r->at_ns >= asked->acked_ns + margin_ns && r->at_ns + margin_ns < end_of(asked) &&
		!(r->bits & PACKET_LOG_TCP && r->tcp_flags & PACKET_RST);
}

/* Returns how many of the packets that are meant had to be answered by a cut that refuses. */
static uint64_t collect(const struct proof *proof, const struct certificate_asked *asked,
	struct stream streams[BEACON_FAMILIES])
{
	const struct captures *captures = proof->input->captures;
	struct arrivals arrivals = arrivals_of(proof, asked);
	struct memory memory = {.asked = asked,
		.margin_ns = proof_margin_ns(proof),
		.seen = connections_new(),
		.unclear = connections_new()};
	struct beacon_sample *samples[BEACON_FAMILIES];
	uint64_t reach_ns = longest_ns(asked), refusable = 0;

	for (int f = 0; f < BEACON_FAMILIES; f++) {
		samples[f] = arena_array(
			proof->arena, captures->n_packets + 1, sizeof(struct beacon_sample));
		streams[f] = (struct stream){.samples = samples[f],
			.period_ns = proof->input->beacons->period_ns,
			.stalls = proof->input->stalls};
	}
	for (size_t i = 0; i < captures->n_packets; i++) {
		const struct packet_log_record *r = &captures->packets[i];
		int f = r->bits & PACKET_LOG_IP6 ? BEACON_IP6 : BEACON_IP4;

		if (!is_between(r, asked->from, asked->to, CAPTURE_OUT) || !is_meant(&memory, r))
			continue;
		refusable += is_refusable(asked, r, memory.margin_ns);
		samples[f][streams[f].n++] = (struct beacon_sample){
			.sent_ns = r->at_ns, .recv_ns = take_arrival(&arrivals, r, reach_ns)};
	}
	connections_free(memory.seen);
	connections_free(memory.unclear);
	return refusable;
}

/* --- the judgement ------------------------------------------------------------------------------- */

struct windows {
	struct window before, during, after;
};

static struct windows measure(const struct proof *proof, const struct certificate_asked *asked,
	const struct stream *stream)
{
	uint64_t margin_ns = proof_margin_ns(proof), from_ns = asked->before_from_ns + margin_ns;
	uint64_t to_ns = minus(asked->sent_ns, margin_ns);
	struct windows w = {.after = {.sent = 0}};

	if (from_ns + BESIDE_NS < to_ns)
		from_ns = to_ns - BESIDE_NS;
	window_measure(&w.before, stream, from_ns, to_ns, proof_reach_ns(&asked->matched_before));
	from_ns = asked->acked_ns + margin_ns +
		proof_settle_ns(&asked->matched_before, &asked->matched_asked);
	window_measure(&w.during, stream, from_ns, minus(end_of(asked), margin_ns),
		proof_reach_ns(&asked->matched_asked));
	if (!asked->undo_sent_ns)
		return w;
	from_ns = asked->undo_acked_ns + margin_ns +
		proof_settle_ns(&asked->matched_asked, &asked->matched_after);
	to_ns = minus(asked->after_to_ns, margin_ns);
	if (to_ns > from_ns + BESIDE_NS)
		to_ns = from_ns + BESIDE_NS;
	window_measure(&w.after, stream, from_ns, to_ns, proof_reach_ns(&asked->matched_after));
	return w;
}

/* Why one family's packets do not prove it; NULL: they do. *status: what they say then. */
static const char *judge_family(const struct proof *proof, const struct certificate_asked *asked,
	const struct windows *w, enum certificate_status *status)
{
	const struct yardstick *y = &proof->yardstick;
	const char *what = NULL;

	if (window_contradicts(&w->during, &asked->matched_asked, y, &what)) {
		bool as_before = !window_contradicts(&w->during, &asked->matched_before, y, NULL);

		*status = as_before ? CERTIFICATE_NOT_IN_FORCE : CERTIFICATE_PARTIAL;
		return arena_printf(proof->arena,
			"%s: of %llu packets that the fault means %llu were lost, median delay %.3g ms "
			"(%s is not as asked)",
			as_before ? "nothing changed" : "something else was done",
			(unsigned long long)w->during.sent, (unsigned long long)w->during.lost,
			(double)w->during.p50_ns / 1e6, what);
	}
	*status = CERTIFICATE_NOT_EXERCISED;
	if (!window_contradicts(&w->during, &asked->matched_before, y, NULL) &&
		!(proof_sees_only_rate(&asked->matched_before, &asked->matched_asked) &&
			asked->read_back_equal))
		return arena_printf(proof->arena,
			"%llu packets that the fault means are too few to tell what was asked from what "
			"was there before",
			(unsigned long long)w->during.sent);
	if (w->before.arrived + w->after.arrived == 0)
		return "no packet that the fault means crossed before or after it, so nobody knows "
		       "that they would have";
	if (window_contradicts(&w->after, &asked->matched_after, y, NULL) &&
		!window_contradicts(&w->after, &asked->matched_asked, y, NULL)) {
		*status = CERTIFICATE_PARTIAL;
		return "for the packets that it means it was still there after its undo";
	}
	*status = CERTIFIED;
	return NULL;
}

static void add(struct certificate_matched *sum, const struct window *w)
{
	if (!w->sent)
		return;
	sum->sent += w->sent;
	sum->lost += w->lost;
	if (w->p50_ns > sum->p50_ns)
		sum->p50_ns = w->p50_ns;
}

/* A sentence where the logs are not whole. */
static const char *why_no_log(const struct proof *proof, const struct certificate_asked *asked)
{
	const struct captures *captures = proof->input->captures;
	const unsigned ends[] = {asked->from, asked->to};

	for (int i = 0; i < 2; i++) {
		const char *region = proof->input->regions[ends[i]];

		if (!captures ||
			!exercise_is_covered(captures, ends[i], asked->sent_ns, end_of(asked)))
			return arena_printf(proof->arena,
				"no capture watched the packets at %s through the fault", region);
		for (size_t k = 0; k < captures->n_covers; k++) {
			if (captures->covers[k].region == ends[i] && captures->covers[k].dropped)
				return arena_printf(proof->arena,
					"the capture at %s missed packets, so that one it did not see "
					"may have crossed",
					region);
		}
		for (size_t k = 0; k < captures->n_packets; k++) {
			if (captures->packets[k].owner == PACKET_LOG_FULL &&
				captures->packets[k].region == ends[i] &&
				captures->packets[k].at_ns < end_of(asked))
				return arena_printf(proof->arena,
					"the log of packets at %s was full before the fault ended",
					region);
		}
	}
	return NULL;
}

/* Bystanders that did not move say nothing for the fault, only that it did not hit them. */
static void take_status(const struct proof *proof, struct certificate_link *link,
	enum certificate_status status, const char *why)
{
	if (link->status == CERTIFIED) {
		link->status = status;
		link->why = why;
	} else if (status != CERTIFIED) {
		link->status = proof_fold(link->status, status);
		link->why = arena_printf(proof->arena, "%s; %s", link->why, why);
	}
}

/* One family's part in *status, the fate of all packets meant so far. */
static void fold_family(const struct proof *proof, const struct certificate_asked *asked,
	const struct windows *w, struct certificate_link *link, enum certificate_status *status,
	const char **why)
{
	enum certificate_status one;
	const char *said = judge_family(proof, asked, w, &one);

	if (one == CERTIFICATE_NOT_EXERCISED) {
		link->matched_why = said;
		return;
	}
	*status = link->exercise == EXERCISE_YES ? proof_fold(*status, one) : one;
	*why = said ? said : *why;
	link->exercise = EXERCISE_YES;
}

void matched_judge(const struct proof *proof, const struct certificate_asked *asked,
	struct certificate_link *link)
{
	enum certificate_status status = CERTIFIED;
	const char *why = why_no_log(proof, asked);
	struct stream streams[BEACON_FAMILIES];
	uint64_t refusable;

	link->match = asked->match;
	link->matched_asked = asked->matched_asked;
	link->exercise = EXERCISE_UNKNOWN;
	link->matched_why = why;
	if (why)
		return;
	link->exercise = EXERCISE_NO;
	link->matched_why = "no packet that the fault means was sent while it was in force";
	refusable = collect(proof, asked, streams);
	for (int f = 0; f < BEACON_FAMILIES; f++) {
		struct windows w = measure(proof, asked, &streams[f]);

		add(&link->matched[0], &w.before);
		add(&link->matched[1], &w.during);
		add(&link->matched[2], &w.after);
		link->system_before += w.before.sent;
		link->system_attempted += w.during.sent;
		link->system_crossed += w.during.arrived;
		if (w.during.sent)
			fold_family(proof, asked, &w, link, &status, &why);
	}
	if (link->exercise == EXERCISE_YES)
		take_status(proof, link, status, why);
	if (refusal_is_asked(asked))
		refusal_judge(proof, asked, refusable, link);
}

struct packet_log_wish matched_wish(const struct plan *plan)
{
	struct packet_log_wish wish = {.n = 0};

	for (size_t i = 0; i < plan->n_faults; i++) {
		const struct plan_fault *fault = &plan->faults[i];
		uint64_t from_ns = fault->start_ns, to_ns = from_ns + fault->length_ns;

		if (!fault->effects.n_links || match_is_any(&fault->effects.links[0].match) ||
			wish.n == PACKET_LOG_WINDOWS_MAX)
			continue;
		wish.windows[wish.n++] = (struct packet_log_window){
			from_ns > BESIDE_NS ? from_ns - BESIDE_NS : 0, to_ns + BESIDE_NS};
	}
	return wish;
}
