/*
 * segments: when an engine makes every segment a packet.
 *
 * Before the first impairment under which single packets matter the site's hop is told to cut large
 * frames into segments; after the last one it is told to stop. So it is on a little longer than the
 * impairment, never shorter. Pure delay keeps large frames for speed. Rules need single packets always:
 * a size is that of a packet, and what was meant shall be counted as it was sent.
 */
#ifndef CHAOS_ENGINES_SEGMENTS_H
#define CHAOS_ENGINES_SEGMENTS_H

#include "chaos/engines/engine.h"
#include "fixtures/net/site.h"

#include <stdbool.h>

struct segments {
	bool links[ADDR_REGIONS_MAX]; /* which need it, as last asked for */
	bool per_packet;
	/* A flipped bit is looked for in the first piece of a packet only (netem), which of TCP holds the
	 * headers: then a packet is made one piece before the first corruption, and stays so. */
	bool corrupts_first_piece, linear;
};

/* Around the changes of an apply. */
int segments_before(struct segments *segments, const struct site *site,
	const struct engine_change *changes, size_t n, struct err *err);
int segments_after(struct segments *segments, const struct site *site,
	const struct engine_change *changes, size_t n, struct err *err);
/* As at the start; what fails goes with the site. */
void segments_undo(struct segments *segments, const struct site *site);

#endif
