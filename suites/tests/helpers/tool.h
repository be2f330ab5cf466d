/* tool: a program of the system as the judge of what we write. */
#ifndef SUITES_TESTS_HELPERS_TOOL_H
#define SUITES_TESTS_HELPERS_TOOL_H

#include <stdbool.h>

struct buf;

bool has_tool(const char *path);
/* argv[0] is its path; the text is its standard input. What it prints goes to *said where that is not
 * NULL. Its exit status, -1 where it did not run. */
int tool_run(const char *const *argv, const struct buf *text, struct buf *said);

#endif
