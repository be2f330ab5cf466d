/* runner: timeout 900 */
#include "reports/ledger.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/tree.h"
#include "reports/ledger_page.h"
#include "reports/result.h"
#include "reports/writers/writer.h"
#include "suites/tests/helpers/results.h"
#include "suites/tests/helpers/xmllint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define WRITERS 20
#define DAY_NS UINT64_C(86400000000000)

struct world {
	char dir[64];
	struct arena arena;
	struct err err;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	strcpy(w->dir, "/tmp/regionproof-ledger-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	int rc = tree_remove(w->dir, &w->err);

	arena_release(&w->arena);
	free(w);
	return rc;
}

static struct result *a_run(struct world *w, const char *name, uint64_t wall_ns)
{
	struct result *result = results_new(&w->arena, NULL);

	result->run = arena_strdup(&w->arena, name);
	result->wall_start_ns = wall_ns;
	return result;
}

/* As a run leaves it: the directory first, run.json at last and in one step. */
static void store(const char *runs, const struct result *result)
{
	const struct writer_options plain = {.width = 0};
	struct buf text = {0};
	char path[300];
	struct err err;

	snprintf(path, sizeof(path), "%s/%s", runs, result->run);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/%s/run.json", runs, result->run);
	writer_find("json")->write(result, &plain, &text);
	assert_int_equal(buf_write_file(&text, path, &err), 0);
	buf_release(&text);
}

static size_t count(struct world *w, struct ledger *ledger, const char *scenario)
{
	struct ledger_filter filter = {.scenario = scenario, .exit_code = -1};
	struct ledger_run *runs;
	size_t n;

	assert_int_equal(ledger_runs(ledger, &filter, &w->arena, &runs, &n, &w->err), 0);
	return n;
}

static void run_comes_back_as_it_was(void **state)
{
	struct world *w = *state;
	struct ledger *ledger = ledger_open(w->dir, &w->err);
	struct result *result = a_run(w, "one", DAY_NS);
	struct ledger_value *values;
	struct ledger_run run;
	bool found;
	size_t n;

	assert_non_null(ledger);
	assert_int_equal(ledger_add(ledger, result, &w->err), 0);
	assert_int_equal(ledger_find(ledger, "latest", &w->arena, &run, &found, &w->err), 0);
	assert_true(found);
	assert_string_equal(run.name, "one");
	assert_string_equal(run.scenario, result->scenario);
	assert_true(run.seed == result->seed && run.wall_ns == DAY_NS);
	assert_int_equal(run.exit_code, result->exit_code);
	for (enum verdict v = 0; v < VERDICTS; v++)
		assert_int_equal(run.tally[v], result_count(result, v));
	assert_int_equal(ledger_values(ledger, "one", &w->arena, &values, &n, &w->err), 0);
	assert_int_equal(n, result->n_expects);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(values[i].id, result->expects[i].id);
		assert_int_equal(values[i].verdict, result->expects[i].verdict);
		assert_true(values[i].n == result->expects[i].n);
	}
	ledger_close(ledger);
}

static void same_name_replaces_and_another_is_not_found(void **state)
{
	struct world *w = *state;
	struct ledger *ledger = ledger_open(w->dir, &w->err);
	struct ledger_run run;
	bool found;

	assert_int_equal(ledger_add(ledger, a_run(w, "one", 1), &w->err), 0);
	assert_int_equal(ledger_add(ledger, a_run(w, "one", 2), &w->err), 0);
	assert_int_equal(count(w, ledger, NULL), 1);
	assert_int_equal(count(w, ledger, "another"), 0);
	assert_int_equal(ledger_find(ledger, "two", &w->arena, &run, &found, &w->err), 0);
	assert_false(found);
	ledger_close(ledger);
}

