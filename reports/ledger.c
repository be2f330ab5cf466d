#include "reports/ledger.h"
#include "fixtures/base/log.h"
#include "reports/ledger_db.h"
#include "reports/result.h"
#include "reports/result_read.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUN_COLUMNS                                                                                   \
	"name, scenario, path, version, engine, wall_ns, duration_ns, seed, exit_code, drill, pass, " \
	"warn, fail, inconclusive, void, error"
#define VALUE_COLUMNS                                                                              \
	"expectation.run, id, metric, wanted, got, unit, run.wall_ns, verdict, has_value, "        \
	"has_interval, value, low, high, n, findings"

struct ledger {
	struct db *db;
	char dir[1024]; /* the run store */
};

struct ledger *ledger_open(const char *runs, struct err *err)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));
	char path[1100];

	if (!ledger)
		abort();
	snprintf(ledger->dir, sizeof(ledger->dir), "%s", runs);
	snprintf(path, sizeof(path), "%s/" LEDGER_FILE, runs);
	ledger->db = db_open(path, err);
	if (ledger->db)
		return ledger;
	ledger_close(ledger);
	return NULL;
}

void ledger_close(struct ledger *ledger)
{
	if (ledger)
		db_close(ledger->db);
	free(ledger);
}

/* --- writing --------------------------------------------------------------------------------- */

static const char *engine_of(const struct result *result)
{
	for (size_t i = 0; i < result->n_facts; i++) {
		if (!strcmp(result->facts[i].name, "engine"))
			return result->facts[i].value;
	}
	return "";
}

/* A failover was measured, whatever came out. */
static bool is_drill(const struct result *result)
{
	for (size_t i = 0; i < result->n_expects; i++) {
		const struct result_expect *e = &result->expects[i];

		if (!strncmp(e->metric, "failover.", 9) && e->has_got &&
			(e->verdict == VERDICT_PASS || e->verdict == VERDICT_WARN ||
				e->verdict == VERDICT_FAIL))
			return true;
	}
	return false;
}

static int add_run(struct ledger *ledger, const struct result *result, struct err *err)
{
	struct db_query *query = db_query(ledger->db,
		"insert into run (" RUN_COLUMNS ") values (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", err);
	char seed[24];
	int rc;

	if (!query)
		return -1;
	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)result->seed);
	db_bind_text(query, result->run);
	db_bind_text(query, result->scenario);
	db_bind_text(query, result->path);
	db_bind_text(query, result->tool_version);
	db_bind_text(query, engine_of(result));
	db_bind_int(query, (int64_t)result->wall_start_ns);
	db_bind_int(query, (int64_t)result->duration_ns);
	db_bind_text(query, seed);
	db_bind_int(query, result->exit_code);
	db_bind_int(query, is_drill(result));
	for (enum verdict v = 0; v < VERDICTS; v++)
		db_bind_int(query, (int64_t)result_count(result, v));
	rc = db_step(query, err);
	db_end(query);
	return rc;
}

static int add_expectations(struct ledger *ledger, const struct result *result, struct err *err)
{
	struct db_query *query = db_query(
		ledger->db, "insert into expectation values (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", err);
	int rc = query ? 0 : -1;

	for (size_t i = 0; i < result->n_expects && !rc; i++) {
		const struct result_expect *e = &result->expects[i];

		db_again(query);
		db_bind_text(query, result->run);
		db_bind_int(query, (int64_t)i);
		db_bind_text(query, e->id);
		db_bind_text(query, e->metric);
		db_bind_text(query, e->wanted);
		db_bind_text(query, e->got);
		db_bind_text(query, e->unit);
		db_bind_int(query, e->verdict);
		db_bind_int(query, e->has_got);
		db_bind_int(query, e->has_interval);
		db_bind_real(query, e->got_value);
		db_bind_real(query, e->low);
		db_bind_real(query, e->high);
		db_bind_int(query, (int64_t)e->n);
		db_bind_int(query, (int64_t)e->total_findings);
		rc = db_step(query, err);
	}
	db_end(query);
	return rc;
}

