/* faults: the table. */
#include "chaos/faults/rows.h"

#include <string.h>

const struct fault_ops *const faults[] = {&fault_impair, &fault_partition, &fault_isolate,
	&fault_split, &fault_flap, &fault_rolling, &fault_ramp, &fault_blackhole_mtu,
	&fault_new_connections, &fault_established, &fault_syn, &fault_kill, &fault_pause,
	&fault_restart, &fault_link_down, &fault_slow_cpu, &fault_disk_full, &fault_slow_disk,
	&fault_clock_offset, &fault_dns_lie, &fault_declared, NULL};

const struct param fault_cut_params[] = {
	{.name = "reject",
		.type = PARAM_CHOICE,
		.fallback = "none",
		.choices = (const char *const[]){"none", "rst", "icmp", NULL},
		.help = "what is cut is answered: none (silence), rst (to TCP; others get an ICMP "
			"error) or icmp (administratively prohibited); engine wire only",
		.offset = offsetof(struct impairment, reject)},
	PARAM_END,
};

const struct fault_ops *fault_find(const char *name)
{
	for (size_t i = 0; faults[i]; i++) {
		if (!strcmp(faults[i]->name, name))
			return faults[i];
	}
	return NULL;
}
