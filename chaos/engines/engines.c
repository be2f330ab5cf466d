#include "chaos/engines/engine.h"
#include "fixtures/base/buf.h"

#include <string.h>

extern const struct engine_ops engine_netem, engine_wire, engine_null;

const struct engine_ops *const engines[] = {
	&engine_netem,
	&engine_wire,
	&engine_null,
	NULL,
};

const struct engine_ops *engine_find(const char *name)
{
	for (size_t i = 0; engines[i]; i++) {
		if (!strcmp(engines[i]->name, name))
			return engines[i];
	}
	return NULL;
}

int engine_can(const struct engine_ops *ops, const struct engine_needs *needs, struct err *err)
{
	for (size_t i = 0; i < needs->n_rules && ops->can; i++) {
		if (ops->can(&needs->rules[i], err))
			return -1;
	}
	return ops->probe(&needs->impairment, err);
}

const struct engine_ops *engine_choose(
	const struct engine_needs *needs, struct buf *why, struct err *err)
{
	struct err reason;

	for (size_t i = 0; engines[i] && engines[i] != &engine_null; i++) {
		if (!engine_can(engines[i], needs, &reason))
			return engines[i];
		if (why)
			buf_printf(why, "%sengine %s: %s", why->len ? "; " : "", engines[i]->name,
				reason.text);
	}
	err_exit(err, EXIT_MACHINE, "no engine works on this machine");
	return NULL;
}

int engine_check_rules(const struct engine_change *change, struct err *err)
{
	if (change->n_rules > ENGINE_RULES_MAX)
		return err_set(err, "%u rules on one link; at most %d are possible",
			change->n_rules, ENGINE_RULES_MAX);
	for (unsigned i = 0; i < change->n_rules; i++) {
		for (unsigned k = 0; k < i; k++) {
			if (!match_are_disjoint(&change->rules[i].match, &change->rules[k].match))
				return err_set(err, "two rules of one link mean the same packets");
		}
	}
	return 0;
}

bool engine_links_equal(const struct engine_link *a, const struct engine_link *b)
{
	if (a->n_rules != b->n_rules || !impairment_equal(&a->impairment, &b->impairment))
		return false;
	for (unsigned i = 0; i < a->n_rules; i++) {
		if (!match_equal(&a->rules[i].match, &b->rules[i].match) ||
			!impairment_equal(&a->rules[i].impairment, &b->rules[i].impairment))
			return false;
	}
	return true;
}

bool engine_link_is_kept(const struct engine_change *asked, const struct engine_link *has)
{
	if (asked->n_rules != has->n_rules ||
		!impairment_is_kept(&asked->impairment, &has->impairment))
		return false;
	for (unsigned i = 0; i < asked->n_rules; i++) {
		const struct engine_rule *rule = &asked->rules[i];
		unsigned k = 0;

		while (k < has->n_rules && !match_equal(&has->rules[k].match, &rule->match))
			k++;
		if (k == has->n_rules ||
			!impairment_is_kept(&rule->impairment, &has->rules[k].impairment))
			return false;
	}
	return true;
}
