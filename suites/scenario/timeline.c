/*
 * timeline: when what happens. Each entry has `at`, one key that says what it is (watch, quiet, do, webhook,
 * wait, purge, or a kind of fault), and `for` (actions: `within`) or `until` with `at-most`. What is no key of an entry and no kind of
 * fault is a setting of the fault (delay, loss, ...), looked up by the plan.
 */
#include "suites/scenario/reader.h"

#include <string.h>

static const char *const own_keys[] = {
	"at", "for", "until", "at-most", "name", "from", "direction", "overlaps", "watch", "quiet"};

/* No key says what happens: perhaps one is misspelt. */
static void complain_subject(struct reader *r, const struct yaml *node)
{
	const char *names[64] = {"watch", "quiet", "do", "webhook", "wait", "purge"};
	char near[128];
	size_t n = 6;

	for (size_t i = 0; faults[i] && n < READER_COUNT(names); i++)
		names[n++] = faults[i]->name;
	for (const struct yaml *v = node->first; v; v = v->next) {
		size_t i = 0;

		while (i < READER_COUNT(own_keys) && strcmp(own_keys[i], v->key))
			i++;
		if (i == READER_COUNT(own_keys) && *did_you_mean(v->key, names, n, near)) {
			complain(r->complaints, v->key_place, "\"%s\" is no kind of entry%s",
				v->key, near);
			return;
		}
	}
	complain(r->complaints, node->place,
		"the entry does not say what happens; give it watch, quiet or a fault such as "
		"partition (regionproof list faults)");
}

static bool is_action(const char *key)
{
	return !strcmp(key, "do") || !strcmp(key, "webhook") || !strcmp(key, "wait") ||
		!strcmp(key, "purge");
}

/* The key that says what the entry is: the first that is no key of every entry and names a fault,
 * or watch or quiet. */
static const struct yaml *find_subject(struct reader *r, const struct yaml *node)
{
	const struct yaml *found = NULL;

	for (const struct yaml *v = node->first; v; v = v->next) {
		bool is_subject = !strcmp(v->key, "watch") || !strcmp(v->key, "quiet") ||
			is_action(v->key) || fault_find(v->key);

		if (!is_subject)
			continue;
		if (found) {
			complain(r->complaints, v->key_place,
				"\"%s\" and \"%s\" in one entry; write two entries with the same \"at\"",
				found->key, v->key);
			return NULL;
		}
		found = v;
	}
	if (found)
		return found;
	complain_subject(r, node);
	return NULL;
}

static void read_length(struct reader *r, const struct yaml *node, struct scenario_entry *out)
{
	const struct yaml *length = yaml_get(node, "for"), *until = yaml_get(node, "until");
	const struct yaml *at_most = yaml_get(node, "at-most");
	struct scenario_word word;

	if (!until) {
		if (at_most)
			complain(r->complaints, at_most->key_place,
				"at-most goes with until; a fixed length is \"for\"");
		else if (!length)
			complain(
				r->complaints, node->place, "the entry needs \"for:\", its length");
		reader_value(r, length, PARAM_DURATION, "for", &out->for_ns);
	} else {
		out->until = UNTIL_FAILED_OVER;
		if (reader_word(r, until, "until", &word) && strcmp(word.text, "failed-over"))
			complain(r->complaints, word.place,
				"until takes failed-over, not \"%.40s\"", word.text);
		if (length)
			complain(r->complaints, length->key_place,
				"\"for\" and \"until\" in one entry; bound until by \"at-most\"");
		if (out->kind != ENTRY_FAULT)
			complain(r->complaints, until->key_place, "until is for faults");
		if (!at_most)
			complain(r->complaints, until->key_place,
				"until needs \"at-most:\"; nothing waits for ever");
		reader_value(r, at_most, PARAM_DURATION, "at-most", &out->for_ns);
	}
	if ((length || at_most) && !out->for_ns)
		complain(r->complaints, (length ? length : at_most)->place,
			"a length must be a duration above 0");
}

static void read_direction(struct reader *r, const struct yaml *node, struct scenario_entry *out)
{
	static const char *const names[] = {"both", "out", "in"};
	struct scenario_word word;
	char near[128];

	if (!reader_word(r, node, "direction", &word))
		return;
	for (size_t i = 0; i < READER_COUNT(names); i++) {
		if (!strcmp(word.text, names[i])) {
			out->direction = (enum fault_direction)i;
			return;
		}
	}
	complain(r->complaints, word.place, "direction is both, out or in, not \"%.40s\"%s",
		word.text, did_you_mean(word.text, names, READER_COUNT(names), near));
}

