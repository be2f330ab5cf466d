/*
 * inject: one fault by hand on running containers, for a game day.
 *
 *   select ─▶ guardian ─▶ sites, engines ─▶ attach ─▶ impair ─▶ wait ─▶ neutral ─▶ drain ─▶ detach
 *
 * A lease and no switch: it ends when its time is over, when the terminal goes (SIGHUP), at Ctrl-C or
 * `regionproof abort`, and by the guardian when this process is killed. Only links between the regions
 * named suffer; containers of other regions and the host reach everybody as before.
 */
#ifndef SUITES_INJECT_INJECT_H
#define SUITES_INJECT_INJECT_H

#include "chaos/impairment.h"
#include "suites/fleet/fleet.h"

struct inject_options {
	struct fleet_spec containers;
	const char *const *regions;
	unsigned n_regions;
	struct impairment impairment; /* of every link between them */
	uint64_t for_ns;
	const char *engine; /* NULL: chosen by probing */
};

/* Returns the exit code, or -1 with a sentence. What happens is told on stdout. */
int inject_run(const struct inject_options *options, struct err *err);

#endif
