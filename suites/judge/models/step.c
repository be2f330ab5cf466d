/* step: applying steps, and the table of a multi-register's rows. */
#include "suites/judge/models/step.h"

#include "fixtures/base/arena.h"
#include "suites/judge/foreign/datum.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void *room_for(void *data, size_t n, size_t size)
{
	void *more = reallocarray(data, n, size);

	if (!more)
		abort(); /* as in buf.h; the search stays far below by its own limit */
	return more;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

static uint64_t hash_row(const uint32_t *row, size_t width)
{
	uint64_t hash = width;

	for (size_t i = 0; i < width; i++)
		hash = mix(hash, row[i]);
	return hash;
}

static void rehash(struct rows *rows)
{
	rows->n_slots = rows->n_slots ? rows->n_slots * 2 : 64;
	rows->slots = room_for(rows->slots, rows->n_slots, sizeof(*rows->slots));
	memset(rows->slots, 0, rows->n_slots * sizeof(*rows->slots));
	for (size_t i = 0; i < rows->n; i++) {
		size_t at =
			hash_row(rows->cells + i * rows->width, rows->width) & (rows->n_slots - 1);

		while (rows->slots[at])
			at = (at + 1) & (rows->n_slots - 1);
		rows->slots[at] = (uint32_t)i + 1;
	}
}

/* The number of the row in scratch. */
static uint32_t number_of(struct rows *rows)
{
	size_t at, size = rows->width * sizeof(*rows->cells);

	if (2 * (rows->n + 1) > rows->n_slots)
		rehash(rows);
	at = hash_row(rows->scratch, rows->width) & (rows->n_slots - 1);
	for (; rows->slots[at]; at = (at + 1) & (rows->n_slots - 1)) {
		uint32_t i = rows->slots[at] - 1;

		if (!memcmp(rows->cells + i * rows->width, rows->scratch, size))
			return i;
	}
	if (rows->n == rows->room) {
		rows->room = rows->room ? 2 * rows->room : 16;
		rows->cells = room_for(rows->cells, rows->room * rows->width, sizeof(*rows->cells));
	}
	memcpy(rows->cells + rows->n * rows->width, rows->scratch, size);
	rows->slots[at] = (uint32_t)++rows->n;
	return (uint32_t)rows->n - 1;
}

void rows_init(struct rows *rows, size_t width, uint32_t fill)
{
	*rows = (struct rows){.width = width ? width : 1};
	rows->scratch = room_for(NULL, rows->width, sizeof(*rows->scratch));
	for (size_t i = 0; i < rows->width; i++)
		rows->scratch[i] = fill;
	number_of(rows);
}

void rows_rehash(struct rows *rows)
{
	rehash(rows);
}

void rows_release(struct rows *rows)
{
	free(rows->cells);
	free(rows->scratch);
	free(rows->slots);
	*rows = (struct rows){0};
}

size_t rows_bytes(const struct rows *rows)
{
	return (rows->room * rows->width + rows->n_slots) * sizeof(uint32_t) + rows->text_bytes;
}

static bool apply_txn(const struct step *step, struct rows *rows, uint32_t state, uint32_t *next)
{
	uint32_t *row = rows->scratch;

	memcpy(row, rows->cells + state * rows->width, rows->width * sizeof(*row));
	for (size_t i = 0; i < step->n_parts; i++) {
		const struct step_part *part = &step->parts[i];

		if (part->is_write)
			row[part->key] = part->value;
		else if (part->value != VALUE_ANY && row[part->key] != part->value)
			return false;
	}
	*next = number_of(rows);
	return true;
}

bool rows_may_be_seen(const struct rows *rows, const char *text)
{
	size_t low = 0, high = rows->n_seen;

	while (low < high) { /* the first that is not before it */
		size_t middle = low + (high - low) / 2;

		if (strcmp(rows->seen[middle], text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < rows->n_seen && !strncmp(rows->seen[low], text, strlen(text));
}

/* Two texts in one; nil is the empty one. */
static uint32_t append(struct rows *rows, uint32_t state, uint32_t value)
{
	struct names *texts = rows->texts;
	const char *before = datum_text(names_datum(texts, state));
	const char *more = datum_text(names_datum(texts, value));
	struct datum text = {.kind = DATUM_TEXT}, *both;
	size_t known = texts->n;
	uint32_t name;

	if (state == ROWS_OTHER)
		return ROWS_OTHER;
	text.text = arena_printf(texts->arena, "%s%s", before ? before : "", more ? more : "");
	rows->text_bytes += strlen(text.text);
	if (!rows_may_be_seen(rows, text.text))
		return ROWS_OTHER;
	both = arena_alloc(texts->arena, sizeof(*both));
	*both = text;
	name = names_of(texts, both);
	rows->text_bytes += sizeof(*both) + strlen(both->text) * (texts->n > known ? 2 : 1);
	return name;
}

bool step_apply(const struct step *step, struct rows *rows, uint32_t state, uint32_t *next)
{
	*next = state;
	switch (step->kind) {
	case STEP_READ:
		return step->a == state || step->a == VALUE_ANY;
	case STEP_WRITE:
		*next = step->a;
		return true;
	case STEP_CAS:
		*next = step->b;
		return step->a == state;
	case STEP_DIFFER:
		return step->a != state;
	case STEP_APPEND:
		*next = append(rows, state, step->a);
		return true;
	case STEP_TXN:
		return apply_txn(step, rows, state, next);
	}
	assert(!"a step is one of these");
	return false;
}

bool step_observes(const struct step *step)
{
	for (size_t i = 0; i < step->n_parts; i++) {
		if (step->parts[i].is_write)
			return false;
	}
	return step->kind != STEP_WRITE && step->kind != STEP_CAS && step->kind != STEP_APPEND;
}

bool step_equal(const struct step *x, const struct step *y)
{
	if (x->kind != y->kind || x->a != y->a || x->b != y->b || x->n_parts != y->n_parts)
		return false;
	for (size_t i = 0; i < x->n_parts; i++) {
		if (x->parts[i].is_write != y->parts[i].is_write ||
			x->parts[i].key != y->parts[i].key ||
			x->parts[i].value != y->parts[i].value)
			return false;
	}
	return true;
}

uint64_t step_hash(const struct step *step)
{
	uint64_t hash = mix(mix(mix(0, step->kind), step->a), step->b);

	for (size_t i = 0; i < step->n_parts; i++)
		hash = mix(mix(mix(hash, step->parts[i].is_write), step->parts[i].key),
			step->parts[i].value);
	return hash;
}
