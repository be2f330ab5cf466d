/*
 * runner: timeout 120
 *
 * Histories that others recorded, with the verdict that they published: each must be judged alike.
 * They are other projects' data and not part of this tree; $REGIONPROOF_ORACLE is the folder with
 * MANIFEST.tsv (path, operations, model, verdict).
 */
#include "fixtures/base/clock.h"
#include "suites/judge/foreign/format.h"
#include "suites/tests/helpers/past_random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct row {
	char path[200], model[80], verdict[40];
};

static const char *format_of(const struct row *row)
{
	return !strncmp(row->path, "etcd/", 5)       ? "etcd-log"
		: !strncmp(row->path, "knossos/", 8) ? "knossos"
						     : "elle";
}

/* "cas-register(nil)" and "bank (total 100)": the name, and what is in brackets. */
static const struct model *model_of(struct row *row, struct model_options *options)
{
	char *bracket = strchr(row->model, '('), *blank = strchr(row->model, ' ');

	if (bracket) {
		bracket[strcspn(bracket, ")")] = '\0';
		*bracket++ = '\0';
		options->initial = !strncmp(bracket, "total ", 6) ? bracket + 6 : bracket;
	}
	if (blank) {
		*blank++ = '\0';
		if (!bracket)
			options->consistency = blank;
	}
	return model_find(row->model);
}

static bool judge_row(const char *dir, struct row *row)
{
	struct model_options options = {
		.limit_ns = 10 * NSEC_PER_SEC, .limit_bytes = (size_t)1 << 30};
	const struct model *model = model_of(row, &options);
	struct judgement judgement = {0};
	struct arena arena = {0};
	struct past past;
	struct err err = {0};
	char path[1024];
	bool is_sound = !strcmp(row->verdict, "LINEARIZABLE") || !strcmp(row->verdict, "VALID");
	bool agrees;

	snprintf(path, sizeof(path), "%s/%s", dir, row->path);
	options.past = &past;
	if (!model || format_read(format_find(format_of(row)), &arena, path, &past, &err) ||
		model->judge(&arena, &options, &judgement, &err))
		fail_msg("%s: %s", row->path, err.text);
	agrees = judgement.finding == (is_sound ? FINDING_VALID : FINDING_VIOLATED);
	print_message("%-6s %-18s %-10s %4zu shown  %s\n", agrees ? "agrees" : "WRONG",
		row->verdict, finding_name(judgement.finding), judgement.n_exhibits, row->path);
	judgement_release(&judgement);
	arena_release(&arena);
	return agrees;
}

static void recorded_histories_are_judged_as_published(void **state)
{
	const char *dir = getenv("REGIONPROOF_ORACLE");
	unsigned n = 0, n_wrong = 0;
	struct row row;
	char line[512], path[1024];
	FILE *manifest;

	(void)state;
	if (!dir) {
		print_message("REGIONPROOF_ORACLE is not set: no recorded histories to judge\n");
		skip();
	}
	snprintf(path, sizeof(path), "%s/MANIFEST.tsv", dir);
	manifest = fopen(path, "re");
	if (!manifest)
		fail_msg("%s cannot be opened", path);
	while (fgets(line, sizeof(line), manifest)) {
		if (sscanf(line, "%199[^\t]\t%*[^\t]\t%79[^\t]\t%39[^\t\n]", row.path, row.model,
			    row.verdict) != 3 ||
			!strcmp(row.path, "path"))
			continue;
		n++;
		n_wrong += !judge_row(dir, &row);
	}
	fclose(manifest);
	print_message("%u histories, %u judged otherwise than published\n", n, n_wrong);
	assert_true(n > 0);
	assert_int_equal(n_wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_histories_are_judged_as_published),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
