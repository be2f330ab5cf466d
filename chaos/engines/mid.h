/*
 * mid: the bridge "mid0" that joins the hops b and c of a site, for engines that let the kernel
 * forward (netem, null).
 */
#ifndef CHAOS_ENGINES_MID_H
#define CHAOS_ENGINES_MID_H

#include "fixtures/base/err.h"

struct site;

/* Fails where b and c are not proven to be the site's. Both are idempotent. */
int mid_up(const struct site *site, struct err *err);
int mid_down(const struct site *site, struct err *err);

#endif
