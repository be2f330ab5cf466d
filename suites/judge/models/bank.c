/*
 * bank: transfers move money, so every read of all accounts has the same total, and none is below
 * zero.
 *
 * The total is --initial; without it that of the first read, which then cannot be wrong itself.
 */
#include "fixtures/base/arena.h"
#include "suites/judge/models/model.h"

#include <inttypes.h>
#include <string.h>

#define MOST (INT64_C(1) << 40) /* of a balance: sums stay far from overflow */

struct bank {
	struct arena *arena;
	struct judgement *out;
	int64_t total;
	bool has_total;
	const struct past_op *first; /* whose total it is */
};

static void convict(struct bank *bank, const struct past_op *op, const char *why)
{
	bank->out->finding = FINDING_VIOLATED;
	if (bank->first)
		judgement_show(bank->arena, bank->out, bank->first, "the first total");
	judgement_show(bank->arena, bank->out, op, why);
	buf_printf(&bank->out->reason, "%s: %s", op_phrase(bank->arena, op), why);
}

static int judge_read(struct bank *bank, const struct past_op *op, struct err *err)
{
	const struct datum *balances = op->got;
	int64_t total = 0;

	if (datum_is_nil(balances))
		return 0; /* it says nothing */
	if (balances->kind != DATUM_MAP)
		return op_unknown(op, "bank", err);
	bank->out->n_judged++;
	for (size_t i = 0; i < balances->n; i++) {
		const struct datum *balance = &balances->items[2 * i + 1];

		if (datum_is_nil(balance)) {
			convict(bank, op, "an account without a balance");
			return 0;
		}
		if (balance->kind != DATUM_INT || balance->number > MOST || balance->number < -MOST)
			return op_unknown(op, "bank", err);
		total += balance->number;
		if (balance->number < 0) {
			convict(bank, op,
				arena_printf(
					bank->arena, "a balance of %" PRId64, balance->number));
			return 0;
		}
	}
	if (!bank->has_total) {
		bank->total = total;
		bank->has_total = true;
		bank->first = op;
	} else if (total != bank->total) {
		convict(bank, op,
			arena_printf(bank->arena, "a total of %" PRId64 ", not %" PRId64, total,
				bank->total));
	}
	return 0;
}

int judge_bank(struct arena *arena, const struct model_options *options, struct judgement *out,
	struct err *err)
{
	struct bank bank = {.arena = arena, .out = out};
	const struct past *past = options->past;
	const struct datum *initial;

	if (model_initial(arena, options, &initial, err))
		return -1;
	bank.has_total = initial->kind == DATUM_INT;
	bank.total = bank.has_total ? initial->number : 0;
	out->finding = FINDING_VALID;
	out->n_objects = 1;
	for (size_t i = 0; i < past->n && out->finding == FINDING_VALID; i++) {
		const struct past_op *op = &past->ops[i];
		bool is_read = !strcmp(op->f, "read");

		if (!is_read && strcmp(op->f, "transfer"))
			return op_unknown(op, "bank", err);
		if (is_read && op->outcome == PAST_OK && judge_read(&bank, op, err))
			return -1;
	}
	return 0;
}
