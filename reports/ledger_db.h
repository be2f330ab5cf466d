/* ledger_db: the database of the ledger; of reports/ledger*.c only. The wall around SQLite. */
#ifndef REPORTS_LEDGER_DB_H
#define REPORTS_LEDGER_DB_H

#include "fixtures/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct db;
struct db_query;

/* The file, with our tables; made anew where it is none of ours. */
struct db *db_open(const char *path, struct err *err);
void db_close(struct db *db);
/* Statements without an answer. */
int db_run(struct db *db, const char *sql, struct err *err);

/* A statement with `?` in it: bind in their order, then step. */
struct db_query *db_query(struct db *db, const char *sql, struct err *err);
void db_bind_text(struct db_query *query, const char *text); /* NULL: null */
void db_bind_int(struct db_query *query, int64_t value);
void db_bind_real(struct db_query *query, double value);
/* 1: there is a row; 0: no more; -1. */
int db_step(struct db_query *query, struct err *err);
/* Columns of the present row, in their order. Text is copied into the arena, "" for null. */
const char *db_text(struct db_query *query, struct arena *arena);
int64_t db_int(struct db_query *query);
double db_real(struct db_query *query);
/* Bind and step again. */
void db_again(struct db_query *query);
void db_end(struct db_query *query);

#endif
