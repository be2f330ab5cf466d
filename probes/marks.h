/*
 * marks: who each node thinks is primary, asked every 50 ms by the prober of its own region.
 *
 * A file of fixed records behind a header, appended to; the last may be torn and is ignored.
 */
#ifndef PROBES_MARKS_H
#define PROBES_MARKS_H

#include "fixtures/base/err.h"

#include <stddef.h>
#include <stdint.h>

#define MARKS_SUFFIX ".marks"

enum node_role { ROLE_UNKNOWN, ROLE_PRIMARY, ROLE_REPLICA };

struct role_mark {
	uint64_t before_ns, after_ns; /* question sent, answer had; since the run's epoch */
	uint32_t epoch;               /* term the node claims; 0: does not say */
	uint8_t observer;             /* region that asked */
	uint8_t node;                 /* global index */
	uint8_t role;                 /* enum node_role; UNKNOWN: no answer */
	uint8_t believed_primary; /* node that this one takes for the primary; 255: does not say */
};

struct marks {
	struct role_mark *marks;
	size_t n;
};

/* Append to an open file that marks_create made; one write a record. */
int marks_create(const char *path, struct err *err);
int marks_append(int fd, const struct role_mark *mark);

/* All *.marks files below dir, sorted by after_ns. */
int marks_load_dir(struct marks *marks, const char *dir, struct err *err);
void marks_release(struct marks *marks);

#endif
