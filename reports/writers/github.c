/*
 * github: annotations, one per expectation that did not pass, at its line of the scenario.
 *
 * GitHub shows ten errors of a step, so the worst come first and there are at most ten. In a message
 * '%' and line breaks are encoded, in a property ':' and ',' as well, the percent sign first.
 */
#include "fixtures/base/buf.h"
#include "reports/result.h"
#include "reports/writers/text.h"
#include "reports/writers/writer.h"
#include "reports/writers/writers.h"

#include <string.h>

#define ANNOTATIONS_MAX 10

static void put_encoded(struct buf *out, const char *text, bool property)
{
	struct buf clean = {0};

	text_clean(&clean, text, false);
	for (const char *at = buf_str(&clean); *at; at++) {
		if (*at == '%' || (property && (*at == ':' || *at == ',')))
			buf_printf(out, "%%%02X", (unsigned char)*at);
		else
			buf_addc(out, *at);
	}
	buf_release(&clean);
}

/* All variants of a scenario point at the same lines. */
static void put_variant(struct buf *out, const struct result *result)
{
	if (!result->variant)
		return;
	buf_puts(out, " (variant ");
	put_encoded(out, result->variant, true);
	buf_addc(out, ')');
}

static void put_annotation(struct buf *out, const struct result *result, const char *level,
	const struct result_expect *expect)
{
	buf_printf(out, "::%s file=", level);
	put_encoded(out, expect->file ? expect->file : "", true);
	buf_printf(out, ",line=%u,title=", expect->line ? expect->line : 1);
	put_encoded(out, expect->id, true);
	put_variant(out, result);
	buf_printf(out, "::%s: wanted ", verdict_name(expect->verdict));
	put_encoded(out, expect->wanted, false);
	buf_puts(out, ", got ");
	put_encoded(out, expect->got, false);
	if (expect->why) {
		buf_puts(out, "%0A");
		put_encoded(out, expect->why, false);
	}
	buf_addc(out, '\n');
}

static void put_error(struct buf *out, const struct result *result)
{
	buf_puts(out, "::error file=");
	put_encoded(out, result->path, true);
	buf_puts(out, ",line=1,title=regionproof");
	put_variant(out, result);
	buf_puts(out, "::");
	put_encoded(out, result->error, false);
	buf_addc(out, '\n');
}

void github_write(
	const struct result *result, const struct writer_options *options, struct buf *out)
{
	static const struct {
		enum verdict verdict;
		const char *level;
	} worst_first[] = {{VERDICT_FAIL, "error"}, {VERDICT_ERROR, "error"},
		{VERDICT_VOID, "warning"}, {VERDICT_INCONCLUSIVE, "warning"},
		{VERDICT_WARN, "warning"}};
	unsigned n = 0;

	(void)options;
	if (result->error) {
		put_error(out, result);
		n++;
	}
	for (size_t w = 0; w < sizeof(worst_first) / sizeof(*worst_first); w++) {
		for (size_t i = 0; i < result->n_expects && n < ANNOTATIONS_MAX; i++) {
			if (result->expects[i].verdict != worst_first[w].verdict)
				continue;
			put_annotation(out, result, worst_first[w].level, &result->expects[i]);
			n++;
		}
	}
}