static void trend_is_oldest_first_and_by_id_or_metric(void **state)
{
	struct world *w = *state;
	struct ledger *ledger = ledger_open(w->dir, &w->err);
	struct result *late = a_run(w, "late", 2 * DAY_NS), *early = a_run(w, "early", DAY_NS);
	const char *id = late->expects[0].id, *metric = late->expects[0].metric;
	struct ledger_value *values;
	size_t n;

	assert_int_equal(ledger_add(ledger, late, &w->err), 0);
	assert_int_equal(ledger_add(ledger, early, &w->err), 0);
	assert_int_equal(
		ledger_trend(ledger, late->scenario, id, &w->arena, &values, &n, &w->err), 0);
	assert_int_equal(n, 2);
	assert_string_equal(values[0].run, "early");
	assert_string_equal(values[1].id, id);
	assert_int_equal(
		ledger_trend(ledger, late->scenario, metric, &w->arena, &values, &n, &w->err), 0);
	assert_int_equal(n, 2);
	ledger_close(ledger);
}

static void ledger_is_rebuilt_from_the_store(void **state)
{
	struct world *w = *state;
	struct ledger *ledger;
	char path[128];

	store(w->dir, a_run(w, "one", 1));
	store(w->dir, a_run(w, "two", 2));
	ledger = ledger_open(w->dir, &w->err);
	assert_int_equal(count(w, ledger, NULL), 0);
	assert_int_equal(ledger_sync(ledger, &w->err), 0);
	assert_int_equal(count(w, ledger, NULL), 2);
	ledger_close(ledger);

	snprintf(path, sizeof(path), "%s/" LEDGER_FILE, w->dir);
	assert_int_equal(unlink(path), 0);
	ledger = ledger_open(w->dir, &w->err);
	assert_int_equal(ledger_sync(ledger, &w->err), 0);
	assert_int_equal(count(w, ledger, NULL), 2);
	ledger_close(ledger);
}

static void what_left_the_store_leaves_the_ledger(void **state)
{
	struct world *w = *state;
	struct ledger *ledger = ledger_open(w->dir, &w->err);
	char path[128];

	store(w->dir, a_run(w, "one", 1));
	store(w->dir, a_run(w, "two", 2));
	assert_int_equal(ledger_sync(ledger, &w->err), 0);
	snprintf(path, sizeof(path), "%s/one", w->dir);
	assert_int_equal(tree_remove(path, &w->err), 0);
	assert_int_equal(ledger_sync(ledger, &w->err), 0);
	assert_int_equal(count(w, ledger, NULL), 1);
	ledger_close(ledger);
}

static void spoilt_run_hides_no_other(void **state)
{
	struct world *w = *state;
	struct ledger *ledger = ledger_open(w->dir, &w->err);
	struct buf text = {0};
	char path[128];

	store(w->dir, a_run(w, "one", 1));
	store(w->dir, a_run(w, "two", 2));
	buf_puts(&text, "{\"schema\": 1, \"run\": ");
	snprintf(path, sizeof(path), "%s/one/run.json", w->dir);
	assert_int_equal(buf_write_file(&text, path, &w->err), 0);
	buf_release(&text);
	assert_int_equal(ledger_sync(ledger, &w->err), 0);
	assert_int_equal(count(w, ledger, NULL), 1);
	ledger_close(ledger);
}

static void file_that_is_no_database_is_set_aside(void **state)
{
	struct world *w = *state;
	struct buf text = {0};
	struct ledger *ledger;
	char path[128];

	store(w->dir, a_run(w, "one", 1));
	snprintf(path, sizeof(path), "%s/" LEDGER_FILE, w->dir);
	for (int i = 0; i < 400; i++)
		buf_puts(&text, "this is no database ");
	assert_int_equal(buf_write_file(&text, path, &w->err), 0);
	buf_release(&text);
	ledger = ledger_open(w->dir, &w->err);
	assert_non_null(ledger);
	assert_int_equal(ledger_sync(ledger, &w->err), 0);
	assert_int_equal(count(w, ledger, NULL), 1);
	ledger_close(ledger);
	strcat(path, ".aside");
	assert_int_equal(access(path, F_OK), 0);
}

/* --- many writers, and an end at any instant ---------------------------------------------------- */

