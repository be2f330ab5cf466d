/* edn: one pass over the text; open lists and maps keep their values on a stack of their own. */
#include "suites/judge/foreign/edn.h"

#include "fixtures/base/arena.h"
#include "fixtures/base/buf.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int read_value(struct edn *edn, struct datum *out, int depth, struct err *err);

static int refuse(const struct edn *edn, struct err *err, const char *what)
{
	return err_exit(err, EXIT_SCENARIO, "line %u, column %zu: %s", edn->line,
		(size_t)(edn->at - edn->line_start) + 1, what);
}

static bool at_end(const struct edn *edn)
{
	return edn->at >= edn->end;
}

static void step(struct edn *edn)
{
	if (*edn->at++ == '\n') {
		edn->line++;
		edn->line_start = edn->at;
	}
}

static bool is_space(const struct edn *edn, char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',' ||
		(c == '\f' && edn->notation == NOTATION_EDN);
}

static void skip_space(struct edn *edn)
{
	bool in_comment = false;

	for (; !at_end(edn); step(edn)) {
		if (in_comment)
			in_comment = *edn->at != '\n';
		else if (*edn->at == ';' && edn->notation == NOTATION_EDN)
			in_comment = true;
		else if (!is_space(edn, *edn->at))
			return;
	}
}

static bool ends_token(char c)
{
	return strchr(" \t\r\n\f,;()[]{}\"", c) != NULL; /* and NUL */
}

/* The token at the cursor; a colon ends it where it stands between key and value. */
static size_t token_length(const struct edn *edn)
{
	size_t n = 0, most = (size_t)(edn->end - edn->at);

	while (n < most && !ends_token(edn->at[n]) &&
		!(edn->notation == NOTATION_JSON && edn->at[n] == ':'))
		n++;
	return n;
}

static void put_code_point(struct buf *text, unsigned code)
{
	if (code < 0x80) {
		buf_addc(text, (char)code);
	} else if (code < 0x800) {
		buf_addc(text, (char)(0xc0 | code >> 6));
		buf_addc(text, (char)(0x80 | (code & 0x3f)));
	} else {
		buf_addc(text, (char)(0xe0 | code >> 12));
		buf_addc(text, (char)(0x80 | (code >> 6 & 0x3f)));
		buf_addc(text, (char)(0x80 | (code & 0x3f)));
	}
}

/* Behind the backslash. A surrogate is kept as the three bytes of its half: values are compared,
 * and equal text stays equal. */
static int read_escape(struct edn *edn, struct buf *text, struct err *err)
{
	static const char from[] = "nrtbf\"\\/", to[] = "\n\r\t\b\f\"\\/";
	char hex[5] = "", *stop;
	const char *c;

	if (!at_end(edn) && *edn->at == 'u') {
		if (edn->end - edn->at < 5)
			return refuse(edn, err, "the text ends within a string");
		memcpy(hex, edn->at + 1, 4);
		put_code_point(text, (unsigned)strtoul(hex, &stop, 16));
		if (*stop || !strcmp(hex, "0000") || strchr("+- ", *hex))
			return refuse(edn, err, "\\u needs four hexadecimal digits, not all zero");
		edn->at += 5;
		return 0;
	}
	c = at_end(edn) || !*edn->at ? NULL : strchr(from, *edn->at);
	if (!c)
		return refuse(edn, err, "no such escape in a string");
	buf_addc(text, to[c - from]);
	edn->at++;
	return 0;
}

static int read_string(struct edn *edn, struct datum *out, struct err *err)
{
	struct buf text = {0};
	int rc = 0;

	step(edn);
	while (!rc && !at_end(edn) && *edn->at != '"') {
		if (!*edn->at) {
			rc = refuse(edn, err, "a NUL byte");
		} else if (*edn->at == '\\') {
			edn->at++;
			rc = read_escape(edn, &text, err);
		} else {
			buf_addc(&text, *edn->at);
			step(edn);
		}
	}
	if (!rc && at_end(edn))
		rc = refuse(edn, err, "the text ends within a string");
	if (!rc) {
		step(edn);
		/* JSON made from EDN may keep the colon of its keywords. */
		bool has_colon =
			edn->notation == NOTATION_JSON && text.len > 1 && buf_str(&text)[0] == ':';

		out->kind = DATUM_TEXT;
		out->text =
			arena_strndup(edn->arena, buf_str(&text) + has_colon, text.len - has_colon);
	}
	buf_release(&text);
	return rc;
}

