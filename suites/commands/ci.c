#include "suites/commands/ci.h"
#include "fixtures/base/arena.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/param.h"
#include "probes/drivers/secret.h"
#include "reports/result.h"
#include "reports/writers/text.h"
#include "reports/writers/writer.h"
#include "suites/commands/command.h"
#include "suites/plan.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define SUMMARY_MAX 65536

static bool is_set(const char *name)
{
	const char *value = getenv(name);

	return value && !strcmp(value, "true");
}

/* Nobody who answers us can guess it. False: no randomness, so nothing that needs it. */
static bool make_token(char token[33])
{
	unsigned char random[16];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return false;
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(token + 2 * i, 3, "%02x", random[i]);
	return true;
}

static unsigned long long seconds_now(void)
{
	return (unsigned long long)(clock_wall_ns() / NSEC_PER_SEC);
}

/* One line each: GitHub masks lines. Encoded as in a message, so that a secret is no command. */
static void mask(const char *secret)
{
	if (!*secret)
		return;
	fputs("::add-mask::", stdout);
	for (; *secret; secret++) {
		if (*secret == '%' || *secret == '\r' || *secret == '\n')
			printf("%%%02X", (unsigned char)*secret);
		else
			putchar(*secret);
	}
	putchar('\n');
}

/* Whatever an option of a driver refers to by env: or file:. What cannot be read is the run's to tell. */
static void mask_options(const struct param *rows, const void *options)
{
	for (; rows && rows->name; rows++) {
		const char *value, *reference;
		char secret[4096];
		struct err err;

		if (rows->type != PARAM_STRING)
			continue;
		memcpy(&value, (const char *)options + rows->offset, sizeof(value));
		reference = value ? value : "";
		if ((!strncmp(reference, "env:", 4) || !strncmp(reference, "file:", 5)) &&
			!secret_read(reference, secret, sizeof(secret), &err))
			mask(secret);
		explicit_bzero(secret, sizeof(secret));
	}
}

static void mask_secrets(const struct plan_options *scenario)
{
	struct buf errors = {0};
	struct err err;
	struct plan *plan = plan_build(scenario, false, &err, &errors);

	for (size_t i = 0; plan && i < plan->n_groups; i++)
		mask_options(plan->groups[i].driver->params, plan->groups[i].driver_options);
	plan_free(plan);
	buf_release(&errors);
}

void ci_begin(struct ci *ci, const struct plan_options *scenario)
{
	ci->token[0] = '\0';
	if (is_set("GITHUB_ACTIONS"))
		mask_secrets(scenario);
	if (is_set("GITHUB_ACTIONS") && make_token(ci->token))
		printf("::stop-commands::%s\n", ci->token);
	if (is_set("GITLAB_CI"))
		printf("\033[0Ksection_start:%llu:regionproof_%d[collapsed=false]\r\033[0K"
		       "regionproof run\n",
			seconds_now(), ++ci->section);
	fflush(stdout);
}

static int append(const char *path, const struct buf *text, struct err *err)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	ssize_t n = fd < 0 ? -1 : write(fd, buf_str(text), text->len);

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)text->len ? 0 : err_sys(err, "cannot append to %s", path);
}

static int append_summary(const struct result *result, struct err *err)
{
	const char *path = getenv("GITHUB_STEP_SUMMARY");
	const struct writer_options plain = {0};
	struct buf text = {0};
	int rc = 0;

	if (!path || !*path)
		return 0;
	writer_find("markdown")->write(result, &plain, &text);
	buf_addc(&text, '\n');
	if (text.len <= SUMMARY_MAX)
		rc = append(path, &text, err);
	buf_release(&text);
	return rc;
}

/* "name<<delimiter", so that no value can begin another output. */
static void put_output(struct buf *out, const char *name, const char *value, const char *delimiter)
{
	buf_printf(out, "%s<<%s\n", name, delimiter);
	text_clean(out, value, false);
	buf_printf(out, "\n%s\n", delimiter);
}

static const char *word_of(int exit_code)
{
	return exit_code == EXIT_OK             ? "pass"
		: exit_code == EXIT_EXPECTATION ? "fail"
		: exit_code == EXIT_NO_VERDICT  ? "undecided"
		: exit_code == EXIT_ABORTED     ? "aborted"
						: "error";
}

static int append_outputs(const struct result *result, struct err *err)
{
	const char *path = getenv("GITHUB_OUTPUT");
	char delimiter[33], report[1200];
	struct buf text = {0};
	int rc;

	if (!path || !*path || !make_token(delimiter))
		return 0;
	snprintf(report, sizeof(report), "%s/report.html", result->dir);
	put_output(&text, "verdict", word_of(result->exit_code), delimiter);
	put_output(&text, "report", report, delimiter);
	put_output(&text, "directory", result->dir, delimiter);
	rc = append(path, &text, err);
	buf_release(&text);
	return rc;
}

/* The file as the repository knows it: from the workspace, if it lies there. */
static const char *from_workspace(struct arena *arena, const char *file)
{
	const char *workspace = getenv("GITHUB_WORKSPACE");
	char *top = workspace && *workspace ? realpath(workspace, NULL) : NULL;
	char *real = file ? realpath(file, NULL) : NULL;
	size_t len = top ? strlen(top) : 0;

	if (top && real && !strncmp(real, top, len) && real[len] == '/')
		file = arena_strdup(arena, real + len + 1);
	free(top);
	free(real);
	return file;
}

static int annotate(const struct result *result, struct err *err)
{
	const struct writer_options plain = {0};
	struct arena arena = {0};
	struct result copy = *result;
	struct result_expect *expects =
		arena_array(&arena, result->n_expects + 1, sizeof(*expects));
	struct buf text = {0};
	int rc;

	for (size_t i = 0; i < result->n_expects; i++) {
		expects[i] = result->expects[i];
		expects[i].file = from_workspace(&arena, expects[i].file);
	}
	copy.expects = expects;
	copy.path = from_workspace(&arena, copy.path);
	writer_find("github")->write(&copy, &plain, &text);
	rc = print_out(&text, err);
	buf_release(&text);
	arena_release(&arena);
	return rc;
}

int ci_end(struct ci *ci, const struct result *result, struct err *err)
{
	if (is_set("GITLAB_CI"))
		printf("\033[0Ksection_end:%llu:regionproof_%d\r\033[0K\n", seconds_now(),
			ci->section);
	if (ci->token[0])
		printf("::%s::\n", ci->token);
	fflush(stdout);
	if (!result || !ci->token[0])
		return 0;
	return annotate(result, err) || append_summary(result, err) || append_outputs(result, err)
		? -1
		: 0;
}

int ci_total(const struct buf *markdown, int exit_code, struct err *err)
{
	const char *summary = getenv("GITHUB_STEP_SUMMARY"), *output = getenv("GITHUB_OUTPUT");
	struct buf text = {0};
	char delimiter[33];
	int rc = 0;

	if (!is_set("GITHUB_ACTIONS"))
		return 0;
	if (summary && *summary)
		rc = append(summary, markdown, err);
	if (!rc && output && *output && make_token(delimiter)) {
		put_output(&text, "verdict", word_of(exit_code), delimiter);
		rc = append(output, &text, err);
	}
	buf_release(&text);
	return rc;
}
