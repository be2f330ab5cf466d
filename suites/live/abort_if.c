#include "suites/live/abort_if.h"
#include "suites/expect_text.h"
#include "suites/expect_trial.h"
#include "suites/live/vitals.h"

#include <stdbool.h>
#include <stdint.h>

struct abort_if {
	const struct plan *plan;
	uint64_t *since_ns; /* [condition * n_regions + region]; UINT64_MAX: not crossed */
};

struct abort_if *abort_if_new(struct arena *arena, const struct plan *plan)
{
	struct abort_if *state = arena_array(arena, 1, sizeof(*state));
	size_t n = plan->n_aborts * plan->n_regions;

	state->plan = plan;
	state->since_ns = arena_array(arena, n + 1, sizeof(*state->since_ns));
	for (size_t i = 0; i < n; i++)
		state->since_ns[i] = UINT64_MAX;
	return state;
}

static const char *sentence(struct arena *arena, const struct plan_abort *abort, const char *region,
	double value, uint64_t since_ns)
{
	return arena_printf(arena,
		"aborted by its own condition '%s' (%s:%u): %s in %s, crossed since %.1f s",
		abort->text, abort->place.file, abort->place.line,
		expect_text_value(arena, abort->unit, value), region, (double)since_ns / 1e9);
}

const char *abort_if_look(
	struct abort_if *state, struct arena *arena, const struct vitals *vitals, unsigned region)
{
	const struct plan *plan = state->plan;
	uint64_t from_ns, to_ns;

	if (!vitals_period(vitals, region, &from_ns, &to_ns))
		return NULL;
	for (size_t i = 0; i < plan->n_aborts; i++) {
		const struct plan_abort *abort = &plan->aborts[i];
		uint64_t *since = &state->since_ns[i * plan->n_regions + region];
		double value;

		if ((abort->region >= 0 && (unsigned)abort->region != region) ||
			!vitals_value(vitals, (enum vital)abort->vital,
				(enum vital_class)abort->class_, region, &value))
			continue;
		if (!trial_holds(abort->compare, value, abort->value))
			*since = UINT64_MAX;
		else if (*since == UINT64_MAX)
			*since = from_ns;
		if (*since != UINT64_MAX && to_ns - *since >= abort->for_ns)
			return sentence(arena, abort, plan->regions[region].name, value, *since);
	}
	return NULL;
}
