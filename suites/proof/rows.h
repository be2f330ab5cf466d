/*
 * rows: a certificate's links for people, asked against measured, one row for each direction and
 * family.
 */
#ifndef SUITES_PROOF_ROWS_H
#define SUITES_PROOF_ROWS_H

#include "reports/result.h"
#include "suites/certificate.h"

struct arena;

/* Fills links, traffic and their numbers of *out; region_name gives the name of a region by its index. Everything
 * lives in the arena. */
void certificate_rows(struct arena *arena, const struct certificate *certificate,
	const char *(*region_name)(const void *arg, unsigned region), const void *arg,
	struct result_fault *out);

#endif