static int delete_rows(struct ledger *ledger, const char *run, struct err *err)
{
	static const char *const statements[] = {
		"delete from run where name = ?", "delete from expectation where run = ?"};

	for (int i = 0; i < 2; i++) {
		struct db_query *query = db_query(ledger->db, statements[i], err);
		int rc = -1;

		if (query) {
			db_bind_text(query, run);
			rc = db_step(query, err);
		}
		db_end(query);
		if (rc)
			return -1;
	}
	return 0;
}

static int end_change(struct ledger *ledger, int rc, struct err *err)
{
	struct err why;

	if (!rc)
		return db_run(ledger->db, "commit", err);
	db_run(ledger->db, "rollback", &why);
	return -1;
}

int ledger_add(struct ledger *ledger, const struct result *result, struct err *err)
{
	int rc = db_run(ledger->db, "begin immediate", err);

	if (rc)
		return -1;
	rc = delete_rows(ledger, result->run, err) || add_run(ledger, result, err) ||
			add_expectations(ledger, result, err)
		? -1
		: 0;
	return end_change(ledger, rc, err);
}

int ledger_forget(struct ledger *ledger, const char *run, struct err *err)
{
	if (db_run(ledger->db, "begin immediate", err))
		return -1;
	return end_change(ledger, delete_rows(ledger, run, err), err);
}

/* --- the store and the ledger say the same ----------------------------------------------------- */

static bool is_finished(const struct ledger *ledger, const char *run)
{
	char path[1400];

	snprintf(path, sizeof(path), "%s/%s/run.json", ledger->dir, run);
	return access(path, F_OK) == 0;
}

static void add_stored(struct ledger *ledger, const char *run)
{
	struct arena arena = {0};
	struct result result;
	char dir[1400];
	struct err err;

	snprintf(dir, sizeof(dir), "%s/%s", ledger->dir, run);
	if (!result_read(&arena, dir, &result, &err)) {
		result.run = run; /* a directory may have been renamed; it is found by this name */
		if (!ledger_add(ledger, &result, &err)) {
			arena_release(&arena);
			return;
		}
	}
	log_warn("a run is left out of the ledger: %s", err.text);
	arena_release(&arena);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct ledger_run *)a)->name, ((const struct ledger_run *)b)->name);
}

static bool has_run(const struct ledger_run *runs, size_t n, const char *name)
{
	struct ledger_run key = {.name = name};

	return n && bsearch(&key, runs, n, sizeof(*runs), by_name);
}

static int add_missing(
	struct ledger *ledger, const struct ledger_run *known, size_t n, struct err *err)
{
	DIR *dir = opendir(ledger->dir);
	struct dirent *entry;

	if (!dir)
		return err_sys(err, "cannot read the run store %s", ledger->dir);
	while ((entry = readdir(dir))) {
		const char *name = entry->d_name;

		if (name[0] == '.' || !strcmp(name, "latest") || has_run(known, n, name) ||
			!is_finished(ledger, name))
			continue;
		add_stored(ledger, name);
	}
	closedir(dir);
	return 0;
}

int ledger_sync(struct ledger *ledger, struct err *err)
{
	struct ledger_filter all = {.exit_code = -1};
	struct arena arena = {0};
	struct ledger_run *runs;
	size_t n;
	int rc = ledger_runs(ledger, &all, &arena, &runs, &n, err);

	for (size_t i = 0; i < n && !rc; i++) {
		if (!is_finished(ledger, runs[i].name))
			rc = ledger_forget(ledger, runs[i].name, err);
	}
	if (!rc && n)
		qsort(runs, n, sizeof(*runs), by_name);
	rc = rc ? rc : add_missing(ledger, runs, n, err);
	arena_release(&arena);
	return rc;
}

/* --- reading --------------------------------------------------------------------------------- */

static void read_run(struct db_query *query, struct arena *arena, struct ledger_run *run)
{
	run->name = db_text(query, arena);
	run->scenario = db_text(query, arena);
	run->path = db_text(query, arena);
	run->version = db_text(query, arena);
	run->engine = db_text(query, arena);
	run->wall_ns = (uint64_t)db_int(query);
	run->duration_ns = (uint64_t)db_int(query);
	run->seed = strtoull(db_text(query, arena), NULL, 10);
	run->exit_code = (int)db_int(query);
	run->drill = db_int(query) != 0;
	for (enum verdict v = 0; v < VERDICTS; v++)
		run->tally[v] = (unsigned)db_int(query);
}

