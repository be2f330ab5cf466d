/*
 * preset: links as somebody published them, for `links: { preset: NAME }`.
 *
 *	preset: aws
 *	version: 1
 *	about: what it is
 *	source: who measured it, and where it can be read
 *	date: when
 *	links:
 *	  us-east-1 <-> eu-west-1: { rtt: 80.55ms }    # or any <-> any, for every pair there is
 *
 * A preset without source and date is refused: numbers of unknown origin are not a normal world.
 */
#include "suites/scenario/reader.h"

#include <string.h>

static const char *const keys[] = {"preset", "version", "about", "source", "date", "links"};

static const char *text_of(struct reader *r, const struct yaml *root, const char *key)
{
	struct scenario_word word = {0};

	reader_word(r, reader_need(r, root, key, "a preset"), key, &word);
	return word.text ? word.text : "";
}

void preset_read(struct arena *arena, const struct source *source, struct preset *out,
	struct complaints *complaints)
{
	struct reader r = {arena, complaints};
	struct yaml *root = yaml_parse(arena, source, complaints);
	struct scenario scenario = {0};

	*out = (struct preset){0};
	if (!root || !reader_is(&r, root, YAML_MAP, "a preset"))
		return;
	reader_check_keys(&r, root, keys, READER_COUNT(keys), "a preset");
	out->name = text_of(&r, root, "preset");
	out->source = text_of(&r, root, "source");
	out->date = text_of(&r, root, "date");
	if (strcmp(text_of(&r, root, "version"), "1"))
		complain(complaints, root->place, "a preset of this version begins: version: 1");
	reader_links(&r, reader_need(&r, root, "links", "a preset"), &scenario);
	if (scenario.preset.text)
		complain(complaints, scenario.preset.place, "a preset has no preset of its own");
	out->links = scenario.links;
	out->n_links = scenario.n_links;
}
