/*
 * plan_percentiles: a link's delay as somebody measured it,
 *
 *	us <-> eu: { rtt-percentiles: { p1: 78ms, p50: 80ms, p99: 95ms, p99.9: 140ms } }
 *	us -> eu:  { delay-percentiles: { p50: 40ms, p99: 48ms } }
 *
 * The numbers stand in the scenario, so a stored run has them. Half of a round trip goes to each way;
 * the two halves are drawn independently, so measured again the round trip is narrower than the one
 * that was written.
 */
#include "chaos/percentiles.h"
#include "suites/plan_parts.h"

#include <stdlib.h>
#include <string.h>

static const char delay_key[] = "delay-percentiles", rtt_key[] = "rtt-percentiles";

static const char *after_key(const char *name, const char *key)
{
	size_t len = strlen(key);

	return !strncmp(name, key, len) && (!name[len] || name[len] == '.') ? name + len : NULL;
}

bool planner_is_percentile(const struct scenario_setting *setting)
{
	return after_key(setting->name, delay_key) || after_key(setting->name, rtt_key);
}

/* ".p99.9" */
static bool parse_at(const char *text, double *out)
{
	size_t digits, rest = 0;

	if (strncmp(text, ".p", 2))
		return false;
	text += 2;
	digits = strspn(text, "0123456789");
	if (text[digits] == '.')
		rest = 1 + strspn(text + digits + 1, "0123456789");
	if (!digits || rest == 1 || text[digits + rest] || digits + rest > 12)
		return false;
	*out = strtod(text, NULL);
	return *out <= 100;
}

static bool take(struct planner *p, const struct scenario_link *link,
	const struct scenario_setting *setting, struct percentile *out)
{
	const char *at = after_key(setting->name, delay_key);
	struct err err;

	if (!at) {
		at = after_key(setting->name, rtt_key);
		if (!link->both) {
			complain(p->complaints, setting->name_place,
				"a link of one direction has no %s; give it %s", rtt_key,
				delay_key);
			return false;
		}
	}
	if (!parse_at(at, &out->at)) {
		complain(p->complaints, setting->name_place,
			"\"%.80s\" is no percentile; write { p50: 40ms, p99: 90ms }",
			*at ? at + 1 : setting->name);
		return false;
	}
	if (param_parse_value(PARAM_DURATION, setting->value.text, &out->delay_ns, &err)) {
		complain(p->complaints, setting->value.place, "%s: %s", at + 1, err.text);
		return false;
	}
	if (after_key(setting->name, rtt_key))
		out->delay_ns /= 2;
	return true;
}

/* What percentiles say already; NULL: nothing. */
static const struct scenario_setting *find_rival(
	const struct scenario_link *link, const struct scenario_setting *first)
{
	static const char *const rivals[] = {"delay", "rtt", "jitter", "distribution"};
	bool rtt = after_key(first->name, rtt_key);

	for (size_t i = 0; i < link->settings.n; i++) {
		const struct scenario_setting *s = &link->settings.items[i];

		for (size_t k = 0; k < sizeof(rivals) / sizeof(*rivals); k++) {
			if (!strcmp(s->name, rivals[k]))
				return s;
		}
		if (after_key(s->name, rtt ? delay_key : rtt_key))
			return s;
	}
	return NULL;
}

void planner_percentiles(
	struct planner *p, const struct scenario_link *link, struct impairment *impairment)
{
	struct percentile points[PERCENTILES_MAX];
	const struct scenario_setting *first = NULL, *rival;
	struct err err;
	size_t n = 0;

	for (size_t i = 0; i < link->settings.n; i++) {
		const struct scenario_setting *setting = &link->settings.items[i];

		if (!planner_is_percentile(setting))
			continue;
		first = first ? first : setting;
		if (n == PERCENTILES_MAX) {
			complain(p->complaints, setting->name_place, "more than %d percentiles",
				PERCENTILES_MAX);
			return;
		}
		if (!take(p, link, setting, &points[n++]))
			return;
	}
	if (!first)
		return;
	rival = find_rival(link, first);
	if (rival)
		complain(p->complaints, rival->name_place,
			"percentiles say delay and jitter already; leave \"%.40s\" out",
			rival->name);
	else if (percentiles_set(points, n, impairment, &err))
		complain(p->complaints, first->name_place, "%s", err.text);
}
