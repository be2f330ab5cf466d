/*
 * http_client: one HTTP/1.1 request, sent once, answered in time or not; for drivers. libcurl.
 *
 * Hidden re-sends. When a reused connection dies before the first byte of an answer, libcurl sends
 * the request again on a new one, up to five times (Curl_retry_request in its transfer.c), and no
 * option forbids it. But it calls PREREQFUNCTION before each sending, on reused connections too:
 * the second call within one request refuses, and OPENSOCKETFUNCTION already refuses the new
 * connection. The same counter says whether anything of the request can have left: where it is zero
 * the failure is a sure one, whatever libcurl calls it.
 *
 * With TLS the name and the certificate are verified, always; what fails there is a sure failure.
 * Redirects are not followed and proxies of the environment not used. Answers are bounded.
 */
#ifndef PROBES_DRIVERS_HTTP_CLIENT_H
#define PROBES_DRIVERS_HTTP_CLIENT_H

#include "fixtures/base/buf.h"
#include "probes/drivers/driver.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_HEADERS_MAX 24

struct http_request {
	const char *method; /* NULL: GET */
	const struct endpoint *at;
	const char *path; /* begins with '/' */
	const char *const
		*headers; /* NULL-terminated lines "Name: value"; "Name:" takes one away */
	const char *body; /* NULL: none */
	size_t body_len;
	uint64_t timeout_ns;
	const char *sigv4, *user; /* "aws:amz:REGION:SERVICE" and "ID:SECRET"; NULL: not signed */
};

struct http_answer {
	bool whole;     /* an answer arrived, headers and body */
	bool sent;      /* something of the request may have left */
	bool delimited; /* has a length or is chunked: a body cut off can be told from a whole one */
	long status;
	struct buf headers, body; /* header lines of the final answer, each ended by a newline */
	enum op_error error;      /* where it is not whole, and why */
	const char *why;
};

struct http_client;

struct http_client *http_client_open(struct err *err);
void http_client_close(struct http_client *client); /* accepts NULL */
/* The answer belongs to the client and lives until its next request. */
const struct http_answer *http_client_ask(
	struct http_client *client, const struct http_request *request);

/* A header's value, without blanks around it, as it stands in the answer. False: no such header. */
bool http_header(const struct http_answer *answer, const char *name, const char **at, size_t *len);
/* What a request without a whole answer means for the operation. */
void http_no_answer(const struct http_answer *answer, struct driver_call *call);

#endif
