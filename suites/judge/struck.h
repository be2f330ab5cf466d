/* struck: which nodes a fault takes away from the clients of a region. */
#ifndef SUITES_JUDGE_STRUCK_H
#define SUITES_JUDGE_STRUCK_H

#include "suites/plan.h"

/* Is the endpoint killed, paused and the like, cut off from clients of this region, or declared lost? */
bool struck_endpoint(const struct plan *plan, const struct fault_effects *effects,
	unsigned endpoint, unsigned region);

#endif
