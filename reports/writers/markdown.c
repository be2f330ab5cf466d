/*
 * markdown: GitHub-flavoured Markdown, as a step summary shows it.
 *
 * Tables, folded details and a mermaid gantt of phases and faults: pictures and style are not shown
 * there. Parts come in the order of their worth, and what does not fit the budget is left out and
 * said so: GitHub drops a summary that is too large as a whole.
 *
 * Foreign text is one line in which every character that means something to Markdown, HTML or
 * GitHub (mentions, links) has a backslash before it. In the gantt, whose language has no escapes,
 * only letters, digits and a few harmless marks are left.
 */
#include "fixtures/base/buf.h"
#include "reports/result.h"
#include "reports/writers/html_text.h"
#include "reports/writers/text.h"
#include "reports/writers/writer.h"
#include "reports/writers/writers.h"

#include <ctype.h>
#include <string.h>

#define BUDGET 61440 /* of 64 KiB: the rest is for the words that say what is missing */
#define MEANINGFUL "\\`*_{}[]<>()#|~&@!:/$^\"+"

static void put_text(struct buf *out, const char *text)
{
	struct buf clean = {0};

	text_clean(&clean, text, false);
	for (const char *at = buf_str(&clean); *at; at++) {
		bool link =
			*at == '.' && at - buf_str(&clean) >= 3 && !strncasecmp(at - 3, "www", 3);

		if (strchr(MEANINGFUL, *at) || link)
			buf_addc(out, '\\');
		buf_addc(out, *at);
	}
	buf_release(&clean);
}

static void put_plain(struct buf *out, const char *text)
{
	struct buf clean = {0};
	unsigned n = 0;

	text_clean(&clean, text, true);
	for (const char *at = buf_str(&clean); *at && n < 40; at++, n++)
		buf_addc(out, isalnum((unsigned char)*at) || *at == '-' ? *at : ' ');
	buf_release(&clean);
}

static const char *mark_of(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_PASS:
		return "\xe2\x9c\x85";
	case VERDICT_WARN:
		return "\xe2\x9a\xa0\xef\xb8\x8f";
	case VERDICT_FAIL:
	case VERDICT_ERROR:
		return "\xe2\x9d\x8c";
	case VERDICT_INCONCLUSIVE:
		return "\xe2\x9d\x94";
	case VERDICT_VOID:
		return "\xe2\x9a\xaa";
	case VERDICTS:
		break;
	}
	return "";
}

static void put_headline(struct buf *out, const struct result *result)
{
	buf_puts(out, "## ");
	put_text(out, result->scenario);
	buf_puts(out, "\n\n");
	for (enum verdict verdict = 0; verdict < VERDICTS; verdict++) {
		size_t n = result_count(result, verdict);

		if (n)
			buf_printf(out, "%s %zu %s \xc2\xa0 ", mark_of(verdict), n,
				verdict_name(verdict));
	}
	buf_puts(out, "\n\n");
	if (result->error) {
		buf_puts(out, "**");
		put_text(out, result->error);
		buf_puts(out, "**\n\n");
	}
	if (!result->clean)
		buf_puts(out,
			"**Clean-up was not verified.** `regionproof clean` undoes what is "
			"left.\n\n");
}

static void put_expects(struct buf *out, const struct result *result)
{
	buf_puts(out,
		"| | expectation | wanted | got | samples | line |\n"
		"|---|---|---|---|---:|---:|\n");
	for (size_t i = 0; i < result->n_expects && out->len < BUDGET; i++) {
		const struct result_expect *expect = &result->expects[i];

		buf_printf(
			out, "| %s %s | ", mark_of(expect->verdict), verdict_name(expect->verdict));
		put_text(out, expect->id);
		buf_puts(out, " | ");
		put_text(out, expect->wanted);
		buf_puts(out, " | ");
		put_text(out, expect->got);
		buf_printf(out, " | %llu | %u |\n", (unsigned long long)expect->n, expect->line);
	}
	buf_addc(out, '\n');
}

static void put_witness(struct buf *out, const struct result_witness *witness)
{
	for (size_t i = 0; i < witness->n_ops; i++) {
		buf_puts(out, "- at ");
		text_seconds(out, witness->ops[i].call_ns, 3);
		buf_puts(out, " s, ");
		put_text(out, witness->ops[i].session);
		buf_puts(out, " ");
		put_text(out, witness->ops[i].text);
		buf_addc(out, '\n');
	}
	if (witness->reason) {
		buf_puts(out, "- so: ");
		put_text(out, witness->reason);
		buf_addc(out, '\n');
	}
}

static void put_detail(struct buf *out, const struct result_expect *expect)
{
	buf_puts(out, "<details><summary>");
	buf_printf(out, "%s %s ", mark_of(expect->verdict), verdict_name(expect->verdict));
	html_text(out, expect->id); /* a line of HTML, in which backslashes are only that */
	buf_puts(out, "</summary>\n\n");
	put_text(out, expect->why ? expect->why : "no reason was given");
	buf_puts(out, "\n\n");
	if (expect->n_witnesses)
		put_witness(out, &expect->witnesses[0]);
	if (expect->total_findings > 1)
		buf_printf(out, "- and %llu more like it\n",
			(unsigned long long)(expect->total_findings - 1));
	buf_puts(out, "\n</details>\n\n");
}

