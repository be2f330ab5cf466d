/*
 * variant: a scenario with another timeline, as text that `run` accepts.
 *
 * The text of the scenario stays as its author wrote it but for three things: the block `timeline:`,
 * the seed, and expectations that speak of a phase which the new timeline does not have or whose
 * fault may have another length (a bound on a failover must lie below it); those are commented out.
 */
#ifndef SUITES_EXPLORE_VARIANT_H
#define SUITES_EXPLORE_VARIANT_H

#include "fixtures/base/buf.h"
#include "suites/scenario/scenario.h"

struct variant_source {
	struct arena arena;
	struct buf text;
	struct source source;
	struct scenario scenario;
	size_t timeline, timeline_end; /* offsets of the block */
	uint64_t start_ns, end_ns;     /* from the first fault to the end of the last */
};

/* -1 with a sentence where there is no such file, it does not read as a scenario (complaints go to
 * stderr through `errors`), or it has no fault. */
int variant_open(
	struct variant_source *source, const char *path, struct buf *errors, struct err *err);
void variant_close(struct variant_source *source);

/* The whole file for these entries, by time. `head` becomes a comment on top. */
void variant_print(const struct variant_source *source, const struct scenario_entry *entries,
	size_t n, uint64_t seed, const char *head, struct buf *out);
/* One entry as a line of the timeline. */
void variant_print_entry(const struct scenario_entry *entry, struct buf *out);

#endif
