/* The dashboard asks for metrics that we write, and for no others. */
#include "fixtures/base/buf.h"
#include "fixtures/json/jv.h"
#include "reports/writers/writer.h"
#include "suites/tests/helpers/results.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void read_dashboard(struct buf *text)
{
	char path[300];
	struct err err;

	snprintf(path, sizeof(path), "%s/reports/grafana.json", getenv("REGIONPROOF_ROOT"));
	if (buf_read_file(text, path, 1 << 20, &err))
		fail_msg("%s", err.text);
}

static void the_dashboard_is_json(void **state)
{
	struct buf text = {0};
	struct err err;
	struct jv *root;

	(void)state;
	read_dashboard(&text);
	root = jv_parse(buf_str(&text), text.len, text.len + 1, &err);
	if (!root)
		fail_msg("%s", err.text);
	assert_non_null(jv_get(root, "panels"));
	jv_free(root);
	buf_release(&text);
}

static void every_metric_of_the_dashboard_is_written(void **state)
{
	const struct writer_options plain = {0};
	struct buf text = {0}, metrics = {0};
	struct arena arena = {0};
	unsigned found = 0;

	(void)state;
	read_dashboard(&text);
	writer_find("prometheus-0.0.4")->write(results_new(&arena, NULL), &plain, &metrics);
	for (const char *at = buf_str(&text); (at = strstr(at, "regionproof_")); found++) {
		int n = (int)strspn(at, "abcdefghijklmnopqrstuvwxyz_");
		char sample[100];

		snprintf(sample, sizeof(sample), "\n%.*s{", n, at);
		if (!strstr(buf_str(&metrics), sample))
			fail_msg("nobody writes %s", sample + 1);
		at += n;
	}
	assert_true(found >= 10);
	buf_release(&metrics);
	buf_release(&text);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_dashboard_is_json),
		cmocka_unit_test(every_metric_of_the_dashboard_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
