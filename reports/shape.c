#include "reports/shape.h"
#include "fixtures/base/arena.h"
#include "fixtures/json/jv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MAX 1000000 /* elements of one list that are read */

/* Read or written as bytes: fields of all kinds of structs pass through here. */
#define LOAD(type, at)                                                                             \
	({                                                                                         \
		type value_;                                                                       \
		memcpy(&value_, (at), sizeof(value_));                                             \
		value_;                                                                            \
	})
#define STORE(type, at, value)                                                                     \
	do {                                                                                       \
		type value_ = (value);                                                             \
		memcpy((at), &value_, sizeof(value_));                                             \
	} while (0)

/* --- to JSON --------------------------------------------------------------------------------- */

static struct jv *text_json(const char *text)
{
	return text ? jv_new_string(text) : jv_new_null();
}

static struct jv *u64_json(uint64_t value)
{
	char text[24];

	if (value <= INT64_MAX)
		return jv_new_int((int64_t)value);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return jv_new_string(text);
}

static struct jv *never_json(uint64_t value)
{
	return value == UINT64_MAX ? jv_new_null() : u64_json(value);
}

static struct jv *nevers_json(const struct field *field, const char *at)
{
	struct jv *list = jv_new_array();

	for (unsigned i = 0; i < field->many; i++)
		jv_add(list, never_json(LOAD(uint64_t, at + i * sizeof(uint64_t))));
	return list;
}

static struct jv *list_json(const struct field *field, const char *at, size_t n)
{
	const char *items = LOAD(const char *, at);
	struct jv *list = jv_new_array();

	for (size_t i = 0; i < n; i++)
		jv_add(list, shape_to_json(field->of, items + i * field->of->size));
	return list;
}

static struct jv *field_json(const struct field *field, const char *base)
{
	const char *at = base + field->offset, *text;

	switch (field->kind) {
	case FIELD_TEXT:
		return text_json(LOAD(const char *, at));
	case FIELD_NAME:
		text = LOAD(const char *, at);
		return jv_new_string(text ? text : "");
	case FIELD_U64:
		return u64_json(LOAD(uint64_t, at));
	case FIELD_NEVER:
		return field->many ? nevers_json(field, at) : never_json(LOAD(uint64_t, at));
	case FIELD_INT:
		return jv_new_int(LOAD(int, at));
	case FIELD_UINT:
		return jv_new_int(LOAD(unsigned, at));
	case FIELD_REAL:
		return jv_new_real(LOAD(double, at));
	case FIELD_SOME:
		return LOAD(bool, base + field->offset_n) ? jv_new_real(LOAD(double, at))
							  : jv_new_null();
	case FIELD_LEAST:
		return LOAD(double, at) >= 0 ? jv_new_real(LOAD(double, at)) : jv_new_null();
	case FIELD_BOOL:
		return jv_new_bool(LOAD(bool, at));
	case FIELD_WORD:
		return text_json(field->words(LOAD(unsigned, at)));
	case FIELD_LIST:
		return list_json(field, at, LOAD(size_t, base + field->offset_n));
	case FIELD_OBJECT:
		return shape_to_json(field->of, at);
	case FIELD_KINDS:
		break;
	}
	return jv_new_null();
}

struct jv *shape_to_json(const struct shape *shape, const void *from)
{
	struct jv *json = shape->tuple ? jv_new_array() : jv_new_object();

	for (size_t i = 0; i < shape->n; i++) {
		struct jv *value = field_json(&shape->fields[i], from);

		if (shape->tuple)
			jv_add(json, value);
		else
			jv_set(json, shape->fields[i].name, value);
	}
	return json;
}

/* --- from JSON ------------------------------------------------------------------------------- */

static int unlike(const struct field *field, const char *what, struct err *err)
{
	return err_set(err, "%s: %s is expected", field->name, what);
}

static int read_u64(
	const struct field *field, const struct jv *json, uint64_t *out, struct err *err)
{
	const char *text = jv_str(json, "");
	char *end = NULL;

	if (jv_is_int(json) && jv_int(json, -1) >= 0) {
		*out = (uint64_t)jv_int(json, 0);
		return 0;
	}
	if (*text >= '0' && *text <= '9')
		*out = strtoull(text, &end, 10);
	return end && !*end ? 0 : unlike(field, "a whole number, not negative,", err);
}

static int read_nevers(const struct field *field, const struct jv *json, char *at, struct err *err)
{
	for (unsigned i = 0; i < field->many || (!field->many && !i); i++) {
		const struct jv *one = field->many ? jv_at(json, i) : json;
		uint64_t value = UINT64_MAX;

		if (!jv_is_null(one) && read_u64(field, one, &value, err))
			return -1;
		STORE(uint64_t, at + i * sizeof(uint64_t), value);
	}
	return 0;
}

