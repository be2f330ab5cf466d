#include "suites/tests/helpers/deaf_checkers.h"
#include "suites/judge/checkers.h"

#include <string.h>

const struct checker_ops *const checkers[] = {&checker_sessions, &checker_staleness,
	&checker_visibility, &checker_loss, &checker_availability, &checker_latency,
	&checker_failover, &checker_failback, &checker_layers, &checker_split_brain,
	&checker_convergence, &checker_conflict, &checker_reads, &checker_recovery, &checker_link,
	&checker_fallback, &checker_names, &checker_traffic, &checker_edge_refused,
	&checker_edge_waits, &checker_edge_misses, &checker_purge, &checker_register, NULL};

static const struct checker_ops *real;
static struct checker_ops deaf;
static struct measurement first;
static bool has_first, within;

static void measure(struct arena *arena, const struct evidence *evidence,
	const struct question *question, struct measurement *out)
{
	within = true; /* the real one looks itself up where it walks by key */
	real->measure(arena, evidence, question, out);
	within = false;
	if (!has_first) {
		first = *out;
		has_first = true;
	}
	out->status = first.status;
	out->value = first.value;
	out->n_findings = out->total_findings = 0;
}

void deaf_sabotage(const char *checker)
{
	real = NULL;
	has_first = false;
	for (size_t i = 0; checker && checkers[i]; i++) {
		if (!strcmp(checkers[i]->name, checker))
			real = checkers[i];
	}
	if (!real)
		return;
	deaf = *real;
	deaf.measure = measure;
	deaf.walker = NULL;
}

const struct checker_ops *checker_find(const char *name)
{
	if (real && !within && !strcmp(real->name, name))
		return &deaf;
	for (size_t i = 0; checkers[i]; i++) {
		if (!strcmp(checkers[i]->name, name))
			return checkers[i];
	}
	return NULL;
}
