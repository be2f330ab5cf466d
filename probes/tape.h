/*
 * tape: a file of fixed-size records behind a header, written by one thread and read afterwards.
 *
 * Beacons, stalls and captures are kept on tapes. The writer collects records in a buffer of
 * bounded size and appends it in one write when it is full or when tape_flush() says so, so that a
 * killed writer loses at most what it had collected since its last flush. A record may be torn at
 * the end of the file; the reader ignores it. Times on a tape are nanoseconds of CLOCK_MONOTONIC
 * since the run's epoch.
 */
#ifndef PROBES_TAPE_H
#define PROBES_TAPE_H

#include "fixtures/base/err.h"

#include <stddef.h>
#include <stdint.h>

#define TAPE_VERSION 1
#define TAPE_BYTE_ORDER 0x01020304u

/* The first 64 bytes. Numbers are in the byte order of the machine that wrote them. */
struct tape_header {
	char magic[8]; /* which kind of tape, NUL-padded */
	uint32_t byte_order;
	uint16_t version, record_size;
	uint32_t region, n_regions;
	uint64_t period_ns; /* 0 where the kind has none */
	uint64_t epoch_ns;
	uint8_t reserved[24];
};

/* What the writer says about its tape; the rest of the header is filled in. */
struct tape_label {
	const char *magic;
	size_t record_size;
	unsigned region, n_regions;
	uint64_t period_ns, epoch_ns;
};

struct tape;

/* Creates dir/name; refuses one that exists. */
struct tape *tape_create(
	const char *dir, const char *name, const struct tape_label *label, struct err *err);
/* The epoch, where it was not known when the tape was made. Any thread; before the first record whose
 * time depends on it is read by anybody. */
int tape_set_epoch(struct tape *tape, uint64_t epoch_ns, struct err *err);
/* One record. Fails only where the buffer was full and could not be written. */
int tape_add(struct tape *tape, const void *record, struct err *err);
/* From now on records are dropped instead of written. */
void tape_forget(struct tape *tape);
int tape_flush(struct tape *tape, struct err *err);
/* Writes what is left and frees the tape also where that fails. Accepts NULL. */
int tape_close(struct tape *tape, struct err *err);

/* A tape in memory. */
struct tape_content {
	struct tape_header header;
	void *records;
	size_t n;
};

/* Refuses a file that is not of this kind, version, byte order and record size, or names a region
 * that cannot be. */
int tape_read(struct tape_content *content, const char *path, const char *magic, size_t record_size,
	struct err *err);
void tape_content_release(struct tape_content *content);

#endif
