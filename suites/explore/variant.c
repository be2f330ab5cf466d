#include "suites/explore/variant.h"
#include "fixtures/base/err.h"
#include "fixtures/json/jv.h"

#include <stdlib.h>
#include <string.h>

#define SCENARIO_MAX ((size_t)1 << 20)

static bool is_top_level(const char *line)
{
	return *line && !strchr(" \t\r\n#-", *line);
}

static size_t next_line(const char *text, size_t at)
{
	const char *end = strchr(text + at, '\n');

	return end ? (size_t)(end - text) + 1 : strlen(text);
}

/* The block from "timeline:" to the next key at the margin. */
static bool find_timeline(struct variant_source *source)
{
	const char *text = source->source.text;
	size_t at = 0;

	while (text[at] && strncmp(text + at, "timeline:", 9))
		at = next_line(text, at);
	if (!text[at])
		return false;
	source->timeline = at;
	do
		at = next_line(text, at);
	while (text[at] && !is_top_level(text + at));
	source->timeline_end = at;
	return true;
}

static bool find_faults(struct variant_source *source)
{
	bool found = false;

	for (size_t i = 0; i < source->scenario.n_entries; i++) {
		const struct scenario_entry *e = &source->scenario.entries[i];
		uint64_t end_ns = e->at_ns + e->for_ns;

		if (e->kind != ENTRY_FAULT)
			continue;
		if (!found || e->at_ns < source->start_ns)
			source->start_ns = e->at_ns;
		if (!found || end_ns > source->end_ns)
			source->end_ns = end_ns;
		found = true;
	}
	return found;
}

static const char *environment(const char *name)
{
	return getenv(name);
}

int variant_open(
	struct variant_source *source, const char *path, struct buf *errors, struct err *err)
{
	struct complaints complaints = {.out = errors};

	*source = (struct variant_source){0};
	if (buf_read_file(&source->text, path, SCENARIO_MAX, err)) {
		err->code = EXIT_SCENARIO;
		return -1;
	}
	source->source = (struct source){
		.file = path, .text = buf_str(&source->text), .len = source->text.len};
	complaints_add_source(&complaints, &source->source);
	scenario_read(
		&source->arena, &source->source, environment, NULL, &source->scenario, &complaints);
	complaints_finish(&complaints);
	if (source->scenario.variants.n) {
		buf_clear(errors); /* of what only its variants say */
		return err_exit(err, EXIT_SCENARIO,
			"%s has a matrix; what is varied must be one scenario, so write a file for "
			"the variant that is meant",
			path);
	}
	if (complaints.n)
		return err_exit(err, EXIT_SCENARIO, "%s is no valid scenario", path);
	if (source->scenario.n_bases)
		return err_exit(err, EXIT_SCENARIO,
			"%s extends %s; what is varied must be one file, so write into it what the "
			"other one says",
			path, source->scenario.bases[0]);
	if (!find_timeline(source) || !find_faults(source))
		return err_exit(err, EXIT_SCENARIO,
			"%s has no fault in its timeline, so there is nothing to vary", path);
	return 0;
}

void variant_close(struct variant_source *source)
{
	buf_release(&source->text);
	arena_release(&source->arena);
}

static void print_words(const char *key, const struct scenario_words *words, struct buf *out)
{
	if (!words->n)
		return;
	buf_printf(out, ", %s: [", key);
	for (size_t i = 0; i < words->n; i++)
		buf_printf(out, "%s%s", i ? ", " : "", words->items[i].text);
	buf_puts(out, "]");
}

static void print_fault(const struct scenario_entry *e, struct buf *out)
{
	static const char *const directions[] = {"both", "out", "in"};

	print_words(e->fault.text, &e->subject, out);
	print_words("from", &e->from, out);
	print_words("overlaps", &e->overlaps, out);
	if (e->direction)
		buf_printf(out, ", direction: %s", directions[e->direction]);
	for (size_t i = 0; i < e->settings.n; i++)
		buf_printf(out, ", %s: \"%s\"", e->settings.items[i].name,
			e->settings.items[i].value.text);
}

