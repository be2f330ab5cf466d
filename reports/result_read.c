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

static int parse(struct arena *arena, const struct buf *text, const struct shape *shape, void *into,
	struct err *err)
{
	struct jv *root = jv_parse(buf_str(text), text->len, FILE_MAX, err);
	int rc = -1;

	if (root && !check_schema(root, err))
		rc = shape_from_json(shape, root, into, arena, err);
	jv_free(root);
	return rc;
}

/* All lines have as many buckets as the first, and all links: who draws them relies on it. */
static int check_series(struct series *series, struct err *err)
{
	series->n_buckets = series->n_lines ? series->lines[0].n : 0;
	for (size_t i = 0; i < series->n_lines; i++) {
		if (series->lines[i].n != series->n_buckets || !series->bucket_ns)
			return err_set(err, "lines[%zu]: buckets are missing", i);
	}
	for (size_t i = 0; i < series->n_links; i++) {
		if (series->links[i].n != series->links[0].n || !series->link_bucket_ns)
			return err_set(err, "links[%zu]: buckets are missing", i);
	}
	return 0;
}

static int parse_series(
	struct arena *arena, const struct buf *text, struct series *out, struct err *err)
{
	if (parse(arena, text, &series_shape, out, err))
		return -1;
	return check_series(out, err);
}

int result_parse(struct arena *arena, const struct buf *run, const struct buf *series,
	struct result *out, struct err *err)
{
	*out = (struct result){0};
	if (parse(arena, run, &result_shape, out, err))
		return -1;
	return series ? parse_series(arena, series, &out->series, err) : 0;
}

int result_read(struct arena *arena, const char *dir, struct result *out, struct err *err)
{
	struct buf text = {0};
	char path[1200];
	int rc;

	*out = (struct result){0};
	snprintf(path, sizeof(path), "%s/run.json", dir);
	if (access(path, R_OK))
		return err_sys(err, "%s holds no finished run: %s", dir, path);
	rc = buf_read_file(&text, path, FILE_MAX, err);
	if (!rc && result_parse(arena, &text, NULL, out, err))
		rc = err_prefix(err, "%s", path);
	buf_release(&text);
	if (rc)
		return -1;
	out->dir = arena_strdup(arena, dir);
	snprintf(path, sizeof(path), "%s/series.json", dir);
	if (access(path, F_OK))
		return 0;
	rc = buf_read_file(&text, path, FILE_MAX, err);
	if (!rc && parse_series(arena, &text, &out->series, err))
		rc = err_prefix(err, "%s", path);
	buf_release(&text);
	return rc;
}
