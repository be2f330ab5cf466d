/* The wall around libyaml: places, and everything that it refuses. */
#include "suites/scenario/yaml.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct parsed {
	struct arena arena;
	struct buf errors;
	struct source source;
	struct complaints complaints;
	struct yaml *root;
};

static void parse(struct parsed *p, const char *text, size_t len)
{
	*p = (struct parsed){.source = {"t.yaml", text, len}};
	p->complaints.out = &p->errors;
	complaints_add_source(&p->complaints, &p->source);
	p->root = yaml_parse(&p->arena, &p->source, &p->complaints);
}

static void release(struct parsed *p)
{
	arena_release(&p->arena);
	buf_release(&p->errors);
}

static void assert_refused(const char *text, size_t len, const char *golden)
{
	struct parsed p;

	parse(&p, text, len);
	assert_null(p.root);
	if (!strstr(buf_str(&p.errors), golden))
		fail_msg("wanted \"%s\", got \"%.300s\"", golden, buf_str(&p.errors));
	release(&p);
}

static void every_node_knows_its_place(void **state)
{
	static const char text[] = "a: 1\nb:\n  - x\n  - { k: \"v\" }\n";
	const struct yaml *b, *map;
	struct parsed p;

	(void)state;
	parse(&p, text, strlen(text));
	assert_non_null(p.root);
	b = yaml_get(p.root, "b");
	assert_int_equal(b->kind, YAML_LIST);
	assert_int_equal(b->key_place.line, 2);
	map = b->first->next;
	assert_int_equal(map->place.line, 4);
	assert_int_equal(map->place.column, 5);
	assert_string_equal(yaml_get(map, "k")->text, "v");
	assert_int_equal(yaml_place_in(yaml_get(map, "k"), 0).column, 11);
	release(&p);
}

static void what_nobody_needs_is_refused(void **state)
{
	static const struct {
		const char *text, *golden;
	} rows[] = {
		{"a: &x 1\n", "t.yaml:1:4: anchors are not taken; write the value out"},
		{"a: *x\n", "t.yaml:1:4: aliases are not taken"},
		{"a: !!int 1\n", "t.yaml:1:4: tags are not taken"},
		{"a: 1\nb: 2\na: 3\n",
			"t.yaml:3:1: \"a\" is written twice; the first is in line 1"},
		{"a: 1\n---\nb: 2\n", "t.yaml:2:1: a second document begins here"},
		{"%TAG ! tag:x,2000:\n---\na: 1\n", "tag directives are not taken"},
		{"? [a]\n: 1\n", "a list cannot be a key"},
		{"a: {x: ${NAME:-1}}\n", "put a variable in quotes: \"${NAME}\""},
		{"\ta: 1\n", "this character cannot begin a value; indent by blanks, not tabs"},
		{"a: [1\n", "this is not YAML"},
		{"", "t.yaml:1:1: the file is empty"},
		{"a: 1\nb: \"\\0\"\n", "a text must not hold a NUL"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_refused(rows[i].text, strlen(rows[i].text), rows[i].golden);
}

static void the_line_is_quoted_with_a_caret_below_the_column(void **state)
{
	static const char text[] = "ok: 1\nb\303\266se: *x\n";

	(void)state;
	assert_refused(text, strlen(text),
		"t.yaml:2:7: aliases are not taken; write the value out\n    b\303\266se: *x\n          ^\n");
}

static void bytes_that_are_not_utf8_are_refused(void **state)
{
	(void)state;
	assert_refused("a: \xff\n", 5, "t.yaml:1:4: byte 0xff is not UTF-8");
	assert_refused("a: \xc0\xaf\n", 6, "byte 0xc0");         /* overlong */
	assert_refused("a: \xed\xa0\x80\n", 7, "byte 0xed");     /* surrogate */
	assert_refused("a: \xf4\x90\x80\x80\n", 8, "byte 0xf4"); /* beyond U+10FFFF */
	assert_refused("\xff\xfe"
		       "a\0:\0",
		6, "not UTF-8"); /* UTF-16 */
}

static void hostile_files_end_soon(void **state)
{
	uint64_t start = clock_now_ns();
	struct buf text = {0};

	(void)state;
	for (int i = 0; i < 500000; i++)
		buf_addc(&text, '[');
	assert_refused(buf_str(&text), text.len, "nested deeper than 32 levels");
	buf_clear(&text);
	for (int i = 0; i < 120000; i++)
		buf_puts(&text, "- x\n");
	assert_refused(buf_str(&text), text.len, "the file has more than 100000 nodes");
	buf_clear(&text);
	for (int i = 0; i < 90000; i++)
		buf_printf(&text, "k%d: x\n", i);
	buf_puts(&text, "k77: y\n");
	assert_refused(buf_str(&text), text.len, "\"k77\" is written twice");
	buf_clear(&text);
	for (int i = 0; i < YAML_SIZE_MAX + 1; i++)
		buf_addc(&text, '#');
	assert_refused(buf_str(&text), text.len, "1048577 bytes");
	buf_release(&text);
	assert_true(clock_now_ns() - start < 20 * NSEC_PER_SEC);
}

static void a_long_line_is_quoted_around_the_column(void **state)
{
	struct buf text = {0};
	struct parsed p;

	(void)state;
	buf_puts(&text, "[");
	for (int i = 0; i < 50000; i++)
		buf_puts(&text, "abc, ");
	buf_puts(&text, "*x]");
	parse(&p, buf_str(&text), text.len);
	assert_null(p.root);
	assert_true(p.errors.len < 500);
	assert_non_null(strstr(buf_str(&p.errors), "*x]\n"));
	release(&p);
	buf_release(&text);
}

static void complaints_beyond_the_limit_are_counted(void **state)
{
	struct buf out = {0};
	struct complaints complaints = {.out = &out};

	(void)state;
	for (int i = 0; i < COMPLAINTS_MAX + 7; i++)
		complain(&complaints, (struct place){"f", 1, 1}, "x");
	complaints_finish(&complaints);
	assert_non_null(strstr(buf_str(&out), "... and 7 more\n"));
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_node_knows_its_place),
		cmocka_unit_test(what_nobody_needs_is_refused),
		cmocka_unit_test(the_line_is_quoted_with_a_caret_below_the_column),
		cmocka_unit_test(bytes_that_are_not_utf8_are_refused),
		cmocka_unit_test(hostile_files_end_soon),
		cmocka_unit_test(a_long_line_is_quoted_around_the_column),
		cmocka_unit_test(complaints_beyond_the_limit_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
