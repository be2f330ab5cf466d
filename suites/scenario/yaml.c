#include "suites/scenario/yaml.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* A parse under way. The stack holds the open maps and lists; `key` is a map's key whose value has
 * not come yet. */
struct builder {
	struct arena *arena;
	const struct source *source;
	struct complaints *complaints;
	struct yaml *stack[YAML_DEPTH_MAX];
	struct yaml *last[YAML_DEPTH_MAX]; /* last child of each */
	size_t depth, nodes;
	struct yaml *root;
	const char *key;
	struct place key_place;
};

static struct place place_of(const struct builder *b, const yaml_mark_t *mark)
{
	return (struct place){
		b->source->file, (unsigned)mark->line + 1, (unsigned)mark->column + 1};
}

/* Length of the UTF-8 character at s, 0 where there is none (also for surrogates and overlong). */
static size_t utf8_length(const unsigned char *s, size_t left)
{
	size_t n = s[0] < 0x80 ? 1
		: s[0] < 0xc2  ? 0
		: s[0] < 0xe0  ? 2
		: s[0] < 0xf0  ? 3
		: s[0] < 0xf5  ? 4
			       : 0;

	if (!n || n > left)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
		(s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

static int check_text(struct builder *b)
{
	const unsigned char *s = (const unsigned char *)b->source->text;
	struct place at = {b->source->file, 1, 1};
	size_t n;

	if (b->source->len > YAML_SIZE_MAX) {
		complain(b->complaints, at, "the file has %zu bytes; at most %d are read",
			b->source->len, YAML_SIZE_MAX);
		return -1;
	}
	for (size_t i = 0; i < b->source->len; i += n) {
		n = utf8_length(s + i, b->source->len - i);
		if (!n) {
			complain(b->complaints, at,
				"byte 0x%02x is not UTF-8; save the file as UTF-8", s[i]);
			return -1;
		}
		at.column++;
		if (s[i] == '\n') {
			at.line++;
			at.column = 1;
		}
	}
	return 0;
}

/* The mistake most often made: ${NAME} in a flow map, where its brace opens another map. */
static bool line_has_variable(const struct source *source, size_t line)
{
	const char *at = source->text;
	size_t len;

	for (; line && at; line--) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	if (!at)
		return false;
	len = strcspn(at, "\n");
	return memmem(at, len, "${", 2) != NULL;
}

static int complain_syntax(struct builder *b, const yaml_parser_t *parser)
{
	struct place at = place_of(b, &parser->problem_mark);
	size_t line = parser->problem_mark.line;

	if (line_has_variable(b->source, line))
		complain(b->complaints, at,
			"this is not YAML; inside { } and [ ] put a variable in quotes: \"${NAME}\"");
	else if (parser->problem && strstr(parser->problem, "cannot start any token"))
		complain(b->complaints, at, "this character cannot begin a value%s",
			"; indent by blanks, not tabs, and quote texts that begin with a sign");
	else
		complain(b->complaints, at, "this is not YAML: %s%s%s",
			parser->context ? parser->context : "", parser->context ? ", " : "",
			parser->problem ? parser->problem : "unreadable");
	return -1;
}

static int refuse_extras(
	struct builder *b, struct place at, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor) {
		complain(b->complaints, at, "anchors are not taken; write the value out");
		return -1;
	}
	if (tag) {
		complain(b->complaints, at, "tags are not taken; leave \"%s\" out",
			(const char *)tag);
		return -1;
	}
	return 0;
}

/* Hang a new node into the innermost open map or list. */
static struct yaml *add_node(struct builder *b, enum yaml_kind kind, struct place at)
{
	struct yaml *parent = b->depth ? b->stack[b->depth - 1] : NULL;
	struct yaml *node;

	if (++b->nodes > YAML_NODES_MAX) {
		complain(b->complaints, at, "the file has more than %d nodes", YAML_NODES_MAX);
		return NULL;
	}
	if (parent && parent->kind == YAML_MAP && !b->key) {
		complain(b->complaints, at, "%s cannot be a key; keys are plain texts",
			yaml_kind_name(kind));
		return NULL;
	}
	node = arena_alloc(b->arena, sizeof(*node));
	*node = (struct yaml){.kind = kind, .place = at, .key = b->key, .key_place = b->key_place};
	b->key = NULL;
	if (!parent) {
		b->root = node;
		return node;
	}
	if (b->last[b->depth - 1])
		b->last[b->depth - 1]->next = node;
	else
		parent->first = node;
	b->last[b->depth - 1] = node;
	parent->n++;
	return node;
}

static int open_node(struct builder *b, enum yaml_kind kind, struct place at)
{
	struct yaml *node;

	if (b->depth == YAML_DEPTH_MAX) {
		complain(b->complaints, at, "nested deeper than %d levels", YAML_DEPTH_MAX);
		return -1;
	}
	node = add_node(b, kind, at);
	if (!node)
		return -1;
	b->last[b->depth] = NULL;
	b->stack[b->depth++] = node;
	return 0;
}

static int compare_keys(const void *a, const void *b)
{
	const struct yaml *x = *(const struct yaml *const *)a, *y = *(const struct yaml *const *)b;
	int order = strcmp(x->key, y->key);

	if (order)
		return order;
	return x->key_place.line != y->key_place.line
		? (x->key_place.line > y->key_place.line) * 2 - 1
		: (x->key_place.column > y->key_place.column) * 2 - 1;
}

/* By sorting, so that a map of a hundred thousand keys costs no square. */
static int check_duplicates(struct builder *b, const struct yaml *map)
{
	const struct yaml **sorted = calloc(map->n + 1, sizeof(*sorted));
	size_t n = 0;
	int rc = 0;

	if (!sorted)
		abort();
	for (const struct yaml *v = map->first; v; v = v->next)
		sorted[n++] = v;
	qsort(sorted, n, sizeof(*sorted), compare_keys);
	for (size_t i = 1; i < n; i++) {
		if (strcmp(sorted[i - 1]->key, sorted[i]->key))
			continue;
		complain(b->complaints, sorted[i]->key_place,
			"\"%s\" is written twice; the first is in line %u", sorted[i]->key,
			sorted[i - 1]->key_place.line);
		rc = -1;
	}
	free(sorted);
	return rc;
}

static int close_node(struct builder *b)
{
	const struct yaml *node = b->stack[--b->depth];

	b->key = NULL;
	return node->kind == YAML_MAP ? check_duplicates(b, node) : 0;
}

static int add_text(struct builder *b, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;
	size_t width = event->end_mark.index - event->start_mark.index;
	bool quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	struct place at = place_of(b, &event->start_mark);
	struct yaml *node;

	if (strlen(text) != len) {
		complain(b->complaints, at, "a text must not hold a NUL");
		return -1;
	}
	if (b->depth && b->stack[b->depth - 1]->kind == YAML_MAP && !b->key) {
		b->key = arena_strndup(b->arena, text, len);
		b->key_place = at;
		return 0;
	}
	node = add_node(b, YAML_TEXT, at);
	if (!node)
		return -1;
	node->text = arena_strndup(b->arena, text, len);
	node->quoted = quoted;
	node->text_offset = quoted;
	node->verbatim =
		event->start_mark.line == event->end_mark.line && width == len + (quoted ? 2 : 0);
	return 0;
}

/* 1: more to come; 0: the end; -1: complained. */
static int take_event(struct builder *b, const yaml_event_t *event)
{
	struct place at = place_of(b, &event->start_mark);

	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (b->root ||
			event->data.document_start.tag_directives.start !=
				event->data.document_start.tag_directives.end) {
			complain(b->complaints, at,
				b->root ? "a second document begins here; one file, one document"
					: "tag directives are not taken");
			return -1;
		}
		return 1;
	case YAML_ALIAS_EVENT:
		complain(b->complaints, at, "aliases are not taken; write the value out");
		return -1;
	case YAML_SCALAR_EVENT:
		if (refuse_extras(b, at, event->data.scalar.anchor, event->data.scalar.tag))
			return -1;
		return add_text(b, event) ? -1 : 1;
	case YAML_SEQUENCE_START_EVENT:
		if (refuse_extras(b, at, event->data.sequence_start.anchor,
			    event->data.sequence_start.tag))
			return -1;
		return open_node(b, YAML_LIST, at) ? -1 : 1;
	case YAML_MAPPING_START_EVENT:
		if (refuse_extras(
			    b, at, event->data.mapping_start.anchor, event->data.mapping_start.tag))
			return -1;
		return open_node(b, YAML_MAP, at) ? -1 : 1;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return close_node(b) ? -1 : 1;
	case YAML_STREAM_END_EVENT:
		return 0;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
	return 1;
}

static int build(struct builder *b, yaml_parser_t *parser)
{
	yaml_event_t event;
	int more;

	do {
		if (!yaml_parser_parse(parser, &event))
			return complain_syntax(b, parser);
		more = take_event(b, &event);
		yaml_event_delete(&event);
	} while (more > 0);
	return more;
}

struct yaml *yaml_parse(
	struct arena *arena, const struct source *source, struct complaints *complaints)
{
	struct builder b = {.arena = arena, .source = source, .complaints = complaints};
	yaml_parser_t parser;
	int rc;

	if (check_text(&b))
		return NULL;
	if (!yaml_parser_initialize(&parser))
		abort(); /* out of memory, see buf.h */
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)source->text, source->len);
	rc = build(&b, &parser);
	yaml_parser_delete(&parser);
	if (rc)
		return NULL;
	if (!b.root)
		complain(complaints, (struct place){source->file, 1, 1}, "the file is empty");
	return b.root;
}

const struct yaml *yaml_get(const struct yaml *map, const char *key)
{
	if (!map || map->kind != YAML_MAP)
		return NULL;
	for (const struct yaml *v = map->first; v; v = v->next) {
		if (!strcmp(v->key, key))
			return v;
	}
	return NULL;
}

const char *yaml_kind_name(enum yaml_kind kind)
{
	static const char *const names[] = {
		[YAML_TEXT] = "a text", [YAML_LIST] = "a list", [YAML_MAP] = "a map"};

	return names[kind];
}

struct place yaml_place_in(const struct yaml *node, size_t i)
{
	struct place at = node->place;

	if (node->kind == YAML_TEXT && node->verbatim)
		at.column += (unsigned)(node->text_offset + i);
	return at;
}
