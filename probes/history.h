/*
 * history: the record of a run's operations, one mapped file per session.
 *
 * A file is a header of 64 bytes and then records (op.h). The writer grows the file in steps and
 * maps it; a record is complete in memory before its state says so (release), so that a reader of a
 * file whose writer was killed sees every finished operation and INVOKED for the open one. Trailing
 * records with state EMPTY are not part of the history.
 */
#ifndef PROBES_HISTORY_H
#define PROBES_HISTORY_H

#include "fixtures/base/err.h"
#include "probes/op.h"

#include <stddef.h>

#define HISTORY_SUFFIX ".ops"

struct history_writer;

/* Creates the file; refuses one that exists. */
struct history_writer *history_writer_open(const char *path, struct err *err);
/* For several threads, each with an attempt open (the ticker, a sweep): begin takes a lock. */
struct history_writer *history_writer_open_shared(const char *path, struct err *err);
/* Begin an attempt: copies *op, state INVOKED, published before return. The pointer is good until
 * history_finish; one attempt may be open per writer at a time unless it was opened shared. */
struct op *history_begin(struct history_writer *writer, const struct op *op, struct err *err);
/* Publish the outcome: everything in *op but its state must be filled; state is stored last. */
void history_finish(struct op *op, enum op_state state);
/* Before the first attempt: keep room for the last ones only, since nobody will read them. */
void history_writer_forget(struct history_writer *writer);
void history_writer_close(struct history_writer *writer);

/* All records of all given files, sorted by call_ns; INVOKED turned into UNKNOWN with ret_ns 0. A
 * file that is not whole and well-formed is refused with a sentence. */
struct history {
	struct op *ops;
	size_t n;
};

int history_load(struct history *history, const char *const *paths, size_t n, struct err *err);
/* Every *.ops file below dir. */
int history_load_dir(struct history *history, const char *dir, struct err *err);
void history_release(struct history *history);

/* Memory an operation takes while a run is judged: its record, and at the peak what stands in
 * suites/judge/index.h. Measured: 98.6 on 240 registers and 30 000 ledger keys. */
#define HISTORY_JUDGED_BYTES 100
/* Nothing is sorted on disk: a history that would need more memory than `available` bytes is refused
 * with its numbers and EXIT_MACHINE, before it is read. */
int history_check_room(const char *dir, uint64_t bytes_each, uint64_t available, struct err *err);

#endif