static _Noreturn void write_runs(struct world *w, unsigned writer, unsigned round)
{
	struct ledger *ledger = ledger_open(w->dir, &w->err);
	struct result *result = a_run(w, "", 1);
	char name[64];

	for (unsigned i = 0; ledger && i < 3; i++) {
		snprintf(name, sizeof(name), "run-%u-%u-%u", round, writer, i);
		result->run = name;
		store(w->dir, result);
		if (ledger_add(ledger, result, &w->err))
			_exit(1);
	}
	_exit(ledger ? 0 : 1);
}

static size_t finished(const char *dir)
{
	char command[200];
	FILE *out;
	size_t n = 0;

	snprintf(command, sizeof(command), "find %s -name run.json | wc -l", dir);
	out = popen(command, "r");
	assert_non_null(out);
	assert_int_equal(fscanf(out, "%zu", &n), 1);
	pclose(out);
	return n;
}

static void round_of_writers(struct world *w, unsigned round, unsigned *seed)
{
	pid_t pids[WRITERS];
	unsigned failed = 0;

	for (unsigned i = 0; i < WRITERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			write_runs(w, i, round);
	}
	usleep((useconds_t)(rand_r(seed) % 30000));
	for (unsigned i = 0; i < WRITERS; i += 2)
		kill(pids[i], SIGKILL);
	for (unsigned i = 0; i < WRITERS; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		failed += WIFEXITED(status) && WEXITSTATUS(status);
	}
	assert_int_equal(failed, 0);
}

/* Each round has a store of its own, or the last rounds would only read what the first have left. */
static void check_round(struct world *w, unsigned round, unsigned *seed)
{
	struct ledger *ledger;
	char path[128];

	round_of_writers(w, round, seed);
	ledger = ledger_open(w->dir, &w->err);
	assert_non_null(ledger);
	assert_int_equal(ledger_sync(ledger, &w->err), 0);
	assert_int_equal(count(w, ledger, NULL), finished(w->dir));
	ledger_close(ledger);
	snprintf(path, sizeof(path), "%s/" LEDGER_FILE ".aside", w->dir);
	assert_int_not_equal(access(path, F_OK), 0); /* it was never taken for corrupt */
	arena_release(&w->arena);
	assert_int_equal(tree_remove(w->dir, &w->err), 0);
	assert_int_equal(mkdir(w->dir, 0755), 0);
}

static void killed_writers_lose_no_finished_run(void **state)
{
	unsigned rounds = getenv("REGIONPROOF_LONG") ? 1000 : 10, seed = (unsigned)getpid();

	print_message("%u times %u writers, half of them killed, seed %u\n", rounds, WRITERS, seed);
	for (unsigned round = 0; round < rounds; round++)
		check_round(*state, round, &seed);
}

/* --- the page -------------------------------------------------------------------------------- */

static void page_is_well_formed_whatever_runs_are_called(void **state)
{
	struct world *w = *state;
	struct ledger *ledger = ledger_open(w->dir, &w->err);
	struct result *result = results_new(&w->arena, RESULTS_HOSTILE);
	struct buf page = {0};

	assert_int_equal(ledger_add(ledger, result, &w->err), 0);
	assert_int_equal(ledger_add(ledger, a_run(w, "plain", 5), &w->err), 0);
	assert_int_equal(ledger_page(ledger, &page, &w->err), 0);
	assert_null(strstr(buf_str(&page), "<script"));
	assert_null(strstr(buf_str(&page), "style="));
	assert_non_null(strstr(buf_str(&page), "plain/report.html"));
	if (has_xmllint())
		assert_int_equal(xmllint(&page, NULL), 0);
	buf_release(&page);
	ledger_close(ledger);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(run_comes_back_as_it_was),
		T(same_name_replaces_and_another_is_not_found),
		T(trend_is_oldest_first_and_by_id_or_metric),
		T(ledger_is_rebuilt_from_the_store),
		T(what_left_the_store_leaves_the_ledger),
		T(spoilt_run_hides_no_other),
		T(file_that_is_no_database_is_set_aside),
		T(killed_writers_lose_no_finished_run),
		T(page_is_well_formed_whatever_runs_are_called),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
