/*
 * abort_if: one line of `safety: { abort-if: [...] }`.
 *
 *   metric[.stat] OP value [for reads|writes] [at REGION] [for TIME]
 *
 * An expectation's grammar with a time: how long the line must be crossed, without a break. The time is taken
 * out of a copy of the text, blank for character, so that what the expectation's parser says of the rest
 * points at the right column.
 */
#include "suites/scenario/reader.h"

#include <ctype.h>
#include <string.h>

/* "for 5s" within the text: *start of its "for", *value of its time; false: there is none. */
static bool find_time(const char *text, size_t *start, size_t *value)
{
	for (const char *at = strstr(text, "for"); at; at = strstr(at + 3, "for")) {
		const char *v = at + 3;

		if ((at > text && !isspace((unsigned char)at[-1])) || !isspace((unsigned char)*v))
			continue;
		v += strspn(v, " \t");
		if (!isdigit((unsigned char)*v))
			continue;
		*start = (size_t)(at - text);
		*value = (size_t)(v - text);
		return true;
	}
	return false;
}

/* The node without its time; the time goes into *for_ns. */
static bool take_time(struct reader *r, struct yaml *node, uint64_t *for_ns)
{
	char *text = arena_strdup(r->arena, node->text);
	size_t start, value, end;
	struct err err;

	*for_ns = 0;
	if (!find_time(text, &start, &value))
		return true;
	end = value + strcspn(text + value, " \t");
	if (param_parse_value(PARAM_DURATION, arena_strndup(r->arena, text + value, end - value),
		    for_ns, &err)) {
		complain(r->complaints, yaml_place_in(node, value), "%s", err.text);
		return false;
	}
	memset(text + start, ' ', end - start);
	node->text = text;
	return true;
}

/* What nobody can know before the end of a run, or what has no meaning here. */
static bool check(struct reader *r, const struct scenario_expect *e)
{
	const struct scenario_word *unfit = e->phase.text ? &e->phase
		: e->from.text                            ? &e->from
		: e->warn_word.text                       ? &e->warn_word
		: e->confidence_word.text                 ? &e->confidence_word
							  : NULL;
	bool is_class = e->filter.text &&
		(!strcmp(e->filter.text, "reads") || !strcmp(e->filter.text, "writes"));

	if (unfit)
		complain(r->complaints, unfit->place,
			"a condition to abort takes for reads|writes, at REGION and for TIME only");
	else if (e->filter.text && !is_class)
		complain(r->complaints, e->filter.place,
			"groups are not told apart while a run goes on; write for reads, for writes or "
			"for TIME such as 5s");
	else if (e->each_region)
		complain(r->complaints, e->region.place,
			"it looks at each region anyway: whichever crosses the line first counts");
	else
		return true;
	return false;
}

void reader_abort_if(struct reader *r, const struct yaml *node, struct scenario *out)
{
	if (!reader_is(r, node, YAML_LIST, "abort-if"))
		return;
	for (const struct yaml *v = node->first; v; v = v->next) {
		struct scenario_abort abort = {.text = v->text};
		struct yaml rest = *v;

		if (reader_is(r, v, YAML_TEXT, "a condition to abort") &&
			take_time(r, &rest, &abort.for_ns) &&
			expect_parse(r, &rest, &abort.expect) && check(r, &abort.expect))
			*ARENA_PUSH(r->arena, out->aborts, out->n_aborts) = abort;
	}
}