static int read_int(const struct field *field, const struct jv *json, int64_t least, int64_t most,
	int64_t *out, struct err *err)
{
	*out = jv_int(json, least);
	if (!jv_is_int(json) || *out < least || *out > most)
		return unlike(field, "a whole number", err);
	return 0;
}

static int read_word(const struct field *field, const struct jv *json, char *at, struct err *err)
{
	const char *word;

	for (unsigned i = 0; (word = field->words(i)); i++) {
		if (!strcmp(word, jv_str(json, ""))) {
			STORE(unsigned, at, i);
			return 0;
		}
	}
	return err_set(err, "%s: \"%.40s\" is none of its words", field->name, jv_str(json, ""));
}

static int read_list(const struct field *field, const struct jv *json, char *base,
	struct arena *arena, struct err *err)
{
	size_t n = jv_count(json);
	char *items;

	if (!jv_is_array(json) || n > LIST_MAX)
		return unlike(field, "a list", err);
	items = arena_array(arena, n + 1, field->of->size);
	for (size_t i = 0; i < n; i++) {
		if (shape_from_json(
			    field->of, jv_at(json, i), items + i * field->of->size, arena, err))
			return err_prefix(err, "%s[%zu]", field->name, i);
	}
	STORE(char *, base + field->offset, items);
	STORE(size_t, base + field->offset_n, n);
	return 0;
}

static int read_real(const struct field *field, const struct jv *json, char *base, struct err *err)
{
	bool there = !jv_is_null(json);

	if (there && !jv_is_number(json))
		return unlike(field, "a number", err);
	STORE(double, base + field->offset,
		jv_real(json, field->kind == FIELD_LEAST && !there ? -1 : 0));
	if (field->kind == FIELD_SOME)
		STORE(bool, base + field->offset_n, there);
	return 0;
}

static int read_text(const struct field *field, const struct jv *json, char *at,
	struct arena *arena, struct err *err)
{
	if (!jv_is_null(json) && !jv_is_string(json))
		return unlike(field, "text", err);
	if (jv_is_null(json))
		STORE(const char *, at, field->kind == FIELD_NAME ? "" : NULL);
	else
		STORE(const char *, at, arena_strdup(arena, jv_str(json, "")));
	return 0;
}

static int read_field(const struct field *field, const struct jv *json, char *base,
	struct arena *arena, struct err *err)
{
	char *at = base + field->offset;
	uint64_t u64;
	int64_t i64;

	switch (field->kind) {
	case FIELD_TEXT:
	case FIELD_NAME:
		return read_text(field, json, at, arena, err);
	case FIELD_U64:
		if (read_u64(field, json, &u64, err))
			return -1;
		STORE(uint64_t, at, u64);
		return 0;
	case FIELD_NEVER:
		return read_nevers(field, json, at, err);
	case FIELD_INT:
		if (read_int(field, json, INT32_MIN, INT32_MAX, &i64, err))
			return -1;
		STORE(int, at, (int)i64);
		return 0;
	case FIELD_UINT:
		if (read_int(field, json, 0, UINT32_MAX, &i64, err))
			return -1;
		STORE(unsigned, at, (unsigned)i64);
		return 0;
	case FIELD_REAL:
	case FIELD_SOME:
	case FIELD_LEAST:
		return read_real(field, json, base, err);
	case FIELD_BOOL:
		if (!jv_is_bool(json))
			return unlike(field, "true or false", err);
		STORE(bool, at, jv_bool(json, false));
		return 0;
	case FIELD_WORD:
		return read_word(field, json, at, err);
	case FIELD_LIST:
		return read_list(field, json, base, arena, err);
	case FIELD_OBJECT:
		return shape_from_json(field->of, json, at, arena, err)
			? err_prefix(err, "%s", field->name)
			: 0;
	case FIELD_KINDS:
		break;
	}
	return 0;
}

/* What a name is where the object that holds it is absent. */
static void read_nothing(const struct shape *shape, char *base)
{
	for (size_t i = 0; i < shape->n; i++) {
		const struct field *field = &shape->fields[i];

		if (field->kind == FIELD_NAME)
			STORE(const char *, base + field->offset, "");
		else if (field->kind == FIELD_OBJECT)
			read_nothing(field->of, base + field->offset);
	}
}

