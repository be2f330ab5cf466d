/* report_decisions: the log of what engine wire decided, a line a packet. */
#ifndef SUITES_COMMANDS_REPORT_DECISIONS_H
#define SUITES_COMMANDS_REPORT_DECISIONS_H

#include "fixtures/base/buf.h"
#include "fixtures/base/err.h"

/* From, to, packet index, change of the link, decision, delay in ms; with tabs between. */
int report_decisions(const char *dir, const char *share, struct buf *out, struct err *err);

#endif
