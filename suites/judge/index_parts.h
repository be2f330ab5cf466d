/* index_parts: what the files that build an index share; nobody else's. */
#ifndef SUITES_JUDGE_INDEX_PARTS_H
#define SUITES_JUDGE_INDEX_PARTS_H

#include "suites/judge/index.h"

#include <assert.h>

/* Of an operation what linking reads to writes needs to know, in the order by key, so that 16 bytes
 * stream by and not a record of 64 from anywhere. */
struct index_item {
	uint64_t value;
	uint32_t place; /* in the history */
	uint8_t node, region;
	uint8_t is_write : 1, has_failed : 1, is_ok_read : 1;
};
static_assert(sizeof(struct index_item) == 16, "four items in a cache line");

/* Fill by_key, author, write_of and seen_elsewhere from the items, n_listed by key, then call. */
void index_link(struct index *index, const struct index_item *items);
void index_mark_tainted(struct arena *arena, struct index *index, const struct evidence *evidence);

uint64_t index_mix(uint64_t x);
/* Never NULL, not zeroed, in large pages. */
void *index_alloc(size_t n, size_t size);

#endif
