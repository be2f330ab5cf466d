#include "probes/files.h"
#include "fixtures/base/buf.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH_MAX 8

static void add(struct files *files, const char *path)
{
	files->paths = realloc(files->paths, (files->n + 1) * sizeof(*files->paths));
	if (!files->paths)
		abort();
	files->paths[files->n] = strdup(path);
	if (!files->paths[files->n++])
		abort();
}

static int has_suffix(const char *name, const char *suffix)
{
	size_t n = strlen(name), s = strlen(suffix);

	return n > s && !strcmp(name + n - s, suffix);
}

static int walk(
	struct files *files, const char *dir, const char *suffix, int depth, struct err *err)
{
	struct buf path = {0};
	struct dirent *entry;
	struct stat st;
	int rc = 0;
	DIR *d = opendir(dir);

	if (!d)
		return err_sys(err, "cannot open %s", dir);
	while (!rc && (entry = readdir(d))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		buf_clear(&path);
		buf_printf(&path, "%s/%s", dir, entry->d_name);
		if (lstat(path.data, &st))
			continue;
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
			rc = walk(files, path.data, suffix, depth + 1, err);
		else if (S_ISREG(st.st_mode) && has_suffix(entry->d_name, suffix))
			add(files, path.data);
	}
	closedir(d);
	buf_release(&path);
	return rc;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int files_below(struct files *files, const char *dir, const char *suffix, struct err *err)
{
	*files = (struct files){0};
	if (walk(files, dir, suffix, 0, err)) {
		files_release(files);
		return -1;
	}
	if (files->n)
		qsort(files->paths, files->n, sizeof(*files->paths), by_name);
	return 0;
}

void files_release(struct files *files)
{
	for (size_t i = 0; i < files->n; i++)
		free(files->paths[i]);
	free(files->paths);
	*files = (struct files){0};
}
