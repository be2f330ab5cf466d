/* links: the normal world between regions, `A <-> B: { rtt: 80ms }` or `A -> B: { delay: 62ms }`, and
 * `preset: NAME` for what is not said so. */
#include "suites/scenario/reader.h"

#include <string.h>

static struct scenario_word side(
	struct reader *r, const char *text, size_t len, struct place place, size_t offset)
{
	while (len && *text == ' ') {
		text++;
		len--;
		offset++;
	}
	while (len && text[len - 1] == ' ')
		len--;
	place.column += (unsigned)offset;
	return (struct scenario_word){arena_strndup(r->arena, text, len), place};
}

/* "A <-> B" or "A -> B" apart. */
static bool split_link(
	struct reader *r, const char *text, struct place place, struct scenario_link *out)
{
	const char *arrow = strstr(text, "->");
	size_t left, right;

	if (!arrow) {
		complain(r->complaints, place,
			"\"%.80s\" is no link; write A <-> B for both ways, or A -> B for one",
			text);
		return false;
	}
	out->both = arrow > text && arrow[-1] == '<';
	left = (size_t)(arrow - text) - out->both;
	right = (size_t)(arrow - text) + 2;
	out->from = side(r, text, left, place, 0);
	out->to = side(r, text + right, strlen(text + right), place, right);
	out->place = place;
	return reader_check_name(r, &out->from, "the name of a region") &&
		reader_check_name(r, &out->to, "the name of a region");
}

void reader_links(struct reader *r, const struct yaml *node, struct scenario *out)
{
	if (!reader_is(r, node, YAML_MAP, "links"))
		return;
	for (const struct yaml *v = node->first; v; v = v->next) {
		struct scenario_link link = {0};

		if (!strcmp(v->key, "preset")) {
			reader_name(r, v, "the name of a preset", &out->preset);
			continue;
		}
		if (!split_link(r, v->key, v->key_place, &link) ||
			!reader_is(r, v, YAML_MAP, "a link"))
			continue;
		reader_settings(r, v, NULL, 0, &link.settings);
		*ARENA_PUSH(r->arena, out->links, out->n_links) = link;
	}
}
