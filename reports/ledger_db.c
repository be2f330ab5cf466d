/*
 * A rollback journal, not a write-ahead log: that needs shared memory, which network file systems do
 * not have, and the ledger is written once a run.
 */
#include "reports/ledger_db.h"
#include "fixtures/base/arena.h"
#include "fixtures/base/log.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BUSY_MS 30000
#define VERSION 1

struct db {
	sqlite3 *sqlite;
};

struct db_query {
	struct db *db;
	sqlite3_stmt *statement;
	int bound, column;
};

static const char tables[] =
	"create table run (name text primary key, scenario text, path text, version text, engine text,"
	" wall_ns integer, duration_ns integer, seed text, exit_code integer, drill integer,"
	" pass integer, warn integer, fail integer, inconclusive integer, void integer, error integer)"
	" without rowid;"
	"create index run_by_scenario on run (scenario, wall_ns);"
	"create table expectation (run text, position integer, id text, metric text, wanted text,"
	" got text, unit text, verdict integer, has_value integer, has_interval integer, value real,"
	" low real, high real, n integer, findings integer, primary key (run, position))"
	" without rowid;"
	"pragma user_version = 1;";

static int complain(struct db *db, const char *what, struct err *err)
{
	return err_set(err, "the ledger: %s: %s", what, sqlite3_errmsg(db->sqlite));
}

int db_run(struct db *db, const char *sql, struct err *err)
{
	if (sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL) != SQLITE_OK)
		return complain(db, "cannot change it", err);
	return 0;
}

struct db_query *db_query(struct db *db, const char *sql, struct err *err)
{
	struct db_query *query = calloc(1, sizeof(*query));

	if (!query)
		abort();
	query->db = db;
	if (sqlite3_prepare_v2(db->sqlite, sql, -1, &query->statement, NULL) == SQLITE_OK)
		return query;
	complain(db, "cannot ask it", err);
	free(query);
	return NULL;
}

void db_bind_text(struct db_query *query, const char *text)
{
	sqlite3_bind_text(query->statement, ++query->bound, text, -1, SQLITE_TRANSIENT);
}

void db_bind_int(struct db_query *query, int64_t value)
{
	sqlite3_bind_int64(query->statement, ++query->bound, value);
}

void db_bind_real(struct db_query *query, double value)
{
	sqlite3_bind_double(query->statement, ++query->bound, value);
}

int db_step(struct db_query *query, struct err *err)
{
	int rc = sqlite3_step(query->statement);

	query->column = 0;
	if (rc == SQLITE_ROW)
		return 1;
	return rc == SQLITE_DONE ? 0 : complain(query->db, "cannot read or write it", err);
}

const char *db_text(struct db_query *query, struct arena *arena)
{
	const char *text = (const char *)sqlite3_column_text(query->statement, query->column++);

	return text ? arena_strdup(arena, text) : "";
}

int64_t db_int(struct db_query *query)
{
	return sqlite3_column_int64(query->statement, query->column++);
}

double db_real(struct db_query *query)
{
	return sqlite3_column_double(query->statement, query->column++);
}

void db_again(struct db_query *query)
{
	sqlite3_reset(query->statement);
	query->bound = 0;
}

void db_end(struct db_query *query)
{
	if (query)
		sqlite3_finalize(query->statement);
	free(query);
}

static int64_t version_of(struct db *db, struct err *err)
{
	struct db_query *query = db_query(db, "pragma user_version", err);
	int64_t version = -1;

	if (query && db_step(query, err) == 1)
		version = db_int(query);
	db_end(query);
	return version;
}

/* Two may open a new file at once: who holds the lock looks again. */
static int make_tables(struct db *db, struct err *err)
{
	int64_t version;
	int rc = 0;

	if (db_run(db, "begin immediate", err))
		return -1;
	version = version_of(db, err);
	if (version < 0 || (!version && db_run(db, tables, err)))
		rc = -1;
	else if (version && version != VERSION)
		rc = err_set(err, "the ledger has version %lld", (long long)version);
	if (db_run(db, rc ? "rollback" : "commit", err))
		rc = -1;
	return rc;
}

static int open_file(struct db *db, const char *path, struct err *err)
{
	if (sqlite3_open(path, &db->sqlite) != SQLITE_OK)
		return complain(db, "cannot open it", err);
	sqlite3_busy_timeout(db->sqlite, BUSY_MS);
	return version_of(db, err) == VERSION ? 0 : make_tables(db, err);
}

static bool is_locked(const struct db *db)
{
	int code = sqlite3_errcode(db->sqlite);

	return code == SQLITE_BUSY || code == SQLITE_LOCKED;
}

/* Its content can be had again from the store, so nothing is lost; kept for whoever wonders. */
static int set_aside(const char *path, const struct err *why, struct err *err)
{
	char aside[1300];

	snprintf(aside, sizeof(aside), "%s.aside", path);
	log_warn("%s: made anew from the runs; the old file is %s", why->text, aside);
	return rename(path, aside) ? err_sys(err, "cannot set %s aside", path) : 0;
}

struct db *db_open(const char *path, struct err *err)
{
	struct db *db = calloc(1, sizeof(*db));
	struct err why;

	if (!db)
		abort();
	if (!open_file(db, path, &why))
		return db;
	if (access(path, R_OK | W_OK) || is_locked(db)) {
		*err = why;
	} else {
		sqlite3_close(db->sqlite);
		db->sqlite = NULL;
		if (!set_aside(path, &why, err) && !open_file(db, path, err))
			return db;
	}
	db_close(db);
	return NULL;
}

void db_close(struct db *db)
{
	if (db)
		sqlite3_close(db->sqlite);
	free(db);
}