static void put_details(struct buf *out, const struct result *result)
{
	for (size_t i = 0; i < result->n_expects && out->len < BUDGET; i++) {
		if (result->expects[i].verdict != VERDICT_PASS)
			put_detail(out, &result->expects[i]);
	}
}

static void put_claims(struct buf *out, const struct result *result)
{
	if (!result->n_claims)
		return;
	buf_puts(out,
		"| | claim | tested as | measured | how sure | system |\n|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < result->n_claims && out->len < BUDGET; i++) {
		const struct result_claim *claim = &result->claims[i];
		const char *const cells[] = {claim->claim, claim->claimed, claim->measured,
			claim->interval, claim->system};

		buf_printf(out, "| %s %s |", mark_of(claim->verdict), verdict_name(claim->verdict));
		for (size_t k = 0; k < sizeof(cells) / sizeof(*cells); k++) {
			buf_addc(out, ' ');
			put_text(out, cells[k]);
			buf_puts(out, " |");
		}
		buf_addc(out, '\n');
	}
	buf_addc(out, '\n');
}

static void put_bar(
	struct buf *out, const char *name, const char *how, uint64_t from_ns, uint64_t to_ns)
{
	buf_puts(out, "  ");
	put_plain(out, name);
	buf_printf(out, " :%s%llu, %llu\n", how, (unsigned long long)(from_ns / 1000000),
		(unsigned long long)(to_ns > from_ns ? to_ns / 1000000 : from_ns / 1000000 + 1));
}

static void put_gantt(struct buf *out, const struct result *result)
{
	if (!result->n_phases)
		return;
	buf_puts(out, "```mermaid\ngantt\n  dateFormat x\n  axisFormat %M:%S\n  section phases\n");
	for (size_t i = 0; i < result->n_phases && out->len < BUDGET; i++)
		put_bar(out, result->phases[i].name, "", result->phases[i].start_ns,
			result->phases[i].end_ns);
	buf_puts(out, "  section faults\n");
	for (size_t i = 0; i < result->n_faults && out->len < BUDGET; i++) {
		const struct result_fault *fault = &result->faults[i];

		if (fault->in_force_ns)
			put_bar(out, fault->name, "crit, ", fault->in_force_ns,
				fault->gone_ns ? fault->gone_ns : result->duration_ns);
	}
	buf_puts(out, "```\n\n");
}

static void put_faults(struct buf *out, const struct result *result)
{
	if (!result->n_faults)
		return;
	buf_puts(out, "| fault | proof | in force | gone |\n|---|---|---:|---:|\n");
	for (size_t i = 0; i < result->n_faults && out->len < BUDGET; i++) {
		const struct result_fault *fault = &result->faults[i];

		buf_puts(out, "| ");
		put_text(out, fault->name);
		buf_puts(out, " | ");
		put_text(out, fault->status);
		buf_puts(out, " | ");
		if (fault->in_force_ns)
			text_seconds(out, fault->in_force_ns, 3);
		buf_puts(out, fault->in_force_ns ? " s | " : "never | ");
		if (fault->gone_ns)
			text_seconds(out, fault->gone_ns, 3);
		buf_puts(out, fault->gone_ns ? " s |\n" : " |\n");
	}
	buf_addc(out, '\n');
}

static void put_environment(struct buf *out, const struct result *result)
{
	if (!result->n_facts)
		return;
	buf_puts(out, "<details><summary>environment</summary>\n\n| | |\n|---|---|\n");
	for (size_t i = 0; i < result->n_facts && out->len < BUDGET; i++) {
		buf_puts(out, "| ");
		put_text(out, result->facts[i].name);
		buf_puts(out, " | ");
		put_text(out, result->facts[i].value);
		buf_puts(out, " |\n");
	}
	buf_puts(out, "\n</details>\n\n");
}

static void put_foot(struct buf *out, const struct result *result)
{
	buf_puts(out, "Run ");
	put_text(out, result->run);
	buf_printf(out, ", seed %llu, regionproof ", (unsigned long long)result->seed);
	put_text(out, result->tool_version);
	buf_puts(out, ".\n");
}

void markdown_write(
	const struct result *result, const struct writer_options *options, struct buf *out)
{
	static void (*const parts[])(struct buf *, const struct result *) = {put_headline,
		put_expects, put_claims, put_gantt, put_details, put_faults, put_environment,
		put_foot};
	struct buf text = {0};

	(void)options;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts) && text.len < BUDGET; i++)
		parts[i](&text, result);
	buf_add(out, buf_str(&text), text.len);
	if (text.len >= BUDGET)
		buf_puts(out, "\n\n*The rest did not fit: see report.html.*\n");
	buf_release(&text);
}
