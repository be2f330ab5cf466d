/*
 * plan_trace: a link's delay as a recorded trace,
 *
 *	us <-> eu: { distribution: { trace: us-eu.ping } }                 round trips, half each way
 *	us -> eu:  { distribution: { trace: one-way.txt, of: delay } }     of one direction
 *
 * The file lies beside the scenario. A stored run keeps a copy beside its own, so that it can be judged
 * and repeated when the file is gone.
 */
#include "chaos/trace.h"
#include "fixtures/base/buf.h"
#include "suites/plan_parts.h"

#include <string.h>
#include <unistd.h>

#define TRACE_BYTES_MAX (64 << 20)

static const char trace_key[] = "distribution.trace", of_key[] = "distribution.of";

bool planner_is_trace(const struct scenario_setting *setting)
{
	return !strncmp(setting->name, "distribution.", strlen("distribution."));
}

static const struct scenario_setting *find(const struct scenario_link *link, const char *name)
{
	for (size_t i = 0; i < link->settings.n; i++) {
		if (!strcmp(link->settings.items[i].name, name))
			return &link->settings.items[i];
	}
	return NULL;
}

/* What says the delay as well; NULL: nothing. */
static const struct scenario_setting *find_rival(const struct scenario_link *link)
{
	static const char *const rivals[] = {"delay", "rtt", "jitter", "distribution"};

	for (size_t i = 0; i < link->settings.n; i++) {
		const struct scenario_setting *s = &link->settings.items[i];

		for (size_t k = 0; k < sizeof(rivals) / sizeof(*rivals); k++) {
			if (!strcmp(s->name, rivals[k]))
				return s;
		}
		if (planner_is_percentile(s))
			return s;
	}
	return NULL;
}

/* Is it of round trips? -1: nobody knows. */
static int is_round(struct planner *p, const struct scenario_link *link)
{
	const struct scenario_setting *of = find(link, of_key);

	if (of && strcmp(of->value.text, "rtt") && strcmp(of->value.text, "delay")) {
		complain(p->complaints, of->value.place, "of is rtt or delay, not \"%.40s\"",
			of->value.text);
		return -1;
	}
	if (of && !strcmp(of->value.text, "delay"))
		return 0;
	if (!link->both) {
		complain(p->complaints, find(link, trace_key)->name_place,
			"a link of one direction has no round trips; write of: delay for a trace of "
			"one-way delays");
		return -1;
	}
	return 1;
}

static void read_trace(struct planner *p, const struct scenario_setting *trace, bool round,
	struct impairment *impairment)
{
	const char *path = source_beside(p->arena, p->plan->path, trace->value.text);
	struct buf text = {0};
	struct err err;

	if (buf_read_file(&text, path, TRACE_BYTES_MAX, &err))
		complain(p->complaints, trace->value.place, "%s", err.text);
	else if (strlen(buf_str(&text)) != text.len)
		complain(p->complaints, trace->value.place, "%s holds NUL bytes; it is no text",
			path);
	else if (trace_set(buf_str(&text), round, impairment, NULL, &err))
		complain(p->complaints, trace->value.place, "%s: %s", path, err.text);
	else
		*ARENA_PUSH(p->arena, p->plan->traces, p->plan->n_traces) = path;
	buf_release(&text);
}

void planner_trace(
	struct planner *p, const struct scenario_link *link, struct impairment *impairment)
{
	const struct scenario_setting *trace = find(link, trace_key), *rival;
	int round;

	for (size_t i = 0; i < link->settings.n; i++) {
		const struct scenario_setting *s = &link->settings.items[i];

		if (planner_is_trace(s) && strcmp(s->name, trace_key) && strcmp(s->name, of_key)) {
			complain(p->complaints, s->name_place,
				"\"%.60s\" is nothing of a distribution; write { trace: FILE } or "
				"its name",
				s->name);
			return;
		}
	}
	if (!trace) {
		if (find(link, of_key))
			complain(p->complaints, find(link, of_key)->name_place,
				"\"of\" goes with \"trace\"");
		return;
	}
	round = is_round(p, link);
	rival = find_rival(link);
	if (rival)
		complain(p->complaints, rival->name_place,
			"the trace says delay and jitter already; leave \"%.40s\" out",
			rival->name);
	else if (round >= 0)
		read_trace(p, trace, round, impairment);
}