static unsigned long long ms(uint64_t ns)
{
	return (unsigned long long)(ns / 1000000);
}

/* A JSON string is one of YAML, too. */
static void print_action(const struct scenario_entry *e, struct buf *out)
{
	static const char *const words[] = {[ACTION_DO] = "do",
		[ACTION_WEBHOOK] = "webhook",
		[ACTION_WAIT] = "wait",
		[ACTION_PURGE] = "purge"};
	struct jv *what = jv_new_string(e->what.text ? e->what.text : "");

	buf_printf(out, ", %s: ", words[e->action]);
	jv_print(what, 0, out);
	if (e->for_ns)
		buf_printf(out, ", within: %llums", ms(e->for_ns));
	if (e->name.text)
		buf_printf(out, ", name: %s", e->name.text);
	buf_puts(out, " }\n");
	jv_free(what);
}

void variant_print_entry(const struct scenario_entry *e, struct buf *out)
{
	buf_printf(out, "  - { at: %llums", ms(e->at_ns));
	switch (e->kind) {
	case ENTRY_WATCH:
		buf_printf(out, ", watch: %s", e->name.text);
		break;
	case ENTRY_QUIET:
		buf_printf(out, ", quiet: %s", e->name.text);
		break;
	case ENTRY_FAULT:
		print_fault(e, out);
		if (e->name.text)
			buf_printf(out, ", name: %s", e->name.text);
		break;
	case ENTRY_ACTION:
		print_action(e, out);
		return;
	}
	if (e->until == UNTIL_FAILED_OVER)
		buf_printf(out, ", until: failed-over, at-most: %llums }\n", ms(e->for_ns));
	else
		buf_printf(out, ", for: %llums }\n", ms(e->for_ns));
}

static const struct scenario_entry *find_phase(
	const struct scenario_entry *entries, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (entries[i].name.text && !strcmp(entries[i].name.text, name))
			return &entries[i];
	}
	return NULL;
}

/* Does the expectation make sense over these entries? */
static bool still_holds(const struct variant_source *source, const struct scenario_expect *expect,
	const struct scenario_entry *entries, size_t n)
{
	const struct scenario_entry *now, *before;

	if (!expect->phase.text)
		return true;
	now = find_phase(entries, n, expect->phase.text);
	before = find_phase(
		source->scenario.entries, source->scenario.n_entries, expect->phase.text);
	if (!now)
		return false;
	return !expect->metric->is_bound_of_fault || (before && now->for_ns >= before->for_ns);
}

static bool is_dropped(const struct variant_source *source, const struct scenario_entry *entries,
	size_t n, unsigned line)
{
	for (size_t i = 0; i < source->scenario.n_expects; i++) {
		const struct scenario_expect *expect = &source->scenario.expects[i];

		if (expect->place.line == line && expect->place.file == source->source.file &&
			!still_holds(source, expect, entries, n))
			return true;
	}
	return false;
}

static void print_timeline(const struct scenario_entry *entries, size_t n, struct buf *out)
{
	buf_puts(out, "timeline:\n");
	for (size_t i = 0; i < n; i++)
		variant_print_entry(&entries[i], out);
	buf_puts(out, "\n");
}

void variant_print(const struct variant_source *source, const struct scenario_entry *entries,
	size_t n, uint64_t seed, const char *head, struct buf *out)
{
	const char *text = source->source.text;
	size_t at = 0, next;

	buf_printf(out, "# %s\n", head);
	for (unsigned line = 1; text[at]; line++, at = next) {
		next = next_line(text, at);
		if (at == source->timeline)
			print_timeline(entries, n, out);
		if ((at >= source->timeline && at < source->timeline_end) ||
			!strncmp(text + at, "seed:", 5))
			continue;
		if (is_dropped(source, entries, n, line))
			buf_puts(out, "#");
		buf_add(out, text + at, next - at);
		if (!strncmp(text + at, "scenario:", 9))
			buf_printf(out, "seed: %llu\n", (unsigned long long)seed);
	}
}
