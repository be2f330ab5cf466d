#include "suites/tests/runner/tap.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REASON_MAX 2000

void tap_init(struct tap *tap)
{
	*tap = (struct tap){.plan = -1};
}

void tap_release(struct tap *tap)
{
	arena_release(&tap->arena);
}

static struct point *add_point(struct tap *tap, enum point_verdict verdict, const char *name)
{
	struct point *point = ARENA_PUSH(&tap->arena, tap->points, tap->n_points);

	point->verdict = verdict;
	point->name = arena_strdup(&tap->arena, name);
	point->reason = "";
	tap->count[verdict]++;
	return point;
}

void tap_fail(struct tap *tap, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	add_point(tap, POINT_FAIL, "the program as a whole")->reason =
		arena_strdup(&tap->arena, text);
}

static void end_group(struct tap *tap)
{
	if (tap->plan >= 0 && tap->seen != tap->plan)
		tap_fail(tap, "%ld tests were planned, %ld ran", tap->plan, tap->seen);
	else if (tap->plan < 0 && tap->seen > 0)
		tap_fail(tap, "%ld tests ran without a plan", tap->seen);
	tap->plan = -1;
	tap->seen = 0;
	tap->closed = false;
}

/* `1..0 # SKIP reason`: the whole program has nothing to do here. */
static void skip_all(struct tap *tap, const char *rest)
{
	rest += strspn(rest, " #");
	if (!strncasecmp(rest, "skip", 4))
		rest += 4;
	rest += strspn(rest, " :");
	tap->skipped_all = true;
	if (*rest)
		add_point(tap, POINT_SKIP, "all of it")->reason = arena_strdup(&tap->arena, rest);
	else
		tap_fail(tap, "skipped without a reason");
}

static void read_plan(struct tap *tap, const char *line)
{
	char *rest;
	long n = strtol(line + 3, &rest, 10);

	if (tap->plan < 0 && tap->seen > 0 && !tap->closed) {
		tap->plan = n; /* the plan stands behind its points */
		end_group(tap);
		tap->closed = true;
	} else {
		end_group(tap);
		tap->plan = n;
	}
	tap->planned = true;
	if (n == 0)
		skip_all(tap, rest);
}

/* The directive of a point, behind an unescaped " # "; NULL where there is none. */
static char *find_skip(char *text)
{
	for (char *at = strchr(text, '#'); at; at = strchr(at + 1, '#')) {
		if ((at == text || at[-1] == ' ') &&
			!strncasecmp(at + 1 + strspn(at + 1, " "), "skip", 4))
			return at;
	}
	return NULL;
}

static char *trim(char *text)
{
	char *end;

	text += strspn(text, " ");
	if (!strncmp(text, "- ", 2))
		text += 2;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return text;
}

static void read_skip(struct tap *tap, char *text, char *directive)
{
	char *behind = directive + 1;
	const char *name, *reason;
	struct point *point;

	*directive = '\0';
	behind += strspn(behind, " ") + 4;
	behind = trim(behind);
	name = trim(text);
	reason = behind;
	if (!*name) { /* as cmocka writes it */
		name = behind;
		reason = tap->last_text ? tap->last_text : "";
	}
	point = add_point(tap, *reason ? POINT_SKIP : POINT_FAIL, name);
	point->reason = *reason ? arena_strdup(&tap->arena, reason) : "skipped without a reason";
}

/* True where the line is a point; then *number and *text are what stands behind "ok". */
static bool is_point(const char *line, bool *ok, long *number, const char **text)
{
	char *end;

	*ok = !strncmp(line, "ok ", 3);
	if (!*ok && strncmp(line, "not ok ", 7))
		return false;
	line += *ok ? 3 : 7;
	*number = strtol(line, &end, 10);
	*text = end;
	return end != line && isdigit((unsigned char)*line) && (!*end || *end == ' ');
}

static void read_point(struct tap *tap, bool ok, long number, const char *rest)
{
	char *text = arena_strdup(&tap->arena, rest);
	char *directive = find_skip(text);

	tap->closed = false;
	if (number != tap->seen + 1)
		tap_fail(tap, "test %ld follows test %ld", number, tap->seen);
	tap->seen = number;
	if (directive)
		read_skip(tap, text, directive);
	else
		add_point(tap, ok ? POINT_PASS : POINT_FAIL, trim(text));
	tap->last_text = NULL;
}

/* What a program prints behind a failed point explains it. */
static void read_text(struct tap *tap, const char *line)
{
	struct point *last = tap->n_points ? &tap->points[tap->n_points - 1] : NULL;

	line += strspn(line, "# ");
	if (!*line)
		return;
	tap->last_text = arena_strdup(&tap->arena, line);
	if (last && last->verdict == POINT_FAIL && strlen(last->reason) < REASON_MAX)
		last->reason = arena_printf(
			&tap->arena, "%s%s%s", last->reason, *last->reason ? "\n" : "", line);
}

void tap_line(struct tap *tap, const char *line)
{
	const char *text;
	long number;
	bool ok;

	if (is_point(line, &ok, &number, &text))
		read_point(tap, ok, number, text);
	else if (!strncmp(line, "1..", 3) && isdigit((unsigned char)line[3]))
		read_plan(tap, line);
	else if (!strncmp(line, "Bail out!", 9))
		tap_fail(tap, "%s", line);
	else
		read_text(tap, line);
}

void tap_finish(struct tap *tap)
{
	end_group(tap);
	if (!tap->planned)
		tap_fail(tap, "it printed no plan");
	else if (!tap->n_points && !tap->skipped_all)
		tap_fail(tap, "no test ran");
}
