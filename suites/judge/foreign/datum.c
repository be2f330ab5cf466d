/* datum: looking into values, printing them, and numbering them by their printed form. */
#include "suites/judge/foreign/datum.h"

#include "fixtures/base/arena.h"
#include "fixtures/base/buf.h"

#include <inttypes.h>
#include <string.h>

bool datum_is(const struct datum *datum, const char *text)
{
	return datum && datum->kind == DATUM_TEXT && !strcmp(datum->text, text);
}

bool datum_is_nil(const struct datum *datum)
{
	return !datum || datum->kind == DATUM_NIL;
}

const char *datum_text(const struct datum *datum)
{
	return datum && datum->kind == DATUM_TEXT ? datum->text : NULL;
}

const struct datum *datum_at(const struct datum *list, size_t i)
{
	return list && list->kind == DATUM_LIST && i < list->n ? &list->items[i] : NULL;
}

const struct datum *datum_get(const struct datum *map, const char *key)
{
	for (size_t i = 0; map && map->kind == DATUM_MAP && i < map->n; i++) {
		if (datum_is(&map->items[2 * i], key))
			return &map->items[2 * i + 1];
	}
	return NULL;
}

static void print_items(const struct datum *datum, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_addc(out, ' ');
		datum_print(&datum->items[i], out);
	}
}

void datum_print(const struct datum *datum, struct buf *out)
{
	enum datum_kind kind = datum ? datum->kind : DATUM_NIL;

	switch (kind) {
	case DATUM_NIL:
		buf_puts(out, "nil");
		break;
	case DATUM_BOOL:
		buf_puts(out, datum->number ? "true" : "false");
		break;
	case DATUM_INT:
		buf_printf(out, "%" PRId64, datum->number);
		break;
	case DATUM_NUMBER:
	case DATUM_TEXT:
		buf_puts(out, datum->text);
		break;
	case DATUM_LIST:
		buf_addc(out, '[');
		print_items(datum, datum->n, out);
		buf_addc(out, ']');
		break;
	case DATUM_MAP:
		buf_addc(out, '{');
		print_items(datum, 2 * datum->n, out);
		buf_addc(out, '}');
		break;
	}
}

static int compare_items(const struct datum *x, const struct datum *y, size_t per)
{
	size_t n = per * (x->n < y->n ? x->n : y->n);
	int order = 0;

	for (size_t i = 0; i < n && !order; i++)
		order = datum_compare(&x->items[i], &y->items[i]);
	return order || x->n == y->n ? order : x->n < y->n ? -1 : 1;
}

int datum_compare(const struct datum *x, const struct datum *y)
{
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	switch (x->kind) {
	case DATUM_NIL:
		return 0;
	case DATUM_BOOL:
	case DATUM_INT:
		return x->number < y->number ? -1 : x->number > y->number;
	case DATUM_NUMBER:
	case DATUM_TEXT:
		return strcmp(x->text, y->text);
	case DATUM_LIST:
		return compare_items(x, y, 1);
	case DATUM_MAP:
		return compare_items(x, y, 2);
	}
	return 0;
}

bool datum_equal(const struct datum *x, const struct datum *y)
{
	struct buf a = {0}, b = {0};
	bool is_equal;

	datum_print(x, &a);
	datum_print(y, &b);
	is_equal = !strcmp(buf_str(&a), buf_str(&b));
	buf_release(&a);
	buf_release(&b);
	return is_equal;
}

struct name {
	const struct datum *datum;
	const char *text;
	uint64_t hash;
};

void names_init(struct names *names, struct arena *arena)
{
	*names = (struct names){.arena = arena};
}

/* FNV-1a, and a multiplication that brings the high bits down. */
static uint64_t hash_of(const char *text)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return hash ^ hash >> 32;
}

static void widen(struct names *names)
{
	names->room = names->room ? names->room * 2 : 64;
	names->slots = arena_array(names->arena, names->room, sizeof(*names->slots));
	for (size_t i = 0; i < names->n; i++) {
		size_t at = names->names[i].hash & (names->room - 1);

		while (names->slots[at])
			at = (at + 1) & (names->room - 1);
		names->slots[at] = (uint32_t)i + 1;
	}
}

uint32_t names_of(struct names *names, const struct datum *datum)
{
	struct buf text = {0};
	struct name *name;
	uint64_t hash;
	size_t at;

	if (2 * (names->n + 1) > names->room)
		widen(names);
	datum_print(datum, &text);
	hash = hash_of(buf_str(&text));
	for (at = hash & (names->room - 1); names->slots[at]; at = (at + 1) & (names->room - 1)) {
		name = &names->names[names->slots[at] - 1];
		if (name->hash == hash && !strcmp(name->text, buf_str(&text)))
			goto out;
	}
	name = ARENA_PUSH(names->arena, names->names, names->n);
	*name = (struct name){datum, arena_strdup(names->arena, buf_str(&text)), hash};
	names->slots[at] = (uint32_t)names->n;
out:
	buf_release(&text);
	return (uint32_t)(name - names->names);
}

const struct datum *names_datum(const struct names *names, uint32_t number)
{
	return number < names->n ? names->names[number].datum : NULL;
}
