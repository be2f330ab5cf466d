/* http_options: what a scenario tells the driver http; its rows, and what they must keep. */
#ifndef PROBES_DRIVERS_HTTP_OPTIONS_H
#define PROBES_DRIVERS_HTTP_OPTIONS_H

#include "fixtures/base/err.h"
#include "fixtures/base/param.h"

#include <stdint.h>

struct http_form {
	const char *method, *path, *headers, *body, *done;
};

/* What says that an operation was surely not done: a status, or a word somewhere. */
struct http_sign {
	const char *status, *at, *is;
};

struct http_options {
	struct http_form read, write, delete_, purge;
	const char *absent_status;
	uint64_t absent_missing;
	const char *value, *version, *epoch, *age, *stale, *stale_is, *fallback, *fallback_is,
		*node, *hit, *hit_is;
	uint64_t base64, age_in_s;
	struct http_sign not_done, not_primary;
	struct http_form role;
	const char *role_at, *role_primary, *role_replica, *role_leader, *role_epoch;
};

extern const struct param http_rows[];

/* enum driver_can */
unsigned http_options_can(const void *options);
int http_options_check(const void *options, struct err *err);

#endif