int shape_from_json(const struct shape *shape, const struct jv *json, void *into,
	struct arena *arena, struct err *err)
{
	if (shape->tuple ? !jv_is_array(json) : !jv_is_object(json))
		return err_set(err, "a %s is expected", shape->tuple ? "list" : "map");
	for (size_t i = 0; i < shape->n; i++) {
		const struct field *field = &shape->fields[i];
		const struct jv *value = shape->tuple ? jv_at(json, i) : jv_get(json, field->name);

		if (!value && field->kind == FIELD_OBJECT)
			read_nothing(field->of, (char *)into + field->offset);
		if ((value || field->kind == FIELD_NAME) &&
			read_field(field, value, into, arena, err))
			return -1;
	}
	return 0;
}

/* --- JSON Schema ----------------------------------------------------------------------------- */

static const char *const types[FIELD_KINDS][2] = {
	[FIELD_TEXT] = {"string", "null"},
	[FIELD_NAME] = {"string"},
	[FIELD_U64] = {"integer", "string"},
	[FIELD_NEVER] = {"integer", "null"},
	[FIELD_INT] = {"integer"},
	[FIELD_UINT] = {"integer"},
	[FIELD_REAL] = {"number", "null"}, /* what is no number becomes null */
	[FIELD_SOME] = {"number", "null"},
	[FIELD_LEAST] = {"number", "null"},
	[FIELD_BOOL] = {"boolean"},
	[FIELD_WORD] = {"string"},
	[FIELD_LIST] = {"array"},
	[FIELD_OBJECT] = {"object"},
};

static struct jv *type_schema(enum field_kind kind)
{
	struct jv *list;

	if (!types[kind][1])
		return jv_new_string(types[kind][0]);
	list = jv_new_array();
	for (int i = 0; i < 2; i++)
		jv_add(list, jv_new_string(types[kind][i]));
	return list;
}

static struct jv *reference(const struct shape *shape, struct jv *definitions)
{
	struct jv *json = jv_new_object();
	char path[80];

	if (!jv_get(definitions, shape->name)) {
		jv_set(definitions, shape->name, jv_new_null()); /* against a circle */
		jv_set(definitions, shape->name, shape_schema(shape, definitions));
	}
	snprintf(path, sizeof(path), "#/definitions/%s", shape->name);
	jv_set(json, "$ref", jv_new_string(path));
	return json;
}

static struct jv *words_schema(const struct field *field)
{
	struct jv *list = jv_new_array();

	for (unsigned i = 0; field->words(i); i++)
		jv_add(list, jv_new_string(field->words(i)));
	return list;
}

static struct jv *field_schema(const struct field *field, struct jv *definitions)
{
	struct jv *json, *items;

	if (field->kind == FIELD_OBJECT)
		return reference(field->of, definitions);
	json = jv_new_object();
	if (field->help)
		jv_set(json, "description", jv_new_string(field->help));
	if (field->many) {
		items = jv_new_object();
		jv_set(items, "type", type_schema(field->kind));
		jv_set(json, "type", jv_new_string("array"));
		jv_set(json, "items", items);
		jv_set(json, "minItems", jv_new_int(field->many));
		jv_set(json, "maxItems", jv_new_int(field->many));
		return json;
	}
	jv_set(json, "type", type_schema(field->kind));
	if (field->kind == FIELD_LIST)
		jv_set(json, "items", reference(field->of, definitions));
	if (field->kind == FIELD_WORD)
		jv_set(json, "enum", words_schema(field));
	if (field->kind == FIELD_U64)
		jv_set(json, "pattern", jv_new_string("^[0-9]+$"));
	if (field->kind == FIELD_U64 || field->kind == FIELD_UINT || field->kind == FIELD_NEVER)
		jv_set(json, "minimum", jv_new_int(0));
	return json;
}

static struct jv *tuple_schema(const struct shape *shape, struct jv *definitions)
{
	struct jv *json = jv_new_object(), *items = jv_new_array();

	for (size_t i = 0; i < shape->n; i++)
		jv_add(items, field_schema(&shape->fields[i], definitions));
	jv_set(json, "type", jv_new_string("array"));
	jv_set(json, "items", items);
	jv_set(json, "minItems", jv_new_int((int64_t)shape->n));
	return json;
}

struct jv *shape_schema(const struct shape *shape, struct jv *definitions)
{
	struct jv *json, *properties, *required;

	if (shape->tuple)
		return tuple_schema(shape, definitions);
	json = jv_new_object();
	properties = jv_new_object();
	required = jv_new_array();
	for (size_t i = 0; i < shape->n; i++) {
		const struct field *field = &shape->fields[i];

		jv_set(properties, field->name, field_schema(field, definitions));
		jv_add(required, jv_new_string(field->name));
	}
	jv_set(json, "type", jv_new_string("object"));
	jv_set(json, "properties", properties);
	jv_set(json, "required", required);
	return json;
}
