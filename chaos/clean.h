/*
 * clean: what is done with the journals of runs from outside: the dead are undone, the living asked to end.
 */
#ifndef CHAOS_CLEAN_H
#define CHAOS_CLEAN_H

#include "fixtures/base/err.h"

struct buf;

/* What runs that are dead left, as their journals say. */
struct clean_left {
	unsigned runs, ports,
		halts;   /* interfaces of containers, and containers that were stopped */
	char first[160]; /* the name of one */
};
int clean_look(struct clean_left *out, struct err *err);

/* Undo what runs that are dead left behind; one line each into out. Returns how many entries were
 * found and could not be cleaned, or -1. */
int clean_all(struct buf *out, unsigned *cleaned, struct err *err);
/* Ask the controller of a living run to heal and stop (SIGTERM). run: its name, or NULL for the
 * only one. */
int clean_abort(const char *run, struct err *err);

#endif