/* 1.50 is 1.5; in JSON 2.0 is 2. False: it stays as it is written, such as 1/3. */
static bool read_float(struct edn *edn, struct datum *out, const char *token, size_t n)
{
	char text[64], *stop;
	double value;

	if (n >= sizeof(text))
		return false;
	memcpy(text, token, n);
	text[n] = '\0';
	value = strtod(text, &stop);
	if (*stop || !isfinite(value))
		return false;
	if (edn->notation == NOTATION_JSON && fabs(value) < 9e15 && value == trunc(value)) {
		out->kind = DATUM_INT;
		out->number = (int64_t)value;
		return true;
	}
	out->kind = DATUM_NUMBER;
	snprintf(text, sizeof(text), value == trunc(value) && fabs(value) < 1e15 ? "%.1f" : "%.17g",
		value);
	out->text = arena_strdup(edn->arena, text);
	return true;
}

static int read_number(
	struct edn *edn, struct datum *out, const char *token, size_t n, struct err *err)
{
	bool is_integer = true;
	size_t digits = n;
	char *stop;

	if (n && (token[n - 1] == 'N' || token[n - 1] == 'M') && edn->notation == NOTATION_EDN)
		digits--;
	for (size_t i = 0; i < digits; i++) {
		if (!strchr("0123456789+-.eE/", token[i]))
			return refuse(edn, err, "a number with other characters in it");
		is_integer &= token[i] >= '0' ? token[i] <= '9' : i == 0;
	}
	errno = 0;
	out->number = strtoll(token, &stop, 10);
	if (is_integer && !errno && stop == token + digits) {
		out->kind = DATUM_INT;
		return 0;
	}
	if (!is_integer && digits == n && read_float(edn, out, token, n))
		return 0;
	out->kind = DATUM_NUMBER; /* 12N is 12; 1.5M is not 1.5 */
	out->text = arena_strndup(edn->arena, token, token[n - 1] == 'N' ? digits : n);
	return 0;
}

static int read_token(struct edn *edn, struct datum *out, struct err *err)
{
	static const struct {
		const char *word;
		enum datum_kind kind;
		int64_t number;
	} words[] = {{"nil", DATUM_NIL, 0}, {"null", DATUM_NIL, 0}, {"true", DATUM_BOOL, 1},
		{"false", DATUM_BOOL, 0}};
	size_t n = token_length(edn);
	const char *token = edn->at;

	if (!n)
		return refuse(edn, err, *token ? "a value was expected here" : "a NUL byte");
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strlen(words[i].word) == n && !memcmp(words[i].word, token, n)) {
			out->kind = words[i].kind;
			out->number = words[i].number;
			edn->at += n;
			return 0;
		}
	}
	if ((*token >= '0' && *token <= '9') ||
		(strchr("+-", *token) && n > 1 && token[1] >= '0' && token[1] <= '9')) {
		if (read_number(edn, out, token, n, err))
			return -1;
		edn->at += n;
		return 0;
	}
	if (edn->notation == NOTATION_JSON)
		return refuse(edn, err, "a value was expected here");
	if (*token == ':' && n == 1)
		return refuse(edn, err, "a keyword without a name");
	out->kind = DATUM_TEXT;
	out->text = arena_strndup(edn->arena, token + (*token == ':'), n - (*token == ':'));
	edn->at += n;
	return 0;
}

static void push(struct edn *edn, const struct datum *value)
{
	buf_add(&edn->stack, value, sizeof(*value));
}

/* Between a JSON key and its value. */
static int read_colon(struct edn *edn, struct err *err)
{
	skip_space(edn);
	if (at_end(edn) || *edn->at != ':')
		return refuse(edn, err, "a ':' was expected behind the key");
	step(edn);
	return 0;
}

static int fill(struct edn *edn, char close, int depth, struct err *err)
{
	size_t n = 0;

	for (;;) {
		struct datum value;
		int rc;

		skip_space(edn);
		if (at_end(edn))
			return refuse(edn, err, "the text ends before this is closed");
		if (*edn->at == close) {
			step(edn);
			return 0;
		}
		rc = read_value(edn, &value, depth + 1, err);
		if (rc < 0)
			return -1;
		if (!rc)
			continue;
		push(edn, &value);
		n++;
		if (close == '}' && edn->notation == NOTATION_JSON && n % 2 && read_colon(edn, err))
			return -1;
	}
}

static int by_order(const void *a, const void *b)
{
	return datum_compare(a, b);
}

