/*
 * series: the evidence of a run, down-sampled for drawing. Pure.
 */
#ifndef SUITES_SERIES_H
#define SUITES_SERIES_H

#include "reports/result.h"
#include "suites/judge/evidence.h"

struct index;

/* Fills out->series and out->regions; evidence->index must be there. Everything lives in the arena. */
void series_fill(struct arena *arena, const struct evidence *evidence, struct result *out);

/* Parts of it, in their files. */
void series_fill_roles(struct arena *arena, const struct evidence *evidence, struct series *out);
void series_fill_visibility(
	struct arena *arena, const struct evidence *evidence, struct series *out);
void series_fill_links(struct arena *arena, const struct evidence *evidence, struct series *out);
void series_fill_marks(struct arena *arena, const struct evidence *evidence, struct series *out);
/* A round width that cuts the length into fewer than `most` buckets. */
uint64_t series_bucket_width(uint64_t length_ns, size_t most);

#endif