static void read_fault(struct reader *r, const struct yaml *node, const struct yaml *subject,
	struct scenario_entry *out)
{
	const char *skip[READER_COUNT(own_keys) + 1];

	out->kind = ENTRY_FAULT;
	out->fault = (struct scenario_word){subject->key, subject->key_place};
	reader_words(r, subject, subject->key, &out->subject);
	reader_words(r, yaml_get(node, "from"), "from", &out->from);
	reader_words(r, yaml_get(node, "overlaps"), "overlaps", &out->overlaps);
	read_direction(r, yaml_get(node, "direction"), out);
	if (yaml_get(node, "name"))
		reader_name(r, yaml_get(node, "name"), "the name of a fault", &out->name);
	memcpy(skip, own_keys, sizeof(own_keys));
	skip[READER_COUNT(own_keys)] = subject->key;
	reader_settings(r, node, skip, READER_COUNT(skip), &out->settings);
}

static void read_phase(struct reader *r, const struct yaml *node, const struct yaml *subject,
	struct scenario_entry *out)
{
	static const char *const watch[] = {"at", "for", "watch"},
				 *const quiet[] = {"at", "for", "quiet"};
	bool is_quiet = !strcmp(subject->key, "quiet");

	out->kind = is_quiet ? ENTRY_QUIET : ENTRY_WATCH;
	reader_check_keys(r, node, is_quiet ? quiet : watch, READER_COUNT(watch),
		is_quiet ? "a quiet phase" : "a phase to watch");
	reader_name(r, subject, "the name of a phase", &out->name);
}

static void read_action(struct reader *r, const struct yaml *node, const struct yaml *subject,
	struct scenario_entry *out)
{
	static const uint64_t limits_s[] = {
		[ACTION_DO] = 30, [ACTION_WEBHOOK] = 10, [ACTION_WAIT] = 600, [ACTION_PURGE] = 0};
	const char *const allowed[] = {"at", "name", subject->key, "within"};
	const struct yaml *within = yaml_get(node, "within");

	out->kind = ENTRY_ACTION;
	out->action = !strcmp(subject->key, "do")  ? ACTION_DO
		: !strcmp(subject->key, "webhook") ? ACTION_WEBHOOK
		: !strcmp(subject->key, "purge")   ? ACTION_PURGE
						   : ACTION_WAIT;
	reader_check_keys(r, node, allowed, READER_COUNT(allowed) - (out->action == ACTION_PURGE),
		"an action");
	reader_word(r, subject, subject->key, &out->what);
	if (out->action == ACTION_WEBHOOK && out->what.text &&
		strncmp(out->what.text, "http://", 7) && strncmp(out->what.text, "https://", 8))
		complain(r->complaints, out->what.place,
			"webhook takes a URL that begins with http:// or https://");
	if (yaml_get(node, "name"))
		reader_name(r, yaml_get(node, "name"), "the name of an action", &out->name);
	out->for_ns = limits_s[out->action] * UINT64_C(1000000000);
	if (within && reader_value(r, within, PARAM_DURATION, "within", &out->for_ns) &&
		!out->for_ns)
		complain(r->complaints, within->place, "within must be a duration above 0");
}

static void read_entry(struct reader *r, const struct yaml *node, struct scenario *out)
{
	struct scenario_entry entry = {.place = node->place};
	const struct yaml *subject, *at;

	if (!reader_is(r, node, YAML_MAP, "an entry of the timeline"))
		return;
	subject = find_subject(r, node);
	if (!subject)
		return;
	if (!strcmp(subject->key, "watch") || !strcmp(subject->key, "quiet"))
		read_phase(r, node, subject, &entry);
	else if (is_action(subject->key))
		read_action(r, node, subject, &entry);
	else
		read_fault(r, node, subject, &entry);
	at = reader_need(r, node, "at", "an entry of the timeline");
	if (at)
		reader_value(r, at, PARAM_DURATION, "at", &entry.at_ns);
	if (entry.kind != ENTRY_ACTION)
		read_length(r, node, &entry);
	*ARENA_PUSH(r->arena, out->entries, out->n_entries) = entry;
}

void reader_timeline(struct reader *r, const struct yaml *node, struct scenario *out)
{
	if (!reader_is(r, node, YAML_LIST, "timeline"))
		return;
	out->timeline_place = node->place;
	if (!node->n)
		complain(r->complaints, node->place,
			"timeline is empty; give it at least { at: 0s, watch: steady, for: 15s }");
	for (const struct yaml *v = node->first; v; v = v->next)
		read_entry(r, v, out);
}
