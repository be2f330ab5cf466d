#include "suites/proof/edge.h"

#define SEPARATE_NOISE 4 /* delays this many noise floors apart have an edge */
#define SEPARATE_JITTER 8

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* The change lies between the last packet of the old kind, sent at old_ns, and the first of the new. */
static struct edge between(const struct edge_question *q, uint64_t old_ns, uint64_t new_ns)
{
	bool is_acked_between = q->acked_ns > old_ns && q->acked_ns <= new_ns;

	return (struct edge){
		.at_ns = is_acked_between ? q->acked_ns : new_ns,
		.resolution_ns = new_ns - old_ns,
	};
}

/* When packet i - 1 was sent, or would have been. */
static uint64_t previous_ns(const struct stream *stream, size_t i)
{
	return i ? stream->samples[i - 1].sent_ns
		 : minus(stream->samples[i].sent_ns, stream->period_ns);
}

/* How long after at_ns packets sent before it still arrived. */
static uint64_t drain_ns(const struct stream *stream, size_t end, uint64_t at_ns)
{
	uint64_t last_ns = at_ns;

	for (size_t i = 0; i < end; i++)
		if (stream->samples[i].recv_ns > last_ns)
			last_ns = stream->samples[i].recv_ns;
	return last_ns - at_ns;
}

static struct edge find_cut(const struct stream *stream, const struct edge_question *q)
{
	const struct beacon_sample *s = stream->samples;
	size_t start = stream_first_sent(stream, minus(q->sent_ns, q->margin_ns)), at = start, i;
	uint64_t grace_ns = q->acked_ns + q->margin_ns, end_ns = minus(q->until_ns, q->margin_ns);
	uint64_t leak_ns = 0;
	struct edge edge;

	for (i = start; i < stream->n && s[i].sent_ns < q->until_ns; i++) {
		if (s[i].recv_ns && s[i].sent_ns <= grace_ns)
			at = i + 1;
		else if (s[i].recv_ns && s[i].sent_ns < end_ns && !leak_ns)
			leak_ns = s[i].sent_ns;
	}
	if (at >= i || s[at].recv_ns)
		return (struct edge){.leak_ns = leak_ns};
	edge = between(q, previous_ns(stream, at), s[at].sent_ns);
	edge.drain_ns = drain_ns(stream, at, edge.at_ns);
	edge.leak_ns = leak_ns;
	return edge;
}

static struct edge find_heal(const struct stream *stream, const struct edge_question *q)
{
	const struct beacon_sample *s = stream->samples;

	for (size_t i = stream_first_sent(stream, minus(q->sent_ns, q->margin_ns));
		i < stream->n && s[i].sent_ns < q->until_ns; i++)
		if (s[i].recv_ns)
			return between(q, previous_ns(stream, i), s[i].sent_ns);
	return (struct edge){0};
}

/* Are this packet and at least two of the next three that arrive slower than this? */
static bool stays_above(const struct stream *stream, size_t i, uint64_t middle_ns)
{
	const struct beacon_sample *s = stream->samples;
	unsigned seen = 0, above = 0;

	if (!s[i].recv_ns || s[i].recv_ns - s[i].sent_ns <= middle_ns)
		return false;
	for (i++; i < stream->n && seen < 3; i++) {
		if (!s[i].recv_ns)
			continue;
		seen++;
		above += s[i].recv_ns - s[i].sent_ns > middle_ns;
	}
	return seen == 3 && above >= 2;
}

static struct edge find_delay(const struct stream *stream, const struct edge_question *q)
{
	uint64_t middle_ns = (q->before->delay_ns + q->after->delay_ns) / 2;
	size_t i = stream_first_sent(stream, minus(q->sent_ns, q->margin_ns));
	const struct beacon_sample *s = stream->samples;
	uint64_t old_ns = i < stream->n ? previous_ns(stream, i) : 0;

	for (; i < stream->n && s[i].sent_ns < q->until_ns; i++) {
		if (stays_above(stream, i, middle_ns))
			return between(q, old_ns, s[i].sent_ns);
		if (s[i].recv_ns)
			old_ns = s[i].sent_ns;
	}
	return (struct edge){0};
}

static bool is_separate_increase(const struct edge_question *q)
{
	uint64_t more_ns = minus(q->after->delay_ns, q->before->delay_ns);
	uint64_t jitter_ns = q->before->jitter_ns + q->after->jitter_ns;

	return more_ns && more_ns > SEPARATE_NOISE * q->floor_ns + SEPARATE_JITTER * jitter_ns;
}

struct edge edge_find(const struct stream *stream, const struct edge_question *q)
{
	if (q->after->cut && !q->before->cut)
		return find_cut(stream, q);
	if (q->before->cut && !q->after->cut)
		return find_heal(stream, q);
	if (!q->after->cut && is_separate_increase(q))
		return find_delay(stream, q);
	return (struct edge){
		.at_ns = q->acked_ns,
		.resolution_ns = q->acked_ns - q->sent_ns + stream->period_ns,
	};
}
