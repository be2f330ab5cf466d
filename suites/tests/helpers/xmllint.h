/* xmllint: the judge of what writers call XML. */
#ifndef SUITES_TESTS_HELPERS_XMLLINT_H
#define SUITES_TESTS_HELPERS_XMLLINT_H

#include <stdbool.h>

struct buf;

bool has_xmllint(void);
/* Its exit status over the text; schema NULL: well-formed only. What it says goes to stderr. */
int xmllint(const struct buf *text, const char *schema);

#endif
