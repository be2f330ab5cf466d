/*
 * transfer: files of a region on their way to the controller.
 *
 * A file travels as chunks of at most 384 KiB in base64 (RFC 4648) inside frames: {type:"chunk", file,
 * offset, data}. The agent never assumes that the controller can see its directory.
 */
#ifndef SUITES_AGENT_TRANSFER_H
#define SUITES_AGENT_TRANSFER_H

#include "fixtures/base/err.h"

struct jv;

/* Send a file under the given name, or every regular file that lies in dir under its own. */
int transfer_send_file(int fd, const char *path, const char *name, struct err *err);
int transfer_send_dir(int fd, const char *dir, struct err *err);
/* Write one chunk into a file below dir. A name with a slash is refused. */
int transfer_store(const char *dir, const struct jv *chunk, struct err *err);

#endif
