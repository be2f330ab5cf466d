/* independent: histories of many objects in one, as jepsen.independent writes them. */
#include "suites/judge/foreign/past.h"

#include <string.h>

static bool is_scalar(const struct datum *datum)
{
	return !datum_is_nil(datum) && datum->kind != DATUM_LIST && datum->kind != DATUM_MAP;
}

static bool is_pair(const struct datum *datum)
{
	return datum && datum->kind == DATUM_LIST && datum->n == 2 && is_scalar(&datum->items[0]);
}

/* Could the operation be of one key; does it show that they all are. */
static bool may_be_keyed(const struct past_op *op, bool *shows)
{
	const struct datum *value = datum_at(op->given, 1);

	if (!is_pair(op->given) || op->key || !strcmp(op->f, "txn"))
		return false;
	if (!strcmp(op->f, "cas")) {
		*shows = true;
		return value->kind == DATUM_LIST && value->n == 2;
	}
	*shows |= !strcmp(op->f, "read") && datum_is_nil(value);
	return true;
}

void past_part_by_key(struct past *past)
{
	bool shows = false;

	for (size_t i = 0; i < past->n; i++) {
		if (!may_be_keyed(&past->ops[i], &shows))
			return;
	}
	for (size_t i = 0; i < past->n && shows; i++) {
		struct past_op *op = &past->ops[i];
		bool is_alike =
			is_pair(op->got) && datum_equal(&op->got->items[0], &op->given->items[0]);

		op->key = &op->given->items[0];
		if (is_alike)
			op->got = &op->got->items[1];
		op->given = &op->given->items[1];
	}
}
