#include "probes/prober/way.h"

const struct endpoint *way_pick(const struct prober *prober, const struct client_group *group,
	const struct route *route, enum group_target target, struct route *taken)
{
	switch (target) {
	case TARGET_NODE:
		*taken = (struct route){0};
		return &group->nodes[prober->config->region];
	case TARGET_NAME:
		*taken = (struct route){0};
		return names_pick(prober->names, group);
	case TARGET_NEAREST:
	case TARGET_PRIMARY:
	case TARGET_PRIMARY_START:
		break;
	}
	return router_pick(&prober->router, route, target, taken);
}
