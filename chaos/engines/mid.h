/*
 * mid: the bridge "mid0" that joins the hops b and c of a site, so that the kernel forwards: both
 * ways for netem and null, only inwards (c to b) for wire.
 */
#ifndef CHAOS_ENGINES_MID_H
#define CHAOS_ENGINES_MID_H

#include "fixtures/base/err.h"

struct site;

/* Fails where b and c are not proven to be the site's. All are idempotent. */
int mid_up(const struct site *site, struct err *err);
/* Nothing goes from b to c, at no moment: on the port c nothing is learned and nothing flooded, and
 * that is set before b joins; what c had learned until then is forgotten: an address known behind c
 * would lead frames past the forwarder for minutes. */
int mid_up_inward(const struct site *site, struct err *err);
int mid_down(const struct site *site, struct err *err);

#endif
