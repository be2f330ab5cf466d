/* The list of all ledger writes beside a run's result. */
#include "suites/fates.h"
#include "fixtures/base/buf.h"
#include "suites/tests/helpers/judge_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct judge_world world;
static char dir[] = "/tmp/regionproof-ledger-XXXXXX", path[64];

static int set_up(void **state)
{
	(void)state;
	jw_init(&world);
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/ledger.tsv", dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	jw_release(&world);
	unlink(path);
	return rmdir(dir);
}

static struct buf written(void)
{
	struct buf text = {0};
	struct err err;

	jw_seal(&world);
	if (fates_write(&world.arena, &world.evidence, dir, &err))
		fail_msg("%s", err.text);
	if (!access(path, R_OK) && buf_read_file(&text, path, 1 << 16, &err))
		fail_msg("%s", err.text);
	return text;
}

static void ledger(uint32_t number, bool kept)
{
	uint32_t key = jw_ledger(0, number);

	jw_write(&world, 0, key, number + 1, 995, 1000);
	jw_read_back(&world, key, kept ? jw_value(0, number + 1) : 0, 9000);
}

static void every_write_stands_with_its_fate(void **state)
{
	struct buf text;

	(void)state;
	ledger(0, true);
	ledger(1, false);
	jw_write(&world, 0, jw_ledger(0, 2), 3, 1005, 0)->state = OP_UNKNOWN;
	jw_read_back(&world, jw_ledger(0, 2), 0, 9000);
	text = written();
	assert_ptr_equal(strstr(buf_str(&text), "key\tvalue\tsession\t"), buf_str(&text));
	assert_non_null(strstr(buf_str(&text), "\t995000000\t1000000000\tok\tkept\n"));
	assert_non_null(strstr(buf_str(&text), "\t995000000\t1000000000\tok\tlost\n"));
	assert_non_null(strstr(buf_str(&text), "\tunknown\tlost\n"));
	buf_release(&text);
}

static void without_convergence_no_fate_is_decided(void **state)
{
	struct buf text;

	(void)state;
	ledger(0, true);
	ledger(1, false);
	world.evidence.converged = false;
	text = written();
	assert_non_null(strstr(buf_str(&text), "\tok\tundecided\n"));
	assert_null(strstr(buf_str(&text), "lost"));
	buf_release(&text);
}

static void without_ledger_keys_there_is_no_file(void **state)
{
	struct buf text;

	(void)state;
	jw_write(&world, 0, op_key(KEY_REGISTER, 1), 1, 995, 1000);
	text = written();
	assert_int_equal(text.len, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(every_write_stands_with_its_fate),
		T(without_convergence_no_fate_is_decided),
		T(without_ledger_keys_there_is_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