int ledger_runs(struct ledger *ledger, const struct ledger_filter *filter, struct arena *arena,
	struct ledger_run **runs, size_t *n, struct err *err)
{
	struct db_query *query = db_query(ledger->db,
		"select " RUN_COLUMNS " from run where (?1 is null or scenario = ?1 or"
		" (?6 and substr(scenario, 1, length(?1) + 1) = ?1 || '[')) and"
		" (?2 < 0 or exit_code = ?2) and (?3 = 0 or drill) and (?4 = 0 or wall_ns < ?4)"
		" order by wall_ns desc, name desc limit ?5",
		err);
	int got = -1;

	*runs = NULL;
	*n = 0;
	if (!query)
		return -1;
	db_bind_text(query, filter->scenario);
	db_bind_int(query, filter->exit_code);
	db_bind_int(query, filter->drills);
	db_bind_int(query, (int64_t)filter->before_ns);
	db_bind_int(query, filter->limit ? (int64_t)filter->limit : -1);
	db_bind_int(query, filter->variants);
	while ((got = db_step(query, err)) > 0)
		read_run(query, arena, ARENA_PUSH(arena, *runs, *n));
	db_end(query);
	return got;
}

int ledger_find(struct ledger *ledger, const char *name, struct arena *arena,
	struct ledger_run *run, bool *found, struct err *err)
{
	struct db_query *query = db_query(ledger->db,
		"select " RUN_COLUMNS " from run where name = ?1 or ?1 = 'latest'"
		" order by wall_ns desc, name desc limit 1",
		err);
	int got;

	*found = false;
	if (!query)
		return -1;
	db_bind_text(query, name);
	got = db_step(query, err);
	if (got > 0)
		read_run(query, arena, run);
	*found = got > 0;
	db_end(query);
	return got < 0 ? -1 : 0;
}

static void read_value(struct db_query *query, struct arena *arena, struct ledger_value *value)
{
	value->run = db_text(query, arena);
	value->id = db_text(query, arena);
	value->metric = db_text(query, arena);
	value->wanted = db_text(query, arena);
	value->got = db_text(query, arena);
	value->unit = db_text(query, arena);
	value->wall_ns = (uint64_t)db_int(query);
	value->verdict = (enum verdict)db_int(query);
	value->has_value = db_int(query) != 0;
	value->has_interval = db_int(query) != 0;
	value->value = db_real(query);
	value->low = db_real(query);
	value->high = db_real(query);
	value->n = (uint64_t)db_int(query);
	value->findings = (uint64_t)db_int(query);
}

/* Takes query. */
static int read_values(struct db_query *query, struct arena *arena, struct ledger_value **values,
	size_t *n, struct err *err)
{
	int got;

	*values = NULL;
	*n = 0;
	while ((got = db_step(query, err)) > 0)
		read_value(query, arena, ARENA_PUSH(arena, *values, *n));
	db_end(query);
	return got;
}

int ledger_values(struct ledger *ledger, const char *run, struct arena *arena,
	struct ledger_value **values, size_t *n, struct err *err)
{
	struct db_query *query = db_query(ledger->db,
		"select " VALUE_COLUMNS " from expectation join run on run.name = expectation.run"
		" where expectation.run = ? order by position",
		err);

	if (!query)
		return -1;
	db_bind_text(query, run);
	return read_values(query, arena, values, n, err);
}

int ledger_trend(struct ledger *ledger, const char *scenario, const char *id, struct arena *arena,
	struct ledger_value **values, size_t *n, struct err *err)
{
	struct db_query *query = db_query(ledger->db,
		"select " VALUE_COLUMNS ", min(case when id = ?2 then -1 else position end)"
		" from expectation join run on run.name = expectation.run"
		" where run.scenario = ?1 and (id = ?2 or metric = ?2)"
		" group by expectation.run order by run.wall_ns, run.name",
		err);

	if (!query)
		return -1;
	db_bind_text(query, scenario);
	db_bind_text(query, id);
	return read_values(query, arena, values, n, err);
}
