#include "reports/result_read.h"
#include "fixtures/base/arena.h"
#include "fixtures/base/buf.h"
#include "fixtures/json/jv.h"
#include "reports/result.h"
#include "reports/result_shape.h"

#include <stdio.h>
#include <unistd.h>

#define FILE_MAX (256u << 20)

static int check_schema(const struct jv *root, struct err *err)
{
	int64_t schema = jv_int(jv_get(root, "schema"), 0);

	if (schema == RESULT_SCHEMA)
		return 0;
	return err_set(err, "its schema is %lld, and this program reads %d", (long long)schema,
		RESULT_SCHEMA);
}

static int read_file(struct arena *arena, const char *path, const struct shape *shape, void *into,
	struct err *err)
{
	struct buf text = {0};
	struct jv *root;
	int rc = -1;

	if (buf_read_file(&text, path, FILE_MAX, err)) {
		buf_release(&text);
		return -1;
	}
	root = jv_parse(buf_str(&text), text.len, FILE_MAX, err);
	buf_release(&text);
	if (root && !check_schema(root, err))
		rc = shape_from_json(shape, root, into, arena, err);
	jv_free(root);
	return rc ? err_prefix(err, "%s", path) : 0;
}

/* All lines have as many buckets as the first, and all links: who draws them relies on it. */
static int check_series(struct series *series, const char *path, struct err *err)
{
	series->n_buckets = series->n_lines ? series->lines[0].n : 0;
	for (size_t i = 0; i < series->n_lines; i++) {
		if (series->lines[i].n != series->n_buckets || !series->bucket_ns)
			return err_set(err, "%s: lines[%zu]: buckets are missing", path, i);
	}
	for (size_t i = 0; i < series->n_links; i++) {
		if (series->links[i].n != series->links[0].n || !series->link_bucket_ns)
			return err_set(err, "%s: links[%zu]: buckets are missing", path, i);
	}
	return 0;
}

int result_read(struct arena *arena, const char *dir, struct result *out, struct err *err)
{
	char path[1200];

	*out = (struct result){0};
	snprintf(path, sizeof(path), "%s/run.json", dir);
	if (access(path, R_OK))
		return err_sys(err, "%s holds no finished run: %s", dir, path);
	if (read_file(arena, path, &result_shape, out, err))
		return -1;
	out->dir = arena_strdup(arena, dir);
	snprintf(path, sizeof(path), "%s/series.json", dir);
	if (access(path, F_OK))
		return 0;
	if (read_file(arena, path, &series_shape, &out->series, err))
		return -1;
	return check_series(&out->series, path, err);
}
