#include "suites/tests/runner/head.h"
#include "fixtures/base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TESTS "suites/tests/"
#define HEAD_BYTES 4096
#define SOURCE_MAX (16 << 20)
#define DEFAULT_TIMEOUT_S 60

static void name_test(struct test *test, const char *build, struct arena *arena)
{
	size_t prefix = strlen(TESTS);
	const char *name = test->source;
	const char *dot;

	if (!strncmp(name, TESTS, prefix))
		name += prefix;
	dot = strrchr(name, '.');
	test->name = arena_strndup(arena, name, dot ? (size_t)(dot - name) : strlen(name));
	if (dot && !strcmp(dot, ".c"))
		test->program = arena_printf(arena, "%s/tests/%s", build, test->name);
	else
		test->program = test->source;
}

/* The text behind "runner:", where only the signs of a comment stand before it on its line. */
static const char *find_line(const char *head)
{
	for (const char *at = head; at; at = strchr(at, '\n')) {
		at += strspn(at, "\n\t #/*");
		if (!strncmp(at, "runner:", 7))
			return at + 7;
	}
	return NULL;
}

static int read_word(struct test *test, const char *word, struct err *err)
{
	char rest;

	word += strspn(word, " \t");
	if (!strncmp(word, "alone", 5))
		test->company = COMPANY_ALONE;
	else if (!strncmp(word, "steady", 6))
		test->company = COMPANY_STEADY;
	else if (!strncmp(word, "long", 4))
		test->is_long = true;
	else if (!strncmp(word, "online", 6))
		test->online = true;
	else if (sscanf(word, "timeout %u%c", &test->timeout_s, &rest) < 1 || !test->timeout_s)
		return err_set(err,
			"%s: '%s' is none of: steady, alone, long, online, timeout SECONDS",
			test->source, word);
	return 0;
}

static int read_line(struct test *test, const char *line, struct arena *arena, struct err *err)
{
	char *words = arena_strndup(arena, line, strcspn(line, "\n*"));
	char *save = NULL;

	for (char *word = strtok_r(words, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		if (read_word(test, word, err))
			return -1;
	}
	return 0;
}

int head_read(struct test *test, const char *source, const char *build, struct arena *arena,
	struct err *err)
{
	struct buf text = {0};
	const char *line;
	int rc;

	*test = (struct test){.source = source, .timeout_s = DEFAULT_TIMEOUT_S};
	name_test(test, build, arena);
	rc = buf_read_file(&text, source, SOURCE_MAX, err);
	if (!rc && text.len > HEAD_BYTES)
		text.data[HEAD_BYTES] = '\0';
	line = rc ? NULL : find_line(buf_str(&text));
	if (line)
		rc = read_line(test, line, arena, err);
	buf_release(&text);
	return rc;
}
