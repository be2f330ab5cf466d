#include "suites/proof/refusal.h"
#include "fixtures/base/arena.h"

static uint64_t end_of(const struct certificate_asked *asked)
{
	return asked->undo_sent_ns ? asked->undo_sent_ns : asked->after_to_ns;
}

bool refusal_is_asked(const struct certificate_asked *asked)
{
	const struct impairment *imp = asked->match ? &asked->matched_asked : &asked->asked;

	return imp->cut && imp->reject != REJECT_NONE;
}

static bool is_of_somebody(unsigned owner)
{
	return owner == CAPTURE_SYSTEM || owner == CAPTURE_PROBER;
}

static uint64_t count_sent(const struct captures *captures, const struct certificate_asked *asked,
	uint64_t from_ns, uint64_t to_ns)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < captures->n && captures->counts[i].at_ns < to_ns; i++) {
		const struct capture_count *c = &captures->counts[i];

		if (c->at_ns >= from_ns && c->region == asked->from && c->peer == asked->to &&
			c->way == CAPTURE_OUT && is_of_somebody(c->owner))
			sum += c->packets;
	}
	return sum;
}

static uint64_t count_resets(const struct captures *captures, const struct certificate_asked *asked,
	uint64_t from_ns, uint64_t to_ns)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < captures->n_tcp && captures->tcp[i].at_ns < to_ns; i++) {
		const struct capture_tcp *e = &captures->tcp[i];

		sum += e->at_ns >= from_ns && e->region == asked->from && e->peer == asked->to &&
			e->way == CAPTURE_OUT && e->kind == FLOW_RESET && is_of_somebody(e->owner);
	}
	return sum;
}

uint64_t refusal_count_refusable(const struct captures *captures,
	const struct certificate_asked *asked, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t sent = count_sent(captures, asked, from_ns, to_ns);
	uint64_t resets = count_resets(captures, asked, from_ns, to_ns);

	return sent > resets ? sent - resets : 0;
}

/* The last may come in the bucket in which the fault is undone. */
static void count_answers(const struct captures *captures, const struct certificate_asked *asked,
	struct certificate_link *link)
{
	uint64_t from_ns = asked->sent_ns, to_ns = end_of(asked) + CAPTURE_BUCKET_NS;

	from_ns -= from_ns < CAPTURE_BUCKET_NS ? from_ns : CAPTURE_BUCKET_NS;
	for (size_t i = 0; i < captures->n && captures->counts[i].at_ns < to_ns; i++) {
		const struct capture_count *c = &captures->counts[i];

		if (c->at_ns < from_ns || c->region != asked->from || c->peer != asked->to)
			continue;
		link->refused_by_rst += c->owner == CAPTURE_REFUSAL_RST ? c->packets : 0;
		link->refused_by_icmp += c->owner == CAPTURE_REFUSAL_ICMP ? c->packets : 0;
	}
}

void refusal_judge(const struct proof *proof, const struct certificate_asked *asked,
	uint64_t refusable, struct certificate_link *link)
{
	const struct impairment *imp = asked->match ? &asked->matched_asked : &asked->asked;
	const char *why;
	uint64_t answers;

	link->refusable = refusable;
	count_answers(proof->input->captures, asked, link);
	answers = link->refused_by_icmp;
	if (imp->reject == REJECT_RST)
		answers += link->refused_by_rst;
	if (refusable < REFUSABLE_MIN || 2 * answers >= refusable)
		return;
	why = arena_printf(proof->arena,
		"of %llu packets that were to be refused with %s %llu were; the others met silence",
		(unsigned long long)refusable, imp->reject == REJECT_RST ? "RST" : "ICMP",
		(unsigned long long)answers);
	link->why = link->status == CERTIFIED
		? why
		: arena_printf(proof->arena, "%s; %s", link->why, why);
	link->status = proof_fold(link->status, CERTIFICATE_PARTIAL);
}
