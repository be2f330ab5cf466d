/* The table of a pack: claimed, measured, how sure, verdict. */
#include "fixtures/base/buf.h"
#include "reports/result.h"
#include "reports/writers/console.h"
#include "reports/writers/text.h"
#include "reports/writers/writer.h"

#define INDENT 15

static void put_wrapped(const struct writer_options *options, const struct buf *text,
	unsigned column, struct buf *out)
{
	text_wrap(out, buf_str(text), options->ascii, options->width, column, INDENT);
	buf_addc(out, '\n');
}

static void put_claim(
	const struct result_claim *claim, const struct writer_options *options, struct buf *out)
{
	struct buf text = {0};

	buf_printf(out, "  %-12s ", verdict_name(claim->verdict));
	buf_printf(&text, "%s (%s, %s)", claim->claim, claim->source, claim->date);
	put_wrapped(options, &text, INDENT, out);
	buf_clear(&text);
	buf_printf(&text, "claimed %s; measured %s, the worst; %s", claim->claimed, claim->measured,
		claim->interval);
	buf_printf(out, "%*s", INDENT, "");
	put_wrapped(options, &text, INDENT, out);
	buf_release(&text);
}

void console_claims(const struct result_claim *claims, size_t n,
	const struct writer_options *options, struct buf *out)
{
	size_t start = out->len;

	if (!n)
		return;
	buf_puts(out, "\nclaims of ");
	text_clean(out, claims[0].product, options->ascii);
	buf_puts(out, "\ntested: ");
	text_clean(out, claims[0].system, options->ascii);
	buf_addc(out, '\n');
	for (size_t i = 0; i < n; i++)
		put_claim(&claims[i], options, out);
	text_guard(out, start);
}
