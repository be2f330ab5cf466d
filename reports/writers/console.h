/*
 * console: what a run prints. Observation first (what happened, when), judgement after it.
 *
 *   head       tool, run, seed; what was found before the start
 *   events     one line each, in the order of time; a run prints them as they happen
 *   verdicts   one line per expectation, with the smallest counterexample of a failed one; what the
 *              clean-up left; the claims of a pack; where the report is; and the tally, always plain, as the
 *              last line
 *
 * A run prints the parts one after the other; the writer of that name prints all of them.
 */
#ifndef REPORTS_WRITERS_CONSOLE_H
#define REPORTS_WRITERS_CONSOLE_H

#include <stddef.h>

struct buf;
struct result;
struct result_claim;
struct result_event;
struct writer_options;

/* Needs of the result: tool_version, run, seed, facts. */
void console_head(
	const struct result *result, const struct writer_options *options, struct buf *out);
void console_event(
	const struct result_event *event, const struct writer_options *options, struct buf *out);
void console_verdicts(
	const struct result *result, const struct writer_options *options, struct buf *out);
void console_claims(const struct result_claim *claims, size_t n,
	const struct writer_options *options, struct buf *out);

#endif
