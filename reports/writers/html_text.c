#include "reports/writers/html_text.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/utf8.h"
#include "reports/writers/text.h"
#include "reports/writers/xml.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NARROW_SPACE "\xe2\x80\xaf"

void html_text(struct buf *out, const char *text)
{
	struct buf clean = {0};

	text_clean(&clean, text, false);
	xml_escape(out, buf_str(&clean));
	buf_release(&clean);
}

void html_attribute(struct buf *out, const char *name, const char *text)
{
	buf_printf(out, " %s=\"", name);
	html_text(out, text);
	buf_addc(out, '"');
}

void html_clipped(struct buf *out, const char *text, size_t most)
{
	struct buf clean = {0}, cut = {0};
	const char *at;
	size_t shown = 0;

	text_clean(&clean, text, false);
	for (at = buf_str(&clean); *at && shown < most; shown++)
		at += utf8_sequence(at) ? utf8_sequence(at) : 1;
	if (*at && most > 3) {
		for (at = buf_str(&clean), shown = 0; shown < most - 1; shown++)
			at += utf8_sequence(at) ? utf8_sequence(at) : 1;
		buf_add(&cut, buf_str(&clean), (size_t)(at - buf_str(&clean)));
		buf_puts(&cut, "\xe2\x80\xa6");
	} else if (!*at) {
		buf_puts(&cut, buf_str(&clean));
	}
	xml_escape(out, buf_str(&cut));
	buf_release(&cut);
	buf_release(&clean);
}

void html_count(struct buf *out, uint64_t n)
{
	char digits[24];
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);

	for (size_t i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			buf_puts(out, NARROW_SPACE);
		buf_addc(out, digits[i]);
	}
}

void html_fixed(struct buf *out, double value, unsigned decimals)
{
	double unit = 1;
	uint64_t whole;

	if (!isfinite(value) || fabs(value) > 1e15) {
		buf_puts(out, "\xe2\x80\x93");
		return;
	}
	for (unsigned i = 0; i < decimals; i++)
		unit *= 10;
	whole = (uint64_t)(fabs(value) * unit + 0.5);
	if (value < 0 && whole)
		buf_puts(out, "-");
	buf_printf(out, "%llu", (unsigned long long)(whole / (uint64_t)unit));
	if (decimals)
		buf_printf(out, ".%0*llu", (int)decimals,
			(unsigned long long)(whole % (uint64_t)unit));
}

/* Three significant digits; what is whole (a width, a bound) shows none after the point. */
static void put_scaled(struct buf *out, double value, const char *unit)
{
	unsigned decimals = fabs(value) < 9.995 ? 2 : fabs(value) < 99.95 ? 1 : 0;

	html_fixed(out, value, value == floor(value) ? 0 : decimals);
	buf_puts(out, NARROW_SPACE);
	buf_puts(out, unit);
}

void html_length(struct buf *out, double ns)
{
	double size = fabs(ns);

	if (!isfinite(ns) || size >= 1e18)
		buf_puts(out, "never");
	else if (size < 1)
		buf_puts(out, "0" NARROW_SPACE "ms");
	else if (size < 10e3)
		put_scaled(out, ns / 1e3, "\xc2\xb5s");
	else if (size < 999.5e6)
		put_scaled(out, ns / 1e6, "ms");
	else if (size < 600e9)
		put_scaled(out, ns / 1e9, "s");
	else
		put_scaled(out, ns / 60e9, "min");
}

void html_instant(struct buf *out, uint64_t ns)
{
	text_seconds(out, ns, 4); /* a write and a cut may be less than a millisecond apart */
	buf_puts(out, NARROW_SPACE "s");
}

void html_value(struct buf *out, double value, const char *unit)
{
	if (!strcmp(unit, "ns")) {
		html_length(out, value);
	} else if (!strcmp(unit, "share")) {
		html_fixed(out, value * 100, fabs(value * 100 - round(value * 100)) < 1e-9 ? 0 : 3);
		buf_puts(out, NARROW_SPACE "%");
	} else {
		html_fixed(out, value, value == floor(value) ? 0 : 2);
		if (!strcmp(unit, "per second"))
			buf_puts(out, "/s");
	}
}
