/*
 * init: files to begin with, in the current directory: a scenario, and for Docker what brings it up.
 *
 * All or nothing: where one of them is there already, none is written.
 */
#include "suites/init/draft.h"
#include "fixtures/base/buf.h"
#include "suites/commands/command.h"
#include "suites/plan_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRAM_MAX (64u << 20)

static int refuse_existing(const char *path, struct err *err)
{
	if (access(path, F_OK))
		return 0;
	return err_exit(err, EXIT_USAGE,
		"%s is there already; nothing is written: move it away or go elsewhere", path);
}

static int make_parents(struct arena *arena, const char *path, struct err *err)
{
	char *copy = arena_strdup(arena, path);

	for (char *slash = strchr(copy, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0755) && errno != EEXIST)
			return err_sys(err, "cannot create %s", copy);
		*slash = '/';
	}
	return 0;
}

static int write_new(const char *path, const char *data, size_t len, mode_t mode, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	int rc = fd < 0 || write(fd, data, len) != (ssize_t)len ? -1 : 0;

	if (rc)
		err_sys(err, "cannot write %s", path);
	if (fd >= 0)
		close(fd);
	return rc;
}

static int copy_program(struct arena *arena, const char *name, struct err *err)
{
	const char *from = share_find_program(arena, name);
	struct buf data = {0};
	int rc = from ? buf_read_file(&data, from, PROGRAM_MAX, err)
		      : err_exit(err, EXIT_MACHINE, "program %s is not here: make", name);

	if (!rc)
		rc = write_new(name, data.data, data.len, 0755, err);
	buf_release(&data);
	return rc;
}

static int write_all(const struct draft *draft, struct err *err)
{
	for (size_t i = 0; i < draft->n; i++) {
		if (refuse_existing(draft->files[i].path, err))
			return -1;
	}
	for (size_t i = 0; i < draft->n_programs; i++) {
		if (refuse_existing(draft->programs[i], err))
			return -1;
	}
	for (size_t i = 0; i < draft->n; i++) {
		const struct draft_file *file = &draft->files[i];

		if (make_parents(draft->arena, file->path, err) ||
			write_new(file->path, file->text, strlen(file->text), 0644, err))
			return -1;
	}
	for (size_t i = 0; i < draft->n_programs; i++) {
		if (copy_program(draft->arena, draft->programs[i], err))
			return -1;
	}
	return 0;
}

static int tell(const struct draft *draft, bool docker, struct err *err)
{
	struct buf out = {0};
	int rc;

	buf_puts(&out, "written:");
	for (size_t i = 0; i < draft->n; i++)
		buf_printf(&out, " %s", draft->files[i].path);
	for (size_t i = 0; i < draft->n_programs; i++)
		buf_printf(&out, " %s", draft->programs[i]);
	buf_printf(&out, "\nnext: %sregionproof run " DRAFT_SCENARIO "\n",
		docker ? "docker-compose up -d --build, then as root " : "");
	rc = print_out(&out, err);
	buf_release(&out);
	return rc;
}

/* Complaints go to stderr, as `check` has them. NULL where there are any. */
static struct plan *plan_of(const struct plan_options *options, struct err *err)
{
	struct buf errors = {0};
	struct plan *plan = plan_build(options, false, err, &errors);

	if (errors.len)
		fputs(buf_str(&errors), stderr);
	buf_release(&errors);
	return plan;
}

/* Not every scenario with a recipe is one on containers. */
static int check_drafted(const struct draft *draft, const char *share, struct err *err)
{
	const char *text = draft->files[draft->n - 1].text;
	struct plan *plan = plan_of(
		&(struct plan_options){.path = DRAFT_SCENARIO, .text = text, .share = share}, err);

	plan_free(plan);
	return plan
		? 0
		: err_exit(err, EXIT_SCENARIO,
			  "it cannot be run on containers, where clients talk to one in each region "
			  "and faults act on that; nothing is written");
}

/* The scenario named, or the first one. */
static int draft_from(
	struct draft *draft, const struct args *args, const char *modeline, struct err *err)
{
	const char *share = args->values[OPTION_SHARE];
	struct plan_options options = {
		.path = args->n_operands ? args->operands[0] : DRAFT_SCENARIO,
		.text = args->n_operands ? NULL : draft_first(),
		.share = share};
	struct plan *plan = NULL;
	size_t n_variants;
	int rc;

	plan_variants(draft->arena, &options, &n_variants);
	if (n_variants)
		return err_exit(err, EXIT_SCENARIO,
			"%s has a matrix; what is drafted is one scenario, so write a file for the "
			"variant that is meant",
			options.path);
	plan = plan_of(&options, err);
	rc = plan ? draft_docker(draft, plan, modeline, err) : -1;
	/* What was drafted points into the plan. */
	if (!rc)
		rc = check_drafted(draft, share, err) || write_all(draft, err) ||
				tell(draft, true, err)
			? -1
			: 0;
	plan_free(plan);
	return rc;
}

int cmd_init(const struct args *args, struct err *err)
{
	bool lab = args->values[OPTION_LAB], docker = args->values[OPTION_DOCKER];
	struct arena arena = {0};
	struct draft draft = {.arena = &arena};
	const char *modeline;
	int rc;

	if (lab == docker)
		return err_exit(err, EXIT_USAGE,
			"init --lab for nodes that regionproof starts itself, init --docker for "
			"containers");
	if (lab && args->n_operands)
		return err_exit(err, EXIT_USAGE,
			"init --lab writes a scenario; one to begin from goes with --docker");
	modeline = draft_modeline(&arena, args->values[OPTION_SHARE]);
	if (docker) {
		rc = draft_from(&draft, args, modeline, err);
	} else {
		draft_lab(&draft, modeline);
		rc = write_all(&draft, err) || tell(&draft, false, err) ? -1 : 0;
	}
	arena_release(&arena);
	return rc;
}
