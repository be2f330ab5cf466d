/* plan_shift: what is planned from an instant on moves to later. */
#include "suites/plan.h"

static void shift(uint64_t *at_ns, uint64_t from_ns, uint64_t by_ns)
{
	if (*at_ns >= from_ns)
		*at_ns += by_ns;
}

/* A fault that ends at the instant ends later: it was held in force. */
static void shift_fault(struct plan_fault *fault, uint64_t from_ns, uint64_t by_ns)
{
	uint64_t end = fault->start_ns + fault->length_ns;

	if (fault->start_ns >= from_ns)
		fault->start_ns += by_ns;
	else if (end >= from_ns)
		fault->length_ns += by_ns;
}

/* A phase in which nothing is changed and that ends at the instant has ended: what is held belongs to none. */
static void shift_phase(struct plan_phase *phase, uint64_t from_ns, uint64_t by_ns)
{
	bool ends_later = phase->kind == PHASE_FAULT && phase->start_ns < from_ns
		? phase->end_ns >= from_ns
		: phase->end_ns > from_ns;

	shift(&phase->start_ns, from_ns, by_ns);
	if (ends_later)
		phase->end_ns += by_ns;
}

void plan_shift(struct plan *plan, uint64_t from_ns, uint64_t by_ns)
{
	for (size_t i = 0; i < plan->n_phases; i++)
		shift_phase(&plan->phases[i], from_ns, by_ns);
	for (size_t i = 0; i < plan->n_faults; i++)
		shift_fault(&plan->faults[i], from_ns, by_ns);
	for (size_t i = 0; i < plan->n_actions; i++)
		shift(&plan->actions[i].at_ns, from_ns, by_ns);
	plan_shift_steps(plan->steps, plan->n_steps, from_ns, by_ns);
	shift(&plan->end_ns, from_ns, by_ns);
}

void plan_shift_steps(struct plan_step *steps, size_t n, uint64_t from_ns, uint64_t by_ns)
{
	for (size_t i = 0; i < n; i++)
		shift(&steps[i].at_ns, from_ns, by_ns);
}
