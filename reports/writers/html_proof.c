/*
 * Proof of the faults: what was asked of each link and address family, and what beacons and
 * captured packets measured there.
 */
#include "fixtures/base/buf.h"
#include "reports/writers/html.h"

#include <string.h>

#define LINKS_MAX 400

static void put_instant(struct buf *out, const char *name, uint64_t ns, bool known)
{
	buf_printf(out, "<div><dt>%s</dt><dd>", name);
	if (known)
		html_instant(out, ns);
	else
		buf_puts(out, "never");
	buf_puts(out, "</dd></div>\n");
}

static void put_length(struct buf *out, const char *name, uint64_t ns)
{
	buf_printf(out, "<div><dt>%s</dt><dd>", name);
	html_length(out, (double)ns);
	buf_puts(out, "</dd></div>\n");
}

static void put_instants(struct buf *out, const struct result_fault *fault)
{
	buf_puts(out, "<dl class=\"facts\">\n");
	put_instant(out, "asked for", fault->asked_ns, true);
	put_instant(out, "in force on all links", fault->in_force_ns, fault->in_force_ns);
	put_instant(out, "gone", fault->gone_ns, fault->gone_ns);
	if (fault->in_force_ns) {
		put_length(out, "known to within", fault->resolution_ns);
		put_length(out, "packets in flight drained for", fault->drain_ns);
		put_length(out, "skew between links", fault->skew_ns);
	}
	buf_puts(out, "</dl>\n");
}

static void put_link(struct buf *out, const struct result_link *link)
{
	buf_puts(out, "<tr><td class=\"v\">");
	html_put_icon(out, link->ok ? VERDICT_PASS : VERDICT_VOID);
	buf_printf(out, " %s</td><th scope=\"row\">", link->ok ? "as asked" : "not proved");
	html_text(out, link->from);
	buf_puts(out, " \xe2\x86\x92 ");
	html_text(out, link->to);
	buf_puts(out, "</th>");
	html_put_cell(out, NULL, link->family);
	html_put_cell(out, NULL, link->asked);
	html_put_cell(out, NULL, link->measured);
	buf_puts(out, "<td class=\"n\">");
	html_count(out, link->beacons);
	buf_puts(out, "</td><td class=\"n\">");
	html_count(out, link->system_attempted);
	buf_puts(out, "</td><td class=\"n\">");
	html_count(out, link->system_crossed);
	buf_puts(out, "</td></tr>\n");
}

static void put_links(struct buf *out, const struct result_fault *fault)
{
	if (!fault->n_links)
		return;
	buf_puts(out,
		"<div class=\"scroll\"><table class=\"links\">\n"
		"<caption>Asked against measured, while it was in force</caption>\n");
	html_put_head(out,
		"proof|link|family|asked|measured|beacons|system's packets sent|"
		"of them crossed");
	buf_puts(out, "<tbody>\n");
	for (size_t i = 0; i < fault->n_links && i < LINKS_MAX; i++)
		put_link(out, &fault->links[i]);
	buf_puts(out, "</tbody></table></div>\n");
	if (fault->n_links > LINKS_MAX)
		buf_printf(out, "<p>and %zu links more, in run.json</p>\n",
			fault->n_links - LINKS_MAX);
}

static void put_number(struct buf *out, uint64_t n)
{
	buf_puts(out, "<td class=\"n\">");
	html_count(out, n);
	buf_puts(out, "</td>");
}

static void put_stage(struct buf *out, const struct result_traffic *t)
{
	buf_puts(out, "<tr><th scope=\"row\">");
	html_text(out, t->from);
	buf_puts(out, " \xe2\x86\x92 ");
	html_text(out, t->to);
	buf_puts(out, "</th>");
	html_put_cell(out, NULL, t->stage);
	put_number(out, t->sent);
	put_number(out, t->crossed);
	put_number(out, t->bytes);
	buf_puts(out, "<td class=\"n\">");
	if (t->last_ns)
		html_instant(out, t->last_ns);
	buf_printf(out, "</td><td class=\"n\">%llu of %llu", (unsigned long long)t->answered,
		(unsigned long long)t->opened);
	if (t->handshake_ns) {
		buf_puts(out, ", ");
		html_length(out, (double)t->handshake_ns);
	}
	buf_puts(out, "</td>");
	put_number(out, t->retransmissions);
	put_number(out, t->resets);
	buf_puts(out, "</tr>\n");
}

static void put_traffic(struct buf *out, const struct result_fault *fault)
{
	if (!fault->n_traffic)
		return;
	buf_puts(out,
		"<div class=\"scroll\"><table class=\"links\">\n"
		"<caption>The system's own packets; samples of them stand in "
		"record/*/*.pcap</caption>\n");
	html_put_head(out,
		"link|stage|sent|arrived|bytes sent|last arrived|"
		"connections answered, median RTT|retransmissions|resets");
	buf_puts(out, "<tbody>\n");
	for (size_t i = 0; i < fault->n_traffic && i < LINKS_MAX; i++) {
		if (fault->traffic[i].length_ns)
			put_stage(out, &fault->traffic[i]);
	}
	buf_puts(out, "</tbody></table></div>\n");
}

static void put_fault(const struct html *html, const struct result_fault *fault)
{
	struct buf *out = html->out;
	bool certified = !strcmp(fault->status, "certified");

	buf_printf(out, "<article class=\"v-%s\">\n<h3>", certified ? "pass" : "void");
	html_put_icon(out, certified ? VERDICT_PASS : VERDICT_VOID);
	buf_addc(out, ' ');
	html_text(out, fault->name);
	buf_puts(out, " <small>");
	html_text(out, fault->status);
	buf_puts(out, "</small></h3>\n<p>");
	html_text(out, fault->text);
	buf_puts(out, " (");
	html_put_place(out, html->result, fault->file, fault->line);
	buf_puts(out, ")</p>\n");
	if (fault->why) {
		buf_puts(out, "<p><i>why</i> ");
		html_text(out, fault->why);
		buf_puts(out, "</p>\n");
	}
	put_instants(out, fault);
	put_links(out, fault);
	put_traffic(out, fault);
	buf_puts(out, "</article>\n");
}

void html_put_proof(const struct html *html)
{
	const struct result *result = html->result;
	struct buf *out = html->out;

	buf_puts(out, "<section id=\"faults\">\n<h2>Proof of the faults</h2>\n");
	if (!result->n_faults)
		buf_puts(out, "<p>The scenario asked for none.</p>\n");
	for (size_t i = 0; i < result->n_faults; i++)
		put_fault(html, &result->faults[i]);
	buf_puts(out, "</section>\n");
}
