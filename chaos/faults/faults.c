/* faults: the table. */
#include "chaos/faults/rows.h"

#include <string.h>

const struct fault_ops *const faults[] = {&fault_impair, &fault_partition, &fault_isolate,
	&fault_split, &fault_flap, &fault_rolling, &fault_ramp, &fault_kill, &fault_pause,
	&fault_restart, &fault_link_down, NULL};

const struct fault_ops *fault_find(const char *name)
{
	for (size_t i = 0; faults[i]; i++) {
		if (!strcmp(faults[i]->name, name))
			return faults[i];
	}
	return NULL;
}
