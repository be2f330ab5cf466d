#include "suites/commands/variant_table.h"
#include "fixtures/base/buf.h"
#include "fixtures/json/jv.h"
#include "reports/verdict.h"
#include "reports/writers/text.h"
#include "suites/commands/ci.h"
#include "suites/commands/command.h"
#include "suites/commands/run_store.h"

#include <string.h>

struct variant_row {
	const char *name, *dir;
	bool ran;
	int exit_code;
};

void variant_table_init(
	struct variant_table *table, const char *path, const struct variants *variants)
{
	*table = (struct variant_table){.path = path, .n = variants->n};
	table->rows = arena_array(&table->arena, table->n, sizeof(*table->rows));
	for (size_t i = 0; i < table->n; i++)
		table->rows[i] = (struct variant_row){.name = variants->names[i], .dir = ""};
}

void variant_table_set(struct variant_table *table, size_t i, int exit_code, const char *dir)
{
	table->rows[i].ran = true;
	table->rows[i].exit_code = exit_code;
	table->rows[i].dir = arena_strdup(&table->arena, dir);
}

static const char *word_of(const struct variant_row *row)
{
	return row->ran ? run_store_word(row->exit_code) : "not run";
}

static int worst_of(const struct variant_table *table)
{
	int worst = EXIT_OK;

	for (size_t i = 0; i < table->n; i++) {
		if (table->rows[i].ran)
			worst = verdict_worse_exit(worst, table->rows[i].exit_code);
	}
	return worst;
}

/* "2 pass, 1 fail", in the order in which the words come. */
static void put_counts(const struct variant_table *table, struct buf *out)
{
	for (size_t i = 0; i < table->n; i++) {
		const char *word = word_of(&table->rows[i]);
		size_t n = 0, before = 0;

		for (size_t k = 0; k < table->n; k++) {
			bool same = !strcmp(word_of(&table->rows[k]), word);

			n += same;
			before += same && k < i;
		}
		if (!before)
			buf_printf(out, "%s%zu %s", i ? ", " : "", n, word);
	}
}

static void print(const struct variant_table *table, struct buf *out)
{
	unsigned width = 7; /* of "variant" */

	for (size_t i = 0; i < table->n; i++) {
		unsigned columns = text_columns(table->rows[i].name);

		width = columns > width ? columns : width;
	}
	buf_printf(out, "\nvariants of ");
	text_clean(out, table->path, false);
	buf_printf(out, "\n  %-*s  %-11s  exit  run\n", (int)width, "variant", "verdict");
	for (size_t i = 0; i < table->n; i++) {
		const struct variant_row *row = &table->rows[i];

		buf_printf(out, "  %-*s  %-11s  ", (int)width, row->name, word_of(row));
		if (row->ran)
			buf_printf(out, "%4d  ", row->exit_code);
		else
			buf_puts(out, "   -  ");
		text_clean(out, *row->dir ? row->dir : "-", false);
		buf_addc(out, '\n');
	}
	put_counts(table, out);
	buf_addc(out, '\n');
}

static int print_rows_json(const struct variant_table *table, struct err *err)
{
	struct jv *json = json_head("run"), *rows = jv_new_array();
	int rc;

	for (size_t i = 0; i < table->n; i++) {
		const struct variant_row *row = &table->rows[i];
		struct jv *one = jv_new_object();

		jv_set(one, "variant", jv_new_string(row->name));
		jv_set(one, "verdict", jv_new_string(word_of(row)));
		jv_set(one, "exit_code", row->ran ? jv_new_int(row->exit_code) : jv_new_null());
		jv_set(one, "directory", *row->dir ? jv_new_string(row->dir) : jv_new_null());
		jv_add(rows, one);
	}
	jv_set(json, "path", jv_new_string(table->path));
	jv_set(json, "variants", rows);
	jv_set(json, "exit_code", jv_new_int(worst_of(table)));
	rc = print_json(json, err);
	jv_free(json);
	return rc;
}

/* For the step summary; names of variants need no escape, words neither. */
static void put_markdown(const struct variant_table *table, struct buf *out)
{
	buf_puts(out, "| variant | verdict | exit code |\n|---|---|---|\n");
	for (size_t i = 0; i < table->n; i++) {
		const struct variant_row *row = &table->rows[i];

		buf_printf(out, "| %s | %s | ", row->name, word_of(row));
		if (row->ran)
			buf_printf(out, "%d |\n", row->exit_code);
		else
			buf_puts(out, "- |\n");
	}
}

int variant_table_show(const struct variant_table *table, const struct args *args, struct err *err)
{
	struct buf out = {0}, markdown = {0};
	int rc;

	if (args_json(args)) {
		rc = print_rows_json(table, err);
	} else {
		print(table, &out);
		rc = print_out(&out, err);
	}
	put_markdown(table, &markdown);
	rc = rc || ci_total(&markdown, worst_of(table), err) ? -1 : 0;
	buf_release(&out);
	buf_release(&markdown);
	return rc ? -1 : worst_of(table);
}

void variant_table_release(struct variant_table *table)
{
	arena_release(&table->arena);
}
