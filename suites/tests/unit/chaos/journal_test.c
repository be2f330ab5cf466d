/* What outlives a run is read back from its journal, and what is over is not. */
#include "chaos/journal.h"
#include "fixtures/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PATH "run.journal"

static const struct halt killed = {HALT_KILL, "docker", "/run/a socket", "3f2a", "eu"};
static const struct halt paused = {HALT_PAUSE, "podman", "/run/podman.sock", "3f2a", "eu"};
static const struct halt restarted = {HALT_RESTART, "docker", "/run/docker.sock", "77", "us"};

static void write_halt(const struct halt *halt, bool over)
{
	struct buf text = {0};
	struct err err;

	journal_format_halt(&text, halt, over);
	assert_int_equal(journal_append(PATH, buf_str(&text), &err), 0);
	buf_release(&text);
}

static struct journal *read_back(void)
{
	struct journal *journal = malloc(sizeof(*journal));
	struct err err;

	assert_non_null(journal);
	assert_int_equal(journal_read(PATH, journal, &err), 0);
	return journal;
}

static int fresh(void **state)
{
	(void)state;
	unlink(PATH);
	return 0;
}

static void assert_halt(const struct halt *is, const struct halt *wanted)
{
	assert_int_equal(is->kind, wanted->kind);
	assert_string_equal(is->runtime, wanted->runtime);
	assert_string_equal(is->socket, wanted->socket);
	assert_string_equal(is->id, wanted->id);
	assert_string_equal(is->name, wanted->name);
}

static void a_stopped_container_is_read_back(void **state)
{
	struct journal *journal;

	(void)state;
	write_halt(&killed, false);
	write_halt(&paused, false);
	write_halt(&restarted, false);
	journal = read_back();
	assert_int_equal(journal->n_halts, 3);
	assert_halt(&journal->halts[0], &killed);
	assert_halt(&journal->halts[1], &paused);
	assert_halt(&journal->halts[2], &restarted);
	free(journal);
}

static void what_is_over_is_not(void **state)
{
	struct journal *journal;

	(void)state;
	write_halt(&killed, false);
	write_halt(&paused, false);
	write_halt(&killed, true);
	journal = read_back();
	assert_int_equal(journal->n_halts, 1);
	assert_halt(&journal->halts[0], &paused);
	free(journal);
}

static void what_begins_again_counts_once(void **state)
{
	struct journal *journal;

	(void)state;
	write_halt(&killed, false);
	write_halt(&killed, true);
	write_halt(&killed, false);
	write_halt(&killed, false);
	journal = read_back();
	assert_int_equal(journal->n_halts, 1);
	free(journal);
}

static void half_a_line_is_none(void **state)
{
	struct journal *journal;
	struct err err;

	(void)state;
	assert_int_equal(
		journal_append(PATH,
			"halt kill docker 3f2a\nhalt melt docker 3f2a eu /s\nhalt\nove", &err),
		0);
	journal = read_back();
	assert_int_equal(journal->n_halts, 0);
	free(journal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_stopped_container_is_read_back, fresh),
		cmocka_unit_test_setup(what_is_over_is_not, fresh),
		cmocka_unit_test_setup(what_begins_again_counts_once, fresh),
		cmocka_unit_test_setup(half_a_line_is_none, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
