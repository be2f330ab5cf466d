/*
 * html_text: words and numbers as the page shows them, whatever the locale says.
 */
#ifndef REPORTS_WRITERS_HTML_TEXT_H
#define REPORTS_WRITERS_HTML_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct buf;

/* Foreign text for content and for attributes in double quotes: no mark-up, no control characters,
 * no marks that turn the reading direction. Line breaks become spaces. NULL: nothing. */
void html_text(struct buf *out, const char *text);
/* ` name="text"` */
void html_attribute(struct buf *out, const char *name, const char *text);
/* Text of at most so many characters, the last three of them dots where it is longer. */
void html_clipped(struct buf *out, const char *text, size_t most);

/* 12 345, with narrow spaces that do not break */
void html_count(struct buf *out, uint64_t n);
/* A number with that many decimals. */
void html_fixed(struct buf *out, double value, unsigned decimals);
/* Three significant digits and the unit that fits: 0.26 ms, 33 ms, 1.96 s, 12 min. Not finite or
 * UINT64_MAX-like: "never". */
void html_length(struct buf *out, double ns);
/* An instant of the run: 3.0003 s. */
void html_instant(struct buf *out, uint64_t ns);
/* A value of an expectation in its unit ("ns", "share", "count", "per second"). */
void html_value(struct buf *out, double value, const char *unit);

#endif
