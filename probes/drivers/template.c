#include "probes/drivers/template.h"
#include "fixtures/base/base64.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum place { PLACE_KEY, PLACE_VALUE, PLACE_MIN_VERSION, PLACES };
enum coding { CODING_PLAIN, CODING_URL, CODING_BASE64, CODINGS };

static const char *const places[] = {
	[PLACE_KEY] = "key", [PLACE_VALUE] = "value", [PLACE_MIN_VERSION] = "min-version"};
static const char *const codings[] = {
	[CODING_PLAIN] = "", [CODING_URL] = ":url", [CODING_BASE64] = ":base64"};

struct found {
	enum place place;
	enum coding coding;
	size_t len; /* of the whole, braces too; 0: no place of ours */
};

static bool is_opening(const char *text)
{
	return *text == '{' && islower((unsigned char)text[1]);
}

static struct found find(const char *text)
{
	struct found none = {0};
	size_t len = strcspn(text, "}");

	if (!is_opening(text) || !text[len])
		return none;
	for (unsigned p = 0; p < PLACES; p++) {
		for (unsigned c = 0; c < CODINGS; c++) {
			size_t a = strlen(places[p]), b = strlen(codings[c]);

			if (len == 1 + a + b && !memcmp(text + 1, places[p], a) &&
				!memcmp(text + 1 + a, codings[c], b))
				return (struct found){(enum place)p, (enum coding)c, len + 1};
		}
	}
	return none;
}

static void put_url(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (isalnum((unsigned char)*text) || strchr("-._~", *text))
			buf_addc(out, *text);
		else
			buf_printf(out, "%%%02X", (unsigned char)*text);
	}
}

static void put_base64(struct buf *out, const char *text)
{
	size_t n = strlen(text);

	base64_encode(text, n, buf_reserve(out, BASE64_TEXT(n)));
	out->len += BASE64_TEXT(n) - 1;
}

void template_expand(struct buf *out, const char *text, const struct template_values *values)
{
	const char *const of[] = {[PLACE_KEY] = values->key,
		[PLACE_VALUE] = values->value,
		[PLACE_MIN_VERSION] = values->min_version};

	while (*text) {
		struct found found = find(text);

		if (!found.len) {
			buf_addc(out, *text++);
			continue;
		}
		text += found.len;
		switch (found.coding) {
		case CODING_PLAIN:
			buf_puts(out, of[found.place]);
			break;
		case CODING_URL:
			put_url(out, of[found.place]);
			break;
		case CODING_BASE64:
			put_base64(out, of[found.place]);
			break;
		case CODINGS:
			break;
		}
	}
}

int template_check(const char *text, struct err *err)
{
	for (; *text; text++) {
		if (is_opening(text) && !find(text).len)
			return err_set(err,
				"\"%.*s\" is no place; there are {key}, {value} and {min-version}, and "
				"{key:url}, {key:base64} and so on",
				(int)strcspn(text, "}") + 1, text);
	}
	return 0;
}

bool template_names(const char *text, const char *place)
{
	for (; *text; text++) {
		struct found found = find(text);

		if (found.len && !strcmp(places[found.place], place))
			return true;
	}
	return false;
}
