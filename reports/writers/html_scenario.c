/*
 * The scenario with a target on every line (#L41), how to repeat the run, and the files beside.
 */
#include "fixtures/base/buf.h"
#include "reports/writers/html.h"
#include "reports/writers/writer.h"
#include "reports/writers/writers.h"

#include <string.h>

#define LINES_MAX 5000

/* It may stand in a file that the scenario extends. */
static bool is_of_scenario(const struct result *result, const struct result_expect *expect)
{
	return !result->path || !expect->file || !strcmp(result->path, expect->file);
}

/* The verdict of the expectation in that line; VERDICTS: none. */
static enum verdict verdict_at(const struct result *result, unsigned line)
{
	enum verdict worst = VERDICTS;

	for (size_t i = 0; i < result->n_expects; i++) {
		enum verdict verdict = result->expects[i].verdict;

		if (result->expects[i].line == line &&
			is_of_scenario(result, &result->expects[i]) &&
			(worst == VERDICTS || verdict > worst || verdict == VERDICT_FAIL))
			worst = worst == VERDICT_FAIL ? worst : verdict;
	}
	return worst;
}

static void put_source_line(
	struct buf *out, const struct result *result, unsigned number, const char *text, size_t len)
{
	enum verdict verdict = verdict_at(result, number);
	struct buf line = {0};

	buf_add(&line, text, len);
	buf_printf(out, "<span id=\"L%u\"%s%s%s><a href=\"#L%u\">%4u</a>  ", number,
		verdict < VERDICTS ? " class=\"v-" : "",
		verdict < VERDICTS ? verdict_name(verdict) : "", verdict < VERDICTS ? "\"" : "",
		number, number);
	html_text(out, buf_str(&line));
	if (verdict < VERDICTS)
		buf_printf(out, "<b>   \xe2\x97\x80 %s</b>", verdict_name(verdict));
	buf_puts(out, "</span>\n");
	buf_release(&line);
}

static void put_source(const struct html *html)
{
	const char *at = html->result->scenario_text ? html->result->scenario_text : "";
	struct buf *out = html->out;
	unsigned number = 1;

	buf_puts(out, "<p><code>");
	html_text(out, html->result->path);
	buf_puts(out, "</code></p>\n<pre class=\"source\">");
	for (; *at && number <= LINES_MAX; number++) {
		size_t len = strcspn(at, "\n");

		put_source_line(out, html->result, number, at, len);
		at += len + (at[len] == '\n');
	}
	buf_puts(out, "</pre>\n");
	if (*at)
		buf_puts(out, "<p>The rest stands in scenario.yaml.</p>\n");
}

static void put_file(struct buf *out, const char *name, const char *what)
{
	buf_printf(out, "<li><a href=\"%s\">%s</a> %s</li>\n", name, name, what);
}

static bool has_captures(const struct result *result)
{
	for (size_t i = 0; i < result->n_faults; i++) {
		if (result->faults[i].n_traffic)
			return true;
	}
	return false;
}

/* Regions are named by people: what could not stand in a link is a directory to look into. */
static void put_captures(struct buf *out, const struct result *result)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	for (size_t r = 0; has_captures(result) && r < result->n_regions; r++) {
		const char *region = result->regions[r].name;
		struct buf name = {0};

		if (!region[strspn(region, plain)]) {
			buf_printf(&name, "record/%s/%zu.pcap", region, r);
			put_file(out, buf_str(&name), "the system's packets there, for Wireshark");
		}
		buf_release(&name);
	}
}

/* What the writers write, and what the run leaves. */
static void put_files(const struct html *html)
{
	static const struct {
		const char *name, *what;
	} files[] = {
		{"scenario.yaml", "the scenario as it was run"},
		{"record.json", "instants of faults and sweeps, to judge again"},
		{"record/", "histories, marks, beacons and captures of every region"},
		{"run.log", "what the tool did"},
	};

	buf_puts(html->out, "<section id=\"files\">\n<h2>Files</h2>\n<ul>\n");
	for (const struct writer *w = writers; w->name; w++) {
		if (w->file && w->write != html_write && w->write != html_write_style)
			put_file(html->out, w->file, w->help);
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		put_file(html->out, files[i].name, files[i].what);
	put_captures(html->out, html->result);
	buf_puts(html->out, "</ul>\n</section>\n");
}

void html_put_scenario(const struct html *html)
{
	struct buf *out = html->out;

	if (html->result->command) {
		buf_puts(out, "<section id=\"replay\">\n<h2>Repeat this run</h2>\n<pre>");
		html_text(out, html->result->command);
		buf_puts(out, "</pre>\n</section>\n");
	}
	buf_puts(out, "<section id=\"scenario\">\n<h2>Scenario</h2>\n");
	put_source(html);
	buf_puts(out, "</section>\n");
	put_files(html);
}
