#include "probes/drivers/http_place.h"
#include "fixtures/json/jv.h"
#include "probes/drivers/http_client.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool begins(const char *text, const char *word, const char **rest)
{
	size_t n = strlen(word);

	if (strncmp(text, word, n) || text[n] != ' ')
		return false;
	for (*rest = text + n; **rest == ' '; ++*rest)
		;
	return true;
}

int http_place_parse(const char *text, struct http_place *out, struct err *err)
{
	static const struct {
		const char *word;
		enum http_where where;
	} plain[] = {{"", HTTP_NOWHERE}, {"body", HTTP_BODY}, {"status", HTTP_STATUS},
		{"endpoint", HTTP_ENDPOINT}};

	*out = (struct http_place){HTTP_NOWHERE, ""};
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++) {
		if (!strcmp(text, plain[i].word)) {
			out->where = plain[i].where;
			return 0;
		}
	}
	if (begins(text, "header", &out->what) && *out->what && !strpbrk(out->what, " :")) {
		out->where = HTTP_HEADER;
		return 0;
	}
	if (begins(text, "json", &out->what) && jv_is_pointer(out->what)) {
		out->where = HTTP_JSON;
		return 0;
	}
	return err_set(err,
		"\"%.60s\" is no place of an answer; write body, status, endpoint, "
		"\"header NAME\" or \"json /POINTER\"",
		text);
}

static bool get_header(const struct http_answer *answer, const char *name, struct buf *out)
{
	const char *at;
	size_t len;

	if (!http_header(answer, name, &at, &len))
		return false;
	buf_add(out, at, len);
	return true;
}

static bool get_json(const struct jv *json, const char *pointer, struct buf *out)
{
	const struct jv *at = jv_point(json, pointer);

	if (jv_is_string(at))
		buf_puts(out, jv_str(at, ""));
	else if (jv_is_int(at))
		buf_printf(out, "%" PRId64, jv_int(at, 0));
	else if (jv_is_bool(at))
		buf_puts(out, jv_bool(at, false) ? "true" : "false");
	else
		return false;
	return true;
}

bool http_place_get(const struct http_place *place, const struct http_answer *answer,
	const struct jv *json, struct buf *out)
{
	buf_clear(out);
	switch (place->where) {
	case HTTP_NOWHERE:
	case HTTP_ENDPOINT:
		return false;
	case HTTP_BODY:
		buf_add(out, buf_str(&answer->body), answer->body.len);
		return true;
	case HTTP_STATUS:
		buf_printf(out, "%ld", answer->status);
		return true;
	case HTTP_HEADER:
		return get_header(answer, place->what, out);
	case HTTP_JSON:
		return get_json(json, place->what, out);
	}
	return false;
}

/* The next word; NULL at the end. */
static const char *next_word(const char *list, size_t *len)
{
	list += strspn(list, " ,");
	*len = strcspn(list, " ,");
	return *len ? list : NULL;
}

bool http_word_is(const char *list, const char *word)
{
	size_t len;

	for (; (list = next_word(list, &len)); list += len) {
		if (strlen(word) == len && !memcmp(list, word, len))
			return true;
	}
	return false;
}

bool http_status_is(const char *list, long status)
{
	size_t len;

	for (; (list = next_word(list, &len)); list += len) {
		long said = strtol(list, NULL, 10);

		if (list[1] == 'x' ? said == status / 100 : said == status)
			return true;
	}
	return false;
}

int http_status_check(const char *list, struct err *err)
{
	size_t len;

	for (; (list = next_word(list, &len)); list += len) {
		if (len != 3 || *list < '1' || *list > '5' ||
			!((isdigit((unsigned char)list[1]) && isdigit((unsigned char)list[2])) ||
				!memcmp(list + 1, "xx", 2)))
			return err_set(err, "\"%.*s\" is no HTTP status; write 404 or 4xx",
				(int)len, list);
	}
	return 0;
}
