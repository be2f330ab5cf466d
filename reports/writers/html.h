/*
 * html: the parts of the page that people open, and what they share.
 *
 * The page is one file of well-formed XML, complete without JavaScript and without a style sheet:
 * tables are tables, charts are SVG painted by presentation attributes. No style attribute or element
 * is used, since Jenkins' content policy blocks them; it lets a style sheet beside the page pass, and
 * so report.css (html_style.c) brings layout, dark mode and print. Where that file is missing the
 * page reads as plain HTML.
 *
 * Each part writes one section and nothing else; html.c puts them in order. Foreign text goes
 * through html_text() and nothing else.
 */
#ifndef REPORTS_WRITERS_HTML_H
#define REPORTS_WRITERS_HTML_H

#include "reports/result.h"
#include "reports/writers/html_svg.h"
#include "reports/writers/html_text.h"

#define HTML_ROWS_MAX 600   /* of a table of numbers */
#define HTML_EVENTS_MAX 500 /* in the table, and so with a number in the timeline */

struct html {
	const struct result *result;
	struct buf *out;
	uint64_t end_ns; /* right end of every axis of time; never 0 */
};

void html_put_verdict(const struct html *html);    /* html_verdict.c */
void html_put_claims(const struct html *html);     /* html_claims.c */
void html_put_expects(const struct html *html);    /* html_expects.c */
void html_put_timeline(const struct html *html);   /* html_timeline.c */
void html_put_events(const struct html *html);     /* html_events.c */
void html_put_charts(const struct html *html);     /* html_charts.c */
void html_put_numbers(const struct html *html);    /* html_numbers.c */
void html_put_trouble(const struct html *html);    /* html_trouble.c */
void html_put_matrix(const struct html *html);     /* html_matrix.c */
void html_put_visibility(const struct html *html); /* html_visibility.c */
void html_put_witnesses(const struct html *html);  /* html_witness.c */
void html_put_proof(const struct html *html);      /* html_proof.c */
void html_put_limits(const struct html *html);     /* html_limits.c */
void html_put_scenario(const struct html *html);   /* html_scenario.c */

/* A small picture that goes with the word: verdicts differ in shape, not in colour alone. */
void html_put_icon(struct buf *out, enum verdict verdict);
/* <td class="...">text</td>; class NULL: none */
void html_put_cell(struct buf *out, const char *class_, const char *text);
/* "<thead><tr><th scope="col">a</th>.." from "a|b|c" */
void html_put_head(struct buf *out, const char *columns);
/* A link to the line of the scenario. */
void html_put_line(struct buf *out, unsigned line);
/* The same, or the file and the line where it stands in another one. */
void html_put_place(struct buf *out, const struct result *result, const char *file, unsigned line);
#endif
