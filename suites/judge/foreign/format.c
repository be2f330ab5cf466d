/* format: the table, and the way from a file to a history. */
#include "suites/judge/foreign/format.h"

#include "fixtures/base/buf.h"

#include <string.h>

const struct format formats[] = {
	{"knossos", "Jepsen operations in EDN or JSON, one object; registers begin with 0",
		read_knossos, NULL},
	{"elle", "Jepsen operations in EDN or JSON, as elle and elle-cli take them", read_elle,
		NULL},
	{"etcd-log", "log lines of Jepsen's etcd test; a failed cas says that the state differed",
		read_etcd_log, NULL},
	{"awdit", "r or w, key, value a line; ----- ends a transaction, ===== a session; no times",
		read_awdit, NULL},
	{"jsonl",
		"one operation a line as JSON: process, f, key, value, result, outcome, call, ret",
		read_jsonl, NULL},
	{"run", "the directory of a run of ours: each key a register", NULL, read_run},
	{NULL, NULL, NULL, NULL},
};

const struct format *format_find(const char *name)
{
	for (const struct format *f = formats; f->name; f++) {
		if (!strcmp(f->name, name))
			return f;
	}
	return NULL;
}

static int read_whole(const struct format *format, struct arena *arena, const char *path,
	struct past *out, struct err *err)
{
	struct buf text = {0};
	int rc = buf_read_file(&text, path, FORMAT_MOST_BYTES, err);

	if (!rc) {
		rc = format->read_text(arena, buf_str(&text), text.len, out, err);
		if (rc)
			err_prefix(err, "%s", path);
	}
	buf_release(&text);
	return rc;
}

int format_read(const struct format *format, struct arena *arena, const char *path,
	struct past *out, struct err *err)
{
	int rc;

	*out = (struct past){0};
	rc = format->read_path ? format->read_path(arena, path, out, err)
			       : read_whole(format, arena, path, out, err);
	if (rc)
		err->code = EXIT_SCENARIO;
	return rc;
}
