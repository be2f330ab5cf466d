/*
 * export: a history in a notation that others read: Jepsen's EDN, or our JSON lines.
 *
 * JSON lines keep everything. EDN has events instead of times: one process has one operation open
 * at a time, and none after an unknown outcome, so operations get processes of their own where ours
 * would break that. Knossos takes a read of nil for one that says nothing; where in our history
 * it says that the key was absent, EDN has :absent instead, which registers then begin with.
 */
#ifndef SUITES_JUDGE_FOREIGN_EXPORT_H
#define SUITES_JUDGE_FOREIGN_EXPORT_H

#include "fixtures/base/buf.h"
#include "suites/judge/foreign/past.h"

struct arena;

void export_edn(struct arena *arena, const struct past *past, struct buf *out);
void export_jsonl(const struct past *past, struct buf *out);

#endif
