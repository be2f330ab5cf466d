/*
 * files: the names of all files of one kind below a run's directory.
 *
 * Symbolic links are not followed and directories deeper than 8 are not entered: what is read here
 * may come from somebody else's archive.
 */
#ifndef PROBES_FILES_H
#define PROBES_FILES_H

#include "fixtures/base/err.h"

#include <stddef.h>

struct files {
	char **paths; /* in the order of strcmp */
	size_t n;
};

int files_below(struct files *files, const char *dir, const char *suffix, struct err *err);
void files_release(struct files *files);

#endif
