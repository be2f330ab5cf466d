#include "suites/proof/traffic.h"
#include "fixtures/base/arena.h"

#include <stdlib.h>

const char *traffic_stage_name(enum traffic_stage stage)
{
	static const char *const names[] = {[TRAFFIC_BEFORE] = "before",
		[TRAFFIC_DURING] = "during",
		[TRAFFIC_AFTER] = "after"};

	return names[stage];
}

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static void bound(const struct certificate_asked *asked, struct traffic *t)
{
	uint64_t gone_ns = asked->undo_sent_ns ? asked->undo_sent_ns : asked->after_to_ns;
	uint64_t length_ns = minus(gone_ns, asked->acked_ns);
	uint64_t longest_ns;

	switch (t->stage) {
	case TRAFFIC_BEFORE:
		t->to_ns = asked->sent_ns;
		t->from_ns = minus(t->to_ns, length_ns);
		if (t->from_ns < asked->before_from_ns)
			t->from_ns = asked->before_from_ns;
		break;
	case TRAFFIC_DURING:
		t->from_ns = asked->acked_ns;
		t->to_ns = gone_ns;
		break;
	case TRAFFIC_AFTER:
		t->from_ns = asked->undo_acked_ns;
		longest_ns = t->from_ns + length_ns;
		t->to_ns = asked->after_to_ns < longest_ns ? asked->after_to_ns : longest_ns;
		if (!asked->undo_sent_ns)
			t->from_ns = t->to_ns = 0;
		break;
	case TRAFFIC_STAGES:
		break;
	}
	if (t->to_ns < t->from_ns)
		t->to_ns = t->from_ns;
}

static void count_packets(const struct captures *captures, struct traffic *t)
{
	for (size_t i = 0; i < captures->n && captures->counts[i].at_ns < t->to_ns; i++) {
		const struct capture_count *c = &captures->counts[i];

		if (c->at_ns < t->from_ns || c->owner != CAPTURE_SYSTEM)
			continue;
		if (c->region == t->from && c->peer == t->to && c->way == CAPTURE_OUT) {
			t->sent += c->packets;
			t->bytes += c->bytes;
		} else if (c->region == t->to && c->peer == t->from && c->way == CAPTURE_IN) {
			t->crossed += c->packets;
			if (!t->first_ns)
				t->first_ns = c->at_ns;
			t->last_ns = c->at_ns;
		}
	}
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* At the end that asks: its SYN goes out, the answer comes in. */
static void count_event(const struct capture_tcp *e, struct traffic *t, uint64_t *rtts)
{
	if (e->way == CAPTURE_IN) {
		if (e->kind == FLOW_HANDSHAKE)
			rtts[t->answered++] = e->value_ns;
		return;
	}
	t->opened += e->kind == FLOW_SYN;
	t->retransmissions += e->kind == FLOW_RETRANSMIT;
	t->resets += e->kind == FLOW_RESET;
}

static void count_connections(const struct captures *captures, struct traffic *t, uint64_t *rtts)
{
	for (size_t i = 0; i < captures->n_tcp && captures->tcp[i].at_ns < t->to_ns; i++) {
		const struct capture_tcp *e = &captures->tcp[i];

		if (e->at_ns >= t->from_ns && e->region == t->from && e->peer == t->to &&
			e->owner == CAPTURE_SYSTEM)
			count_event(e, t, rtts);
	}
	if (!t->answered)
		return;
	qsort(rtts, t->answered, sizeof(*rtts), by_value);
	t->handshake_ns = rtts[t->answered / 2];
}

struct traffic *traffic_measure(struct arena *arena, const struct captures *captures,
	const struct certificate_asked *links, size_t n_links, size_t *n)
{
	struct traffic *rows = arena_array(arena, n_links * TRAFFIC_STAGES + 1, sizeof(*rows));
	uint64_t *rtts = arena_array(arena, captures->n_tcp + 1, sizeof(*rtts));

	*n = n_links * TRAFFIC_STAGES;
	for (size_t i = 0; i < *n; i++) {
		const struct certificate_asked *asked = &links[i / TRAFFIC_STAGES];

		rows[i] = (struct traffic){.from = asked->from,
			.to = asked->to,
			.stage = (enum traffic_stage)(i % TRAFFIC_STAGES)};
		bound(asked, &rows[i]);
		count_packets(captures, &rows[i]);
		count_connections(captures, &rows[i], rtts);
	}
	return rows;
}
