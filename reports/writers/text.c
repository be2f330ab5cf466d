#include "reports/writers/text.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/utf8.h"

#include <string.h>
#include <time.h>

#define ROW_MAX 400 /* a server's line is cut there: evidence, not a transcript */

/* Characters that show nothing but change what others look like: embeddings, overrides and isolates
 * of direction, line and paragraph separators, zero-width ones, tags. */
static bool is_deceptive(uint32_t code)
{
	return (code >= 0x80 && code < 0xa0) || code == 0x61c ||
		(code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
		(code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
		(code >= 0xfff9 && code <= 0xfffb) || (code >= 0xe0000 && code <= 0xe0fff);
}

/* One character of s as it may be shown; returns how many bytes of s it stands for. */
static size_t put_char(struct buf *out, const char *s, bool ascii)
{
	size_t n = utf8_sequence(s);
	uint32_t code = n ? utf8_code(s, n) : 0;

	if (*s == '\n' || *s == '\r' || *s == '\t')
		buf_addc(out, ' ');
	else if (n == 1 && code >= 0x20 && code < 0x7f)
		buf_addc(out, *s);
	else if (n > 1 && !ascii && !is_deceptive(code))
		buf_add(out, s, n);
	else
		buf_puts(out, ascii ? "?" : UTF8_REPLACEMENT);
	return n ? n : 1;
}

void text_clean(struct buf *out, const char *text, bool ascii)
{
	size_t shown = 0;

	while (text && *text && shown++ < ROW_MAX) {
		if (!strncmp(text, "##", 2)) { /* as a CI's "##[" would begin */
			buf_puts(out, "# ");
			text++;
			continue;
		}
		text += put_char(out, text, ascii);
	}
	if (text && *text)
		buf_puts(out, " ...");
}

/* Code points of two columns, roughly: CJK, Hangul, full-width forms, most pictures. */
static bool is_wide(uint32_t code)
{
	return (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf) ||
		(code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) ||
		(code >= 0xfe30 && code <= 0xfe6f) || (code >= 0xff00 && code <= 0xff60) ||
		(code >= 0x1f300 && code <= 0x1faff) || (code >= 0x20000 && code <= 0x3fffd);
}

static unsigned columns_of(const char *text, size_t len)
{
	const char *end = text + len;
	unsigned columns = 0;

	while (text < end) {
		size_t n = utf8_sequence(text);

		columns += n && is_wide(utf8_code(text, n)) ? 2 : 1;
		text += n ? n : 1;
	}
	return columns;
}

unsigned text_columns(const char *text)
{
	return columns_of(text, strlen(text));
}

void text_pad(struct buf *out, const char *text, bool ascii, unsigned columns)
{
	size_t start = out->len;
	unsigned used;

	text_clean(out, text, ascii);
	used = text_columns(buf_str(out) + start);
	for (; used < columns; used++)
		buf_addc(out, ' ');
}

static void new_line(struct buf *out, unsigned indent)
{
	buf_addc(out, '\n');
	for (unsigned i = 0; i < indent; i++)
		buf_addc(out, ' ');
}

void text_wrap(struct buf *out, const char *text, bool ascii, unsigned width, unsigned column,
	unsigned indent)
{
	struct buf clean = {0};
	bool first = true; /* word of its line */

	text_clean(&clean, text, ascii);
	for (const char *at = buf_str(&clean); *at;) {
		size_t gap = strspn(at, " "), n = strcspn(at + gap, " ");
		unsigned columns = columns_of(at + gap, n);

		if (!first && n && width && column + gap + columns > width) {
			new_line(out, indent);
			column = indent;
			first = true;
		}
		if (!first) {
			buf_add(out, at, gap);
			column += (unsigned)gap;
		}
		buf_add(out, at + gap, n);
		column += columns;
		first = false;
		at += gap + n;
	}
	buf_release(&clean);
}

void text_guard(struct buf *out, size_t from)
{
	struct buf guarded = {0};
	const char *line = buf_str(out) + from;

	while (*line) {
		size_t blank = strspn(line, " "), n = strcspn(line, "\n");

		buf_add(&guarded, line, blank);
		if (!strncmp(line + blank, "::", 2))
			buf_addc(&guarded, '\\');
		n += line[n] == '\n';
		buf_add(&guarded, line + blank, n - blank);
		line += n;
	}
	out->len = from;
	buf_add(out, buf_str(&guarded), guarded.len);
	buf_release(&guarded);
}

void text_seconds(struct buf *out, uint64_t ns, unsigned decimals)
{
	uint64_t unit = 1, half;

	for (unsigned i = decimals; i < 9; i++)
		unit *= 10;
	half = unit / 2;
	ns = (ns + half) / unit * unit;
	buf_printf(out, "%llu", (unsigned long long)(ns / 1000000000));
	if (decimals)
		buf_printf(out, ".%0*llu", (int)decimals,
			(unsigned long long)(ns % 1000000000 / unit));
}

void text_time(struct buf *out, uint64_t wall_ns)
{
	time_t seconds = (time_t)(wall_ns / 1000000000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	buf_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1,
		tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}
