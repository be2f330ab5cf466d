#include "suites/live/exposition.h"
#include "fixtures/base/buf.h"
#include "fixtures/json/jv.h"
#include "probes/marks.h"
#include "suites/live/vitals.h"
#include "suites/plan.h"

#include <stddef.h>

#define PREFIX "regionproof_watch_"

static void put_head(struct buf *out, const char *name, const char *unit, const char *help)
{
	buf_printf(out, "# TYPE " PREFIX "%s gauge\n", name);
	if (unit)
		buf_printf(out, "# UNIT " PREFIX "%s %s\n", name, unit);
	buf_printf(out, "# HELP " PREFIX "%s %s\n", name, help);
}

static void put_label(struct buf *out, const char *name, const char *value, const char *before)
{
	buf_printf(out, "%s%s=\"", before, name);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			buf_addc(out, '\\');
		if (*value == '\n')
			buf_puts(out, "\\n");
		else
			buf_addc(out, *value);
	}
	buf_addc(out, '"');
}

struct exposition {
	const struct plan *plan;
	const struct vitals *vitals;
	uint64_t now_ns;
	struct buf *out;
};

enum pair_value { PAIR_RTT, PAIR_DELAY, PAIR_LOSS, PAIR_STALENESS };

static double value_of(
	const struct exposition *s, enum pair_value which, unsigned from, unsigned to)
{
	struct vital_pair there = vitals_pair(s->vitals, from, to, s->now_ns), back;

	switch (which) {
	case PAIR_RTT:
		back = vitals_pair(s->vitals, to, from, s->now_ns);
		return there.delay_ns < 0 || back.delay_ns < 0
			? -1
			: (there.delay_ns + back.delay_ns) / 1e9;
	case PAIR_DELAY:
		return there.delay_ns / 1e9;
	case PAIR_LOSS:
		return there.loss;
	case PAIR_STALENESS:
		return there.staleness_ns / 1e9;
	}
	return -1;
}

static void put_pairs(const struct exposition *s, enum pair_value which, const char *name)
{
	unsigned n = (unsigned)s->plan->n_regions;

	for (unsigned from = 0; from < n; from++) {
		for (unsigned to = 0; to < n; to++) {
			double value = value_of(s, which, from, to);

			if (value < 0 || (from == to && which != PAIR_STALENESS))
				continue;
			buf_printf(s->out, PREFIX "%s{", name);
			put_label(s->out, "from", s->plan->regions[from].name, "");
			put_label(s->out, "to", s->plan->regions[to].name, ",");
			buf_printf(s->out, "} %.9g\n", value);
		}
	}
}

static void put_availability(const struct exposition *s)
{
	for (unsigned r = 0; r < s->plan->n_regions; r++) {
		struct vital_rates rates = vitals_rates(s->vitals, r, s->now_ns);

		if (rates.availability < 0)
			continue;
		buf_puts(s->out, PREFIX "availability_ratio{");
		put_label(s->out, "region", s->plan->regions[r].name, "");
		buf_printf(s->out, "} %.9g\n", rates.availability);
	}
}

static void put_node(const struct exposition *s, const char *name, size_t i)
{
	const struct endpoint *endpoint = &s->plan->endpoints[i];

	buf_printf(s->out, PREFIX "%s{", name);
	put_label(s->out, "node", endpoint->name, "");
	put_label(s->out, "region", s->plan->regions[endpoint->region].name, ",");
}

/* One of the three is 1. */
static void put_roles(const struct exposition *s)
{
	static const char *const names[] = {
		[ROLE_UNKNOWN] = "unknown", [ROLE_PRIMARY] = "primary", [ROLE_REPLICA] = "replica"};
	uint32_t epoch;

	for (size_t i = 0; i < s->plan->n_endpoints; i++) {
		for (int role = ROLE_UNKNOWN; role <= ROLE_REPLICA; role++) {
			put_node(s, "node_role", i);
			put_label(s->out, "role", names[role], ",");
			buf_printf(s->out, "} %d\n", vitals_role(s->vitals, i, &epoch) == role);
		}
	}
}

static void put_epochs(const struct exposition *s)
{
	for (size_t i = 0; i < s->plan->n_endpoints; i++) {
		uint32_t epoch;

		if (vitals_role(s->vitals, i, &epoch) == ROLE_UNKNOWN)
			continue;
		put_node(s, "node_epoch", i);
		buf_printf(s->out, "} %u\n", epoch);
	}
}

void exposition_write(
	const struct plan *plan, const struct vitals *vitals, uint64_t now_ns, struct buf *out)
{
	const struct exposition s = {plan, vitals, now_ns, out};

	put_head(out, "rtt_seconds", "seconds",
		"Mean round trip of beacons in the last second measured.");
	put_pairs(&s, PAIR_RTT, "rtt_seconds");
	put_head(out, "delay_seconds", "seconds", "Mean one-way delay of beacons.");
	put_pairs(&s, PAIR_DELAY, "delay_seconds");
	put_head(out, "loss_ratio", "ratio", "Share of beacons that did not arrive within 1.5 s.");
	put_pairs(&s, PAIR_LOSS, "loss_ratio");
	put_head(out, "staleness_seconds", "seconds",
		"Age of what clients in one region read of the other's last acknowledged write.");
	put_pairs(&s, PAIR_STALENESS, "staleness_seconds");
	put_head(out, "availability_ratio", "ratio",
		"Share of probes of the region's clients that succeeded.");
	put_availability(&s);
	put_head(out, "node_role", NULL, "1 for the role that the node says it has.");
	put_roles(&s);
	put_head(out, "node_epoch", NULL, "Term or timeline of the node, as it says.");
	put_epochs(&s);
	buf_puts(out, "# EOF\n");
}

struct jv *exposition_new(const struct plan *plan, const struct vitals *vitals, uint64_t now_ns)
{
	struct jv *body = jv_new_object();
	struct buf text = {0};

	exposition_write(plan, vitals, now_ns, &text);
	jv_set(body, "text", jv_new_string(buf_str(&text)));
	buf_release(&text);
	return body;
}
