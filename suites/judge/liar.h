/*
 * liar: was the session that lies (probes/prober/liar.c) convicted of every lie?
 *
 * A lie is a read of the session's own key that was answered with a write certainly older than its
 * own newer one: a violation of read-your-writes and nothing else. Its records came here by the way
 * of all others, from the driver over the file of the prober and the transfer to the index, and are
 * asked about with the checker that all others are. A lie that is not found means that this way
 * loses or bends answers, and that the silence of the checkers about reads is worth nothing.
 */
#ifndef SUITES_JUDGE_LIAR_H
#define SUITES_JUDGE_LIAR_H

#include "suites/judge/evidence.h"

/* Fills lies_told and lies_caught. The index is there. */
void liar_try(struct evidence *evidence);

#endif
