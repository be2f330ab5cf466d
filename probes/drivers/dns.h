/* dns: what the driver `dns` is told beyond the name. For the checker that compares resolvers. */
#ifndef PROBES_DRIVERS_DNS_H
#define PROBES_DRIVERS_DNS_H

#include <stdint.h>

struct dns_options {
	uint64_t authority; /* 1: its answers are what resolvers are compared with */
};

#endif
