/*
 * text: lines for people, in which nothing that a server sent can break out.
 *
 * A witness may quote a server. On a terminal its bytes could move the cursor, change colours or
 * turn the reading direction; in the log of a CI they could be read as commands ("::error::" at the
 * start of a line, "##[...]" anywhere). So control characters, direction marks and broken UTF-8
 * become U+FFFD (or '?' where the terminal is not UTF-8), line breaks become spaces, and text_guard
 * sees to the starts of lines.
 */
#ifndef REPORTS_WRITERS_TEXT_H
#define REPORTS_WRITERS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* Text as it may stand within a line. NULL: nothing. */
void text_clean(struct buf *out, const char *text, bool ascii);
/* The same, broken at spaces into lines of at most width columns (0: one line), each but the first
 * indented. column is where the first line stands. Ends without a line break. */
void text_wrap(struct buf *out, const char *text, bool ascii, unsigned width, unsigned column,
	unsigned indent);
/* Put a backslash in front of every line from byte `from` on that begins, spaces aside, as a command
 * of a CI does. */
void text_guard(struct buf *out, size_t from);
/* Columns that cleaned text takes: one per character, two for East Asian wide ones. */
unsigned text_columns(const char *text);
/* Text cleaned and padded with spaces to that many columns. */
void text_pad(struct buf *out, const char *text, bool ascii, unsigned columns);

/* "12.3" from nanoseconds: seconds with that many decimals, whatever the locale says. */
void text_seconds(struct buf *out, uint64_t ns, unsigned decimals);
/* "2026-06-07T10:15:00", UTC, from CLOCK_REALTIME. */
void text_time(struct buf *out, uint64_t wall_ns);

#endif