static int read_list(
	struct edn *edn, struct datum *out, char close, bool is_map, int depth, struct err *err)
{
	size_t bottom = edn->stack.len, n;
	struct datum *items;

	if (depth >= EDN_MOST_DEPTH)
		return refuse(edn, err, "nested more deeply than any history is");
	step(edn);
	if (fill(edn, close, depth, err))
		return -1;
	n = (edn->stack.len - bottom) / sizeof(*items);
	if (is_map && n % 2)
		return refuse(edn, err, "a map with a key that has no value");
	items = arena_array(edn->arena, n ? n : 1, sizeof(*items));
	if (n)
		memcpy(items, edn->stack.data + bottom, n * sizeof(*items));
	edn->stack.len = bottom;
	if (is_map && n > 2)
		qsort(items, n / 2, 2 * sizeof(*items), by_order);
	out->kind = is_map ? DATUM_MAP : DATUM_LIST;
	out->items = items;
	out->n = is_map ? n / 2 : n;
	return 0;
}

/* Equal sets print alike, whatever order they were written in; and so do maps. */
static int read_set(struct edn *edn, struct datum *out, int depth, struct err *err)
{
	if (read_list(edn, out, '}', false, depth, err))
		return -1;
	if (out->n > 1)
		qsort((struct datum *)out->items, out->n, sizeof(*out->items), by_order);
	return 0;
}

/* `#{set}`, `#_ left out`, `#tag value`. 1: a value, 0: none, -1. */
static int read_dispatch(struct edn *edn, struct datum *out, int depth, struct err *err)
{
	struct datum dropped;
	int rc;

	if (depth >= EDN_MOST_DEPTH)
		return refuse(edn, err, "nested more deeply than any history is");
	step(edn);
	if (!at_end(edn) && *edn->at == '{')
		return read_set(edn, out, depth, err) ? -1 : 1;
	if (!at_end(edn) && *edn->at == '_') {
		step(edn);
		do
			rc = read_value(edn, &dropped, depth + 1, err);
		while (!rc && !at_end(edn));
		return rc < 0 ? -1 : 0;
	}
	if (!at_end(edn) && *edn->at == '#') /* ##NaN, ##Inf */
		return read_token(edn, out, err) ? -1 : 1;
	edn->at += token_length(edn);
	do
		rc = read_value(edn, out, depth + 1, err);
	while (!rc && !at_end(edn));
	return rc ? rc : refuse(edn, err, "a tag without a value");
}

/* 1: a value, 0: something was left out, -1. */
static int read_value(struct edn *edn, struct datum *out, int depth, struct err *err)
{
	*out = (struct datum){0};
	skip_space(edn);
	out->line = edn->line;
	if (at_end(edn))
		return refuse(edn, err, "the text ends where a value was expected");
	switch (*edn->at) {
	case '[':
		return read_list(edn, out, ']', false, depth, err) ? -1 : 1;
	case '{':
		return read_list(edn, out, '}', true, depth, err) ? -1 : 1;
	case '(':
		if (edn->notation == NOTATION_EDN)
			return read_list(edn, out, ')', false, depth, err) ? -1 : 1;
		break;
	case '#':
		if (edn->notation == NOTATION_EDN)
			return read_dispatch(edn, out, depth, err);
		break;
	case '"':
		return read_string(edn, out, err) ? -1 : 1;
	}
	return read_token(edn, out, err) ? -1 : 1;
}

void edn_init(struct edn *edn, struct arena *arena, const char *text, size_t len)
{
	*edn = (struct edn){
		.arena = arena, .at = text, .end = text + len, .line_start = text, .line = 1};
	edn->notation = edn_guess(text, len);
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) /* a byte order mark */
		edn->at += 3;
}

void edn_release(struct edn *edn)
{
	buf_release(&edn->stack);
}

/* An object whose first key is a string is JSON. */
enum edn_notation edn_guess(const char *text, size_t len)
{
	bool in_map = false;
	size_t i = len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0;

	for (; i < len; i++) {
		if (text[i] == '{')
			in_map = true;
		else if (!strchr(" \t\r\n,[", text[i]))
			return in_map && text[i] == '"' ? NOTATION_JSON : NOTATION_EDN;
	}
	return NOTATION_EDN;
}

int edn_next(struct edn *edn, struct datum *out, struct err *err)
{
	int rc = 0;

	while (!rc) {
		skip_space(edn);
		if (at_end(edn))
			return 0;
		rc = read_value(edn, out, 0, err);
	}
	return rc;
}
