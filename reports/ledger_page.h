/*
 * ledger_page: index.html over the run store: for each scenario its trend and its runs.
 *
 * As the report of a run: well-formed, without script and inline style, complete without its style
 * sheet (index.css beside it).
 */
#ifndef REPORTS_LEDGER_PAGE_H
#define REPORTS_LEDGER_PAGE_H

#include "fixtures/base/err.h"

struct buf;
struct ledger;

int ledger_page(struct ledger *ledger, struct buf *out, struct err *err);
void ledger_page_style(struct buf *out);

#endif
