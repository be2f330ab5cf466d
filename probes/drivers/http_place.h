/*
 * http_place: where in an answer something stands, as the scenario says.
 *
 *   body            the whole body
 *   status          the number of the status
 *   endpoint        the node that was asked (for who performed it)
 *   header NAME     the value of a header
 *   json /a/0/b     what a JSON pointer (RFC 6901) leads to: a text, a whole number, true or false
 *
 * An empty text is nowhere.
 */
#ifndef PROBES_DRIVERS_HTTP_PLACE_H
#define PROBES_DRIVERS_HTTP_PLACE_H

#include "fixtures/base/buf.h"
#include "fixtures/base/err.h"

#include <stdbool.h>

struct http_answer;
struct jv;

enum http_where { HTTP_NOWHERE, HTTP_BODY, HTTP_STATUS, HTTP_ENDPOINT, HTTP_HEADER, HTTP_JSON };

struct http_place {
	enum http_where where;
	const char *what; /* name of the header, JSON pointer; part of the text it was read from */
};

int http_place_parse(const char *text, struct http_place *out, struct err *err);
/* Into out, cleared before. json: the body parsed, or NULL. False: there is nothing. */
bool http_place_get(const struct http_place *place, const struct http_answer *answer,
	const struct jv *json, struct buf *out);

/* A list of status codes, "200 201 2xx", is one of which the code is. */
bool http_status_is(const char *list, long status);
int http_status_check(const char *list, struct err *err);
/* One of the words of the list, which blanks part. */
bool http_word_is(const char *list, const char *word);

#endif
