#include "suites/commands/catalogue.h"
#include "fixtures/base/buf.h"
#include "suites/pack.h"
#include "suites/plan_parts.h"

#include <glob.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX (1024 * 1024)

static bool load(struct arena *arena, const char *path, struct source *out)
{
	struct buf text = {0};
	struct err err;
	int rc = buf_read_file(&text, path, FILE_MAX, &err);

	*out = (struct source){arena_strdup(arena, path),
		arena_strndup(arena, buf_str(&text), text.len), strlen(buf_str(&text))};
	buf_release(&text);
	return !rc;
}

static const char *base_name(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');

	return arena_strndup(arena, name, dot ? (size_t)(dot - name) : strlen(name));
}

/* The first sentence of "about:". */
static const char *about_line(struct arena *arena, const char *about)
{
	char *text = arena_strdup(arena, about);
	char *end = strstr(text, ". ");

	text[strcspn(text, "\n")] = '\0';
	if (end)
		end[1] = '\0';
	return text;
}

/* "about (variants: a, b)" */
static const char *with_variants(struct arena *arena, const char *path, const char *about)
{
	const struct plan_options options = {.path = path};
	const char *const *names;
	struct buf text = {0};
	size_t n;

	names = plan_variants(arena, &options, &n);
	if (!n)
		return about;
	buf_printf(&text, "%s%s(variants: ", about, *about ? " " : "");
	for (size_t i = 0; i < n; i++)
		buf_printf(&text, "%s%s", i ? ", " : "", names[i]);
	buf_puts(&text, ")");
	about = arena_strdup(arena, buf_str(&text));
	buf_release(&text);
	return about;
}

static void each_file(struct arena *arena, const char *pattern, catalogue_row *row, void *to)
{
	glob_t found;

	if (glob(pattern, 0, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct buf errors = {0};
		struct complaints complaints = {.out = &errors};
		struct source source;
		struct yaml *root = NULL;
		const struct yaml *about;
		const char *help;

		if (load(arena, found.gl_pathv[i], &source))
			root = yaml_parse(arena, &source, &complaints);
		about = yaml_get(root, "about");
		help = about && about->kind == YAML_TEXT ? about_line(arena, about->text) : "";
		if (yaml_get(root, "scenario"))
			help = with_variants(arena, found.gl_pathv[i], help);
		row(to, base_name(arena, found.gl_pathv[i]), help);
		buf_release(&errors);
	}
	globfree(&found);
}

void catalogue_recipes(const char *share, catalogue_row *row, void *to)
{
	struct arena arena = {0};

	each_file(&arena, arena_printf(&arena, "%s/systems/*.yaml", share_directory(&arena, share)),
		row, to);
	arena_release(&arena);
}

void catalogue_links(const char *share, catalogue_row *row, void *to)
{
	struct arena arena = {0};

	each_file(&arena, arena_printf(&arena, "%s/links/*.yaml", share_directory(&arena, share)),
		row, to);
	arena_release(&arena);
}

/* Installed beside the recipes; in the sources under suites/. */
void catalogue_scenarios(const char *share, catalogue_row *row, void *to)
{
	struct arena arena = {0};
	const char *folder = share_directory(&arena, share);
	const char *installed = arena_printf(&arena, "%s/scenarios", folder);

	if (access(installed, R_OK))
		installed = arena_printf(&arena, "%s/../suites/scenarios", folder);
	each_file(&arena, arena_printf(&arena, "%s/*.yaml", installed), row, to);
	arena_release(&arena);
}

void catalogue_packs(const char *share, catalogue_row *row, void *to)
{
	struct arena arena = {0};

	each_file(&arena, arena_printf(&arena, "%s/*.yaml", pack_folder(&arena, share)), row, to);
	arena_release(&arena);
}

bool catalogue_recipe(struct arena *arena, const char *share, const char *name, struct recipe *out)
{
	struct buf errors = {0};
	struct complaints complaints = {.out = &errors};
	struct source source;
	bool ok = !strchr(name, '/') &&
		load(arena,
			arena_printf(
				arena, "%s/systems/%s.yaml", share_directory(arena, share), name),
			&source);

	if (ok)
		recipe_read(arena, &source, out, &complaints);
	buf_release(&errors);
	return ok && !complaints.n;
}
