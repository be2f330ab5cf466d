/*
 * terminal: what the reader's terminal can show, for the options of writers.
 *
 * Colours where the stream is a terminal and neither NO_COLOR is set (to anything but nothing) nor
 * TERM is "dumb", unless --color says otherwise. UTF-8 where the first of LC_ALL, LC_CTYPE and LANG
 * that is set names it. Lines are broken only on a terminal, at its width.
 */
#ifndef REPORTS_WRITERS_TERMINAL_H
#define REPORTS_WRITERS_TERMINAL_H

#include <stdbool.h>

struct writer_options;

enum colour_choice { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

/* Looks at the descriptor and the environment. */
void terminal_options(struct writer_options *options, enum colour_choice choice, int fd);

#endif
