#include "reports/writers/xml.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/utf8.h"

#include <stdbool.h>
#include <string.h>

static bool allowed(uint32_t code)
{
	if (code < 0x20)
		return code == '\t' || code == '\n' || code == '\r';
	return code != 0x7f && code != 0xfffe && code != 0xffff;
}

/* The next character as XML may hold it; returns how many bytes of s it stands for. */
static size_t next(const char *s, const char **shown, size_t *shown_len)
{
	size_t n = utf8_sequence(s);

	if (n && allowed(utf8_code(s, n))) {
		*shown = s;
		*shown_len = n;
		return n;
	}
	*shown = UTF8_REPLACEMENT;
	*shown_len = strlen(UTF8_REPLACEMENT);
	return n ? n : 1;
}

static const char *reference(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\n':
		return "&#10;";
	case '\r':
		return "&#13;";
	case '\t':
		return "&#9;";
	default:
		return NULL;
	}
}

void xml_escape(struct buf *out, const char *text)
{
	const char *shown;
	size_t n;

	while (text && *text) {
		text += next(text, &shown, &n);
		if (n == 1 && reference(*shown))
			buf_puts(out, reference(*shown));
		else
			buf_add(out, shown, n);
	}
}

void xml_attribute(struct buf *out, const char *name, const char *text)
{
	buf_printf(out, " %s=\"", name);
	xml_escape(out, text);
	buf_addc(out, '"');
}

void xml_cdata(struct buf *out, const char *text)
{
	const char *shown;
	size_t n;

	buf_puts(out, "<![CDATA[");
	while (*text) {
		if (!strncmp(text, "]]>", 3)) {
			buf_puts(out, "]]]]><![CDATA[>");
			text += 3;
			continue;
		}
		text += next(text, &shown, &n);
		buf_add(out, shown, n);
	}
	buf_puts(out, "]]>");
}
