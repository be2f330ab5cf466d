/* format: the table, and the way from a file to a history. */
#include "suites/judge/foreign/format.h"

#include "fixtures/base/buf.h"
#include "fixtures/base/memory.h"

#include <string.h>
#include <sys/stat.h>

/* The last number was measured on histories of a few hundred thousand operations, judged by the model
 * that takes most of it, and rounded up. */
const struct format formats[] = {
	{"knossos", "Jepsen operations in EDN or JSON, one object; registers begin with 0",
		read_knossos, NULL, 8},
	{"elle", "Jepsen operations in EDN or JSON, as elle and elle-cli take them", read_elle,
		NULL, 15},
	{"etcd-log", "log lines of Jepsen's etcd test; a failed cas says that the state differed",
		read_etcd_log, NULL, 8},
	{"awdit", "r or w, key, value a line; ----- ends a transaction, ===== a session; no times",
		read_awdit, NULL, 50},
	{"jsonl",
		"one operation a line as JSON: process, f, key, value, result, outcome, call, ret",
		read_jsonl, NULL, 8},
	{"run", "the directory of a run of ours: each key a register", NULL, read_run, 0},
	{NULL, NULL, NULL, NULL, 0},
};

const struct format *format_find(const char *name)
{
	for (const struct format *f = formats; f->name; f++) {
		if (!strcmp(f->name, name))
			return f;
	}
	return NULL;
}

int format_check_room(
	const struct format *format, const char *path, uint64_t available, struct err *err)
{
	struct stat st;
	uint64_t size;

	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return 0; /* opening it says what is wrong; a pipe has no length yet */
	size = (uint64_t)st.st_size;
	if (size <= available / format->memory_per_byte)
		return 0;
	return err_exit(err, EXIT_MACHINE,
		"%s is %.3g GB of text, which takes %.3g GB of memory to be judged (%u bytes for one of "
		"format %s), and %.3g GB are left here: judge it on a machine with more",
		path, (double)size / 1e9, (double)size * format->memory_per_byte / 1e9,
		format->memory_per_byte, format->name, (double)available / 1e9);
}

static int read_whole(const struct format *format, struct arena *arena, const char *path,
	struct past *out, struct err *err)
{
	uint64_t available = memory_available();
	struct buf text = {0};
	int rc;

	if (format_check_room(format, path, available, err))
		return -1;
	rc = buf_read_file(&text, path, available / format->memory_per_byte, err);
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
	if (rc && err->code != EXIT_MACHINE)
		err->code = EXIT_SCENARIO;
	return rc;
}
