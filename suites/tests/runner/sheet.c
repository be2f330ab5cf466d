#include "suites/tests/runner/sheet.h"
#include "reports/writers/xml.h"

#include <stdio.h>
#include <string.h>

static void print_behind_bar(const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		printf("        | %.*s\n", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

static void print_skips(const struct tap *tap)
{
	for (size_t i = 0; i < tap->n_points; i++) {
		const struct point *point = &tap->points[i];

		if (point->verdict == POINT_SKIP)
			printf("        skipped: %s (%s)\n", point->name, point->reason);
	}
}

static void print_failures(struct sheet *sheet, const char *name, const struct tap *tap)
{
	for (size_t i = 0; i < tap->n_points; i++) {
		const struct point *point = &tap->points[i];
		size_t first_line = strcspn(point->reason, "\n");

		if (point->verdict != POINT_FAIL)
			continue;
		printf("        not ok: %s\n", point->name);
		print_behind_bar(point->reason);
		buf_printf(&sheet->failed, "  FAIL  %s: %s: %.*s\n", name, point->name,
			(int)first_line, point->reason);
	}
}

/* Lines `# => text`: figures that a test wants read though all is well. */
static void add_figures(struct buf *figures, const char *output)
{
	for (const char *line = output; *line; line += *line == '\n') {
		size_t length = strcspn(line, "\n");

		if (!strncmp(line, "# => ", 5))
			buf_printf(figures, "%.*s\n", (int)length - 5, line + 5);
		line += length;
	}
}

static void print_program(struct sheet *sheet, const char *name, const struct tap *tap,
	const char *output, const char *figures, double seconds)
{
	bool failed = tap->count[POINT_FAIL] > 0;

	printf("  %-4s  %-44s %4zu passed", failed ? "FAIL" : "ok", name, tap->count[POINT_PASS]);
	if (failed)
		printf(", %zu failed", tap->count[POINT_FAIL]);
	if (tap->count[POINT_SKIP])
		printf(", %zu skipped", tap->count[POINT_SKIP]);
	printf("  %.2f s\n", seconds);
	print_skips(tap);
	if (failed) {
		print_failures(sheet, name, tap);
		printf("        complete output:\n");
	}
	print_behind_bar(failed ? output : figures);
	fflush(stdout);
}

/* Three decimals whatever the locale says. */
static void put_seconds(struct buf *out, double seconds)
{
	unsigned long ms = (unsigned long)(seconds * 1000 + 0.5);

	buf_printf(out, "%lu.%03lu", ms / 1000, ms % 1000);
}

static void junit_point(struct buf *out, const char *name, const struct point *point)
{
	buf_puts(out, "    <testcase");
	xml_attribute(out, "classname", name);
	xml_attribute(out, "name", point->name);
	if (point->verdict == POINT_PASS) {
		buf_puts(out, "/>\n");
		return;
	}
	buf_puts(out, point->verdict == POINT_SKIP ? ">\n      <skipped" : ">\n      <failure");
	xml_attribute(out, "message", point->reason);
	buf_puts(out, "/>\n    </testcase>\n");
}

static void junit_program(struct buf *out, const char *name, const struct tap *tap,
	const char *output, double seconds)
{
	buf_puts(out, "  <testsuite");
	xml_attribute(out, "name", name);
	buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"",
		tap->n_points, tap->count[POINT_FAIL], tap->count[POINT_SKIP]);
	put_seconds(out, seconds);
	buf_puts(out, "\">\n");
	for (size_t i = 0; i < tap->n_points; i++)
		junit_point(out, name, &tap->points[i]);
	if (*output) {
		buf_puts(out, "    <system-out>");
		xml_cdata(out, output);
		buf_puts(out, "</system-out>\n");
	}
	buf_puts(out, "  </testsuite>\n");
}

void sheet_add(struct sheet *sheet, const char *name, const struct tap *tap, const char *output,
	double seconds)
{
	struct buf figures = {0};

	for (size_t v = 0; v < POINT_VERDICTS; v++)
		sheet->count[v] += tap->count[v];
	add_figures(&figures, output);
	print_program(sheet, name, tap, output, buf_str(&figures), seconds);
	junit_program(&sheet->junit, name, tap, tap->count[POINT_FAIL] ? output : buf_str(&figures),
		seconds);
	buf_release(&figures);
}

void sheet_close(struct sheet *sheet)
{
	if (sheet->failed.len)
		printf("\n%s\n", buf_str(&sheet->failed));
	printf("%zu passed, %zu failed, %zu skipped\n", sheet->count[POINT_PASS],
		sheet->count[POINT_FAIL], sheet->count[POINT_SKIP]);
}

int sheet_write_junit(struct sheet *sheet, const char *path, struct err *err)
{
	struct buf out = {0};
	int rc;

	buf_puts(&out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
	buf_add(&out, buf_str(&sheet->junit), sheet->junit.len);
	buf_puts(&out, "</testsuites>\n");
	rc = buf_write_file(&out, path, err);
	buf_release(&out);
	return rc;
}

void sheet_release(struct sheet *sheet)
{
	buf_release(&sheet->failed);
	buf_release(&sheet->junit);
}
