#include "suites/judge/checkers.h"

#include <string.h>

const struct checker_ops *const checkers[] = {
	&checker_sessions,
	&checker_visibility,
	&checker_staleness,
	&checker_loss,
	&checker_availability,
	&checker_latency,
	&checker_failover,
	&checker_failback,
	&checker_layers,
	&checker_split_brain,
	&checker_convergence,
	&checker_conflict,
	&checker_reads,
	&checker_recovery,
	&checker_link,
	&checker_fallback,
	&checker_names,
	&checker_traffic,
	&checker_edge_refused,
	&checker_edge_waits,
	&checker_edge_misses,
	&checker_purge,
	&checker_register,
	NULL,
};

const struct checker_ops *checker_find(const char *name)
{
	for (size_t i = 0; checkers[i]; i++) {
		if (!strcmp(checkers[i]->name, name))
			return checkers[i];
	}
	return NULL;
}
