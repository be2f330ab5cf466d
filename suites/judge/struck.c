#include "suites/judge/struck.h"

bool struck_endpoint(const struct plan *plan, const struct fault_effects *effects,
	unsigned endpoint, unsigned region)
{
	for (size_t i = 0; i < effects->n_nodes; i++) {
		if (plan->nodes[effects->nodes[i].node].endpoint_index == (int)endpoint)
			return true;
	}
	for (size_t i = 0; i < effects->n_links; i++) {
		const struct link_effect *link = &effects->links[i];

		if (link->from == region && link->to == plan->endpoints[endpoint].region &&
			link->impairment.cut)
			return true;
	}
	for (size_t i = 0; i < effects->n_regions; i++) {
		if (effects->regions[i] == plan->endpoints[endpoint].region)
			return true;
	}
	return false;
}
