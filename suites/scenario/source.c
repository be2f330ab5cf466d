#include "suites/scenario/source.h"
#include "fixtures/base/arena.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/param.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Longer lines are quoted from a little before the column: hostile files have lines of a megabyte. */
#define QUOTE_MAX 120

void complaints_add_source(struct complaints *complaints, const struct source *source)
{
	assert(complaints->n_sources < SOURCES_MAX);
	complaints->sources[complaints->n_sources++] = source;
}

static const struct source *find_source(const struct complaints *complaints, const char *file)
{
	for (size_t i = 0; i < complaints->n_sources; i++) {
		if (complaints->sources[i]->file == file)
			return complaints->sources[i];
	}
	return NULL;
}

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Bytes that would move the cursor, or speak to the terminal, are shown as '?'. */
static void put_visible(struct buf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		buf_addc(out, c == '\t' ? ' ' : c < 0x20 || c == 0x7f ? '?' : text[i]);
	}
}

static size_t skip_characters(const char *line, size_t len, size_t n)
{
	size_t at = 0;

	for (; n && at < len; n--) {
		at++;
		while (at < len && is_continuation(line[at]))
			at++;
	}
	return at;
}

static void quote(struct buf *out, const struct source *source, struct place at)
{
	const char *line = source->text, *end = source->text + source->len;
	size_t len, skipped = at.column > QUOTE_MAX ? at.column - QUOTE_MAX / 2 : 0;
	size_t from, n;

	for (unsigned i = 1; i < at.line && line; i++) {
		line = memchr(line, '\n', (size_t)(end - line));
		line = line ? line + 1 : NULL;
	}
	if (!line || line >= end)
		return;
	len = strcspn(line, "\r\n");
	from = skip_characters(line, len, skipped);
	n = skip_characters(line + from, len - from, QUOTE_MAX);
	buf_puts(out, "    ");
	put_visible(out, line + from, n);
	buf_printf(out, "\n    %*s^\n", (int)(at.column - 1 - skipped), "");
}

void complain(struct complaints *complaints, struct place at, const char *fmt, ...)
{
	const struct source *source = find_source(complaints, at.file);
	char text[1024];
	va_list args;

	if (complaints->n++ >= COMPLAINTS_MAX)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	buf_printf(complaints->out, "%s:%u:%u: ", at.file, at.line, at.column);
	put_visible(complaints->out, text, strlen(text));
	buf_addc(complaints->out, '\n');
	if (source)
		quote(complaints->out, source, at);
}

void complaints_finish(struct complaints *complaints)
{
	if (complaints->n > COMPLAINTS_MAX)
		buf_printf(complaints->out, "... and %zu more\n", complaints->n - COMPLAINTS_MAX);
}

const char *did_you_mean(const char *word, const char *const *names, size_t n, char text[128])
{
	const char *near = param_nearest(word, names, n);

	text[0] = '\0';
	if (near)
		snprintf(text, 128, "; did you mean \"%s\"?", near);
	return text;
}

const char *source_beside(struct arena *arena, const char *file, const char *name)
{
	const char *slash = strrchr(file, '/'), *last = strrchr(name, '/'), *path;
	int dir = slash ? (int)(slash + 1 - file) : 0;

	if (name[0] == '/' && !access(name, R_OK))
		return name;
	path = arena_printf(arena, "%.*s%s", dir, file, name);
	if (!access(path, R_OK) || !last)
		return path;
	return arena_printf(arena, "%.*s%s", dir, file, last + 1);
}
