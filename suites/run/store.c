#include "suites/run/store.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/tree.h"
#include "suites/scenario/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NAME_TRIES 1000
#define TRACE_BYTES_MAX (64 << 20)

static int make_runs(const char *runs, char *absolute, struct err *err)
{
	if (mkdir(runs, 0755) && errno != EEXIST)
		return err_sys(err, "cannot create the run store %s", runs);
	if (!realpath(runs, absolute))
		return err_sys(err, "cannot find the run store %s", runs);
	return 0;
}

/* Two runs may begin in the same second: mkdir decides who is who. */
static int make_run(struct store *store, const char *runs, const struct plan *plan, struct err *err)
{
	char stamp[32];
	time_t now = (time_t)(clock_wall_ns() / NSEC_PER_SEC);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%S", &tm);
	for (int i = 0; i < NAME_TRIES; i++) {
		char suffix[16] = "";

		if (i)
			snprintf(suffix, sizeof(suffix), "-%d", i + 1);
		snprintf(store->name, sizeof(store->name), "%s-%.63s%s%.40s%s", stamp,
			plan->scenario, plan->variant ? "-" : "",
			plan->variant ? plan->variant : "", suffix);
		if (snprintf(store->dir, sizeof(store->dir), "%s/%s", runs, store->name) >=
			(int)sizeof(store->dir))
			return err_set(err, "the path of the run store is too long: %s", runs);
		if (!mkdir(store->dir, 0755))
			return 0;
		if (errno != EEXIST)
			return err_sys(err, "cannot create %s", store->dir);
	}
	return err_set(err, "cannot find a free name for the run in %s", runs);
}

static int link_latest(const struct store *store, const char *runs, struct err *err)
{
	char tmp[PATH_MAX + 32], latest[PATH_MAX + 32];

	snprintf(tmp, sizeof(tmp), "%s/.latest.%d", runs, (int)getpid());
	snprintf(latest, sizeof(latest), "%s/latest", runs);
	if (symlink(store->name, tmp) || rename(tmp, latest))
		return err_sys(err, "cannot link %s", latest);
	return 0;
}

/* What a scenario reads lies beside it, here as where it came from. */
static int keep_file(const struct store *store, const char *file, size_t max, struct err *err)
{
	const char *last = strrchr(file, '/');
	struct buf text = {0};
	char path[1400];
	int rc;

	snprintf(path, sizeof(path), "%s/%.200s", store->dir, last ? last + 1 : file);
	rc = buf_read_file(&text, file, max, err) ||
		(access(path, F_OK) && buf_write_file(&text, path, err));
	buf_release(&text);
	return rc ? -1 : 0;
}

/* Recorded delays, and the scenarios that it extends. */
static int keep_files(const struct store *store, const struct plan *plan, struct err *err)
{
	for (size_t i = 0; i < plan->n_traces; i++) {
		if (keep_file(store, plan->traces[i], TRACE_BYTES_MAX, err))
			return -1;
	}
	for (size_t i = 0; i < plan->n_bases; i++) {
		if (keep_file(store, plan->bases[i], YAML_SIZE_MAX, err))
			return -1;
	}
	return 0;
}

int store_create(struct store *store, const char *runs, const struct plan *plan, struct err *err)
{
	char absolute[PATH_MAX], path[1100];
	struct buf text = {0};
	int rc;

	store->log_fd = -1;
	if (make_runs(runs, absolute, err) || make_run(store, absolute, plan, err)) {
		err->code = EXIT_MACHINE;
		return -1;
	}
	snprintf(store->work, sizeof(store->work), "%s/work", store->dir);
	snprintf(path, sizeof(path), "%s/record", store->dir);
	if (mkdir(path, 0755))
		return err_sys(err, "cannot create %s", path);
	snprintf(path, sizeof(path), "%s/run.log", store->dir);
	store->log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (store->log_fd < 0)
		return err_sys(err, "cannot create %s", path);
	snprintf(path, sizeof(path), "%s/scenario.yaml", store->dir);
	buf_puts(&text, plan->text);
	rc = buf_write_file(&text, path, err);
	buf_release(&text);
	return rc || keep_files(store, plan, err) ? -1 : link_latest(store, absolute, err);
}

int store_make_work(const struct store *store, struct err *err)
{
	return mkdir(store->work, 0755) ? err_sys(err, "cannot create %s", store->work) : 0;
}

int store_record_dir(
	const struct store *store, const char *region, char *out, size_t size, struct err *err)
{
	snprintf(out, size, "%s/record/%s", store->dir, region);
	if (mkdir(out, 0755) && errno != EEXIST)
		return err_sys(err, "cannot create %s", out);
	return 0;
}

int store_remove_work(const struct store *store, struct err *err)
{
	return store->work[0] ? tree_remove(store->work, err) : 0;
}

void store_release(struct store *store)
{
	if (store->log_fd >= 0)
		close(store->log_fd);
	store->log_fd = -1;
}
