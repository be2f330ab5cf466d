/* prober_load: as much as a prober's sessions can do against one server, with full history. */
#ifndef TESTS_HELPERS_PROBER_LOAD_H
#define TESTS_HELPERS_PROBER_LOAD_H

#include <stdint.h>

struct prober_load {
	const char *driver;
	uint16_t port; /* on 127.0.0.1 */
	uint32_t sessions;
	uint64_t read_share, write_share; /* of the mix */
	uint64_t length_ns;
};

struct prober_load_result {
	double ops_per_s;     /* ok ones */
	double not_ok;        /* share */
	double cpu_us_per_op; /* of the prober */
};

struct prober_load_result prober_load_run(const struct prober_load *load);

#endif
