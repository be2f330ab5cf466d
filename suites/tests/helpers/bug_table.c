#include "suites/tests/helpers/bug_table.h"
#include "fixtures/base/buf.h"
#include "suites/metric.h"

#include <string.h>

#define TABLE_MAX ((size_t)1 << 20)

static const char *const words[] = {[BUG_NEVER] = "never", [BUG_MAY] = "may", [BUG_MUST] = "must"};

const char *bug_word_name(enum bug_word word)
{
	return words[word];
}

static const struct bug_row *find(
	const struct bug_table *table, const char *bug, const char *metric)
{
	for (size_t i = 0; i < table->n_rows; i++) {
		if (!strcmp(table->rows[i].bug, bug) && !strcmp(table->rows[i].metric, metric))
			return &table->rows[i];
	}
	return NULL;
}

enum bug_word bug_table_word(const struct bug_table *table, const char *bug, const char *metric)
{
	const struct bug_row *row = find(table, bug, metric);

	if (!row)
		row = find(table, bug, "*");
	return row ? row->word : BUG_NEVER;
}

static int parse_word(const char *text, enum bug_word *word, struct err *err)
{
	for (int i = BUG_NEVER; i <= BUG_MUST; i++) {
		if (!strcmp(words[i], text)) {
			*word = (enum bug_word)i;
			return 0;
		}
	}
	return err_set(err, "'%s' is none of must, may, never", text);
}

static void note_bug(struct bug_table *table, const char *bug)
{
	if (!strcmp(bug, BUG_NONE) ||
		(table->n_bugs && !strcmp(table->bugs[table->n_bugs - 1], bug)))
		return;
	*ARENA_PUSH(&table->arena, table->bugs, table->n_bugs) = bug;
}

static int read_row(struct bug_table *table, char *line, struct err *err)
{
	struct bug_row row = {0};
	char *save = NULL, *word;

	row.bug = strtok_r(line, "\t", &save);
	row.metric = strtok_r(NULL, "\t", &save);
	word = strtok_r(NULL, "\t", &save);
	row.reason = strtok_r(NULL, "\t", &save);
	if (!row.reason || strtok_r(NULL, "\t", &save))
		return err_set(err, "'%s' has not four columns", line);
	if (parse_word(word, &row.word, err))
		return -1;
	if (strcmp(row.metric, "*") && !metric_find(row.metric))
		return err_set(err, "no metric is called '%s'", row.metric);
	if (find(table, row.bug, row.metric))
		return err_set(err, "%s and %s stand here twice", row.bug, row.metric);
	note_bug(table, row.bug);
	*ARENA_PUSH(&table->arena, table->rows, table->n_rows) = row;
	return 0;
}

int bug_table_read(struct bug_table *table, const char *path, struct err *err)
{
	struct buf text = {0};
	char *copy, *save = NULL;
	int rc = 0;

	*table = (struct bug_table){0};
	if (buf_read_file(&text, path, TABLE_MAX, err))
		return -1;
	copy = arena_strdup(&table->arena, buf_str(&text));
	buf_release(&text);
	for (char *line = strtok_r(copy, "\n", &save); line && !rc;
		line = strtok_r(NULL, "\n", &save))
		rc = *line == '#' ? 0 : read_row(table, line, err);
	for (size_t i = 0; i < table->n_bugs && !rc; i++) {
		if (!find(table, table->bugs[i], "*"))
			rc = err_set(err, "%s has no row '*'", table->bugs[i]);
	}
	return rc ? err_prefix(err, "%s", path) : 0;
}

void bug_table_release(struct bug_table *table)
{
	arena_release(&table->arena);
}
