/*
 * extend: `extends: FILE`, a scenario that says only what is different in it.
 *
 * The file lies beside this one. What this file says goes before what the other one says (merge.c). The other
 * file may extend a third one, and so on.
 *
 * A run keeps all of them in one directory, so no two may have the same name there.
 */
#include "fixtures/base/buf.h"
#include "suites/scenario/reader.h"

#include <string.h>
#include <sys/stat.h>

#define FILES_MAX 8
#define STORED_AS "scenario.yaml" /* the file that is run, in the directory of its run */

struct chain {
	struct reader *r;
	struct variables *variables;
	struct scenario *out;
	const char *files[FILES_MAX];
	size_t n;
};

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat x, y;

	return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* May the file be read as the next of the chain? */
static bool may_follow(struct chain *c, struct place at, const char *path)
{
	struct complaints *complaints = c->r->complaints;
	struct stat st;

	if (stat(path, &st) || !S_ISREG(st.st_mode)) {
		complain(complaints, at, "there is no file %s to extend", path);
		return false;
	}
	for (size_t i = 0; i < c->n; i++) {
		if (is_same_file(c->files[i], path)) {
			complain(complaints, at,
				"%s leads back to itself by what it extends; end the circle", path);
			return false;
		}
		if ((i ? !strcmp(last_part(c->files[i]), last_part(path))
		       : !strcmp(STORED_AS, last_part(path)))) {
			complain(complaints, at,
				"a run keeps the files of a scenario in one directory, and two would be "
				"called %s there; rename one",
				last_part(path));
			return false;
		}
	}
	if (c->n == FILES_MAX)
		complain(complaints, at, "more than %d files extend each other", FILES_MAX);
	return c->n < FILES_MAX;
}

static struct source *load(struct chain *c, struct place at, const char *path)
{
	struct source *source = arena_array(c->r->arena, 1, sizeof(*source));
	struct buf text = {0};
	struct err err;

	if (buf_read_file(&text, path, YAML_SIZE_MAX, &err)) {
		complain(c->r->complaints, at, "%s", err.text);
		return NULL;
	}
	source->file = path;
	source->text = arena_strndup(c->r->arena, buf_str(&text), text.len);
	source->len = text.len;
	buf_release(&text);
	complaints_add_source(c->r->complaints, source);
	return source;
}

static struct yaml *follow(struct chain *c, struct yaml *root, const char *file)
{
	struct yaml *node = merge_take(root, "extends"), *base;
	struct scenario_word word;
	const struct source *source;
	const char *path;

	if (!node)
		return root;
	expand_variables(c->r, node, c->variables);
	if (!reader_word(c->r, node, "extends", &word))
		return root;
	path = source_beside(c->r->arena, file, word.text);
	if (!may_follow(c, word.place, path))
		return root;
	c->files[c->n++] = path;
	source = load(c, word.place, path);
	base = source ? yaml_parse(c->r->arena, source, c->r->complaints) : NULL;
	if (!base || !reader_is(c->r, base, YAML_MAP, "a scenario"))
		return root;
	*ARENA_PUSH(c->r->arena, c->out->bases, c->out->n_bases) = path;
	return merge_trees(follow(c, base, path), root);
}

struct yaml *extend_tree(struct reader *r, struct yaml *root, const char *file,
	struct variables *variables, struct scenario *out)
{
	struct chain chain = {.r = r, .variables = variables, .out = out, .files = {file}, .n = 1};

	return follow(&chain, root, file);
}
