/*
 * includes: who includes whom, and whether they may.
 *
 *   includes [ROOT]            check the checkout at ROOT (.) and say every offence; TAP
 *   includes --arrows [ROOT]   draw the rooms and the arrows between them
 *
 * Rules, each a test point:
 *   - every #include "..." is written from the root and exists
 *   - the own header comes first, which proves that it stands alone
 *   - the direction: suites -> chaos, probes, reports -> fixtures -> fixtures/base -> libc; chaos and
 *     probes never include each other; reports sees fixtures/base and fixtures/json only;
 *     region-store, region-shop and name-liar, programs of their own, see themselves and fixtures/base
 *     (name-liar fixtures/dns, too, the others fixtures/web); nobody but tests and benchmarks sees them
 *     or the tests
 *   - no header includes a third-party header; fixtures/base includes none at all
 *   - no cycle between files, none between rooms. A room inside a room is a part of it: chaos/engines
 *     and chaos are not two.
 *
 * The preprocessor is not asked: an include inside an #ifdef counts as well.
 */
#include "fixtures/base/arena.h"
#include "fixtures/base/buf.h"

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOURCE_MAX (4 << 20)
#define OFFENCES_MAX 100

struct include {
	const char *name; /* between the quotes or angles */
	bool ours;        /* "..." */
	unsigned line;
};

struct source {
	const char *path;
	const char *room; /* its folder */
	struct include *includes;
	size_t n_includes;
};

enum rule {
	RULE_EXISTS,
	RULE_OWN_FIRST,
	RULE_DIRECTION,
	RULE_THIRD_PARTY,
	RULE_FILE_CYCLE,
	RULE_ROOM_CYCLE,
	RULES
};

static const char *const rule_names[] = {
	[RULE_EXISTS] = "includes are written from the root",
	[RULE_OWN_FIRST] = "own header comes first",
	[RULE_DIRECTION] = "includes follow the direction",
	[RULE_THIRD_PARTY] = "no header includes a third-party header",
	[RULE_FILE_CYCLE] = "no cycle between files",
	[RULE_ROOM_CYCLE] = "no cycle between rooms",
};

static struct {
	struct arena arena;
	struct source *sources;
	size_t n;
	struct buf offences[RULES];
	size_t count[RULES];
} tree;

static void offence(enum rule rule, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void offence(enum rule rule, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (++tree.count[rule] > OFFENCES_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_printf(&tree.offences[rule], "# %s\n", text);
}

/* --- reading --------------------------------------------------------------------------------- */

static const char *room_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return arena_strndup(&tree.arena, path, slash ? (size_t)(slash - path) : 0);
}

static void read_include(struct source *source, const char *line, unsigned number)
{
	const char *at = line + strspn(line, " \t");
	struct include *include;
	char end;

	if (*at++ != '#')
		return;
	at += strspn(at, " \t");
	if (strncmp(at, "include", 7))
		return;
	at += 7 + strspn(at + 7, " \t");
	if (*at != '"' && *at != '<')
		return;
	end = *at == '<' ? '>' : '"';
	include = ARENA_PUSH(&tree.arena, source->includes, source->n_includes);
	include->ours = *at == '"';
	include->line = number;
	at++;
	include->name = arena_strndup(&tree.arena, at, strcspn(at, end == '>' ? ">\n" : "\"\n"));
}

static void read_source(const char *path)
{
	struct source *source = ARENA_PUSH(&tree.arena, tree.sources, tree.n);
	struct buf text = {0};
	struct err err;
	unsigned number = 1;

	source->path = arena_strdup(&tree.arena, path);
	source->room = room_of(path);
	if (buf_read_file(&text, path, SOURCE_MAX, &err))
		offence(RULE_EXISTS, "%s", err.text);
	for (const char *line = buf_str(&text); line; number++) {
		read_include(source, line, number);
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	buf_release(&text);
}

static int visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	const char *dot = strrchr(path, '.');

	(void)st;
	(void)ftw;
	if (type == FTW_F && dot && (!strcmp(dot, ".c") || !strcmp(dot, ".h")))
		read_source(path);
	return 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct source *)a)->path, ((const struct source *)b)->path);
}

static int read_tree(void)
{
	static const char *const folders[] = {"chaos", "fixtures", "probes", "reports", "suites"};

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		nftw(folders[i], visit, 16, FTW_PHYS);
	if (!tree.n)
		return -1;
	qsort(tree.sources, tree.n, sizeof(*tree.sources), by_path);
	return 0;
}

static struct source *find_source(const char *path)
{
	struct source key = {.path = path};

	return bsearch(&key, tree.sources, tree.n, sizeof(key), by_path);
}

/* --- the rules about single includes --------------------------------------------------------- */

static bool is_in(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return !strncmp(path, folder, n) && (path[n] == '/' || !path[n]);
}

static bool is_header(const char *path)
{
	size_t n = strlen(path);

	return n > 2 && !strcmp(path + n - 2, ".h");
}

/* The first row that holds the including file decides; what it may see is a list. */
static const struct direction {
	const char *from;
	const char *to[6];
} directions[] = {
	{"fixtures/base", {"fixtures/base"}},
	{"fixtures/json", {"fixtures/json", "fixtures/base"}},
	{"fixtures/web", {"fixtures/web", "fixtures/base"}},
	{"fixtures/region-store", {"fixtures/region-store", "fixtures/web", "fixtures/base"}},
	{"fixtures/region-shop", {"fixtures/region-shop", "fixtures/web", "fixtures/base"}},
	{"fixtures/dns", {"fixtures/dns", "fixtures/base"}},
	{"fixtures/name-liar", {"fixtures/name-liar", "fixtures/dns", "fixtures/base"}},
	{"fixtures", {"fixtures"}},
	{"chaos", {"chaos", "fixtures"}},
	{"probes", {"probes", "fixtures"}},
	{"reports", {"reports", "fixtures/base", "fixtures/json"}},
	{"suites", {"suites", "chaos", "probes", "reports", "fixtures"}},
};

/* Rooms that are seen only from within themselves, from tests and from benchmarks. */
static const char *const closed[] = {"fixtures/region-store", "fixtures/region-shop",
	"fixtures/name-liar", "suites/tests", "suites/bench"};

static bool may_see(const char *from, const char *to)
{
	for (size_t i = 0; i < sizeof(closed) / sizeof(*closed); i++) {
		if (is_in(to, closed[i]) && !is_in(from, closed[i]) &&
			!is_in(from, "suites/tests") && !is_in(from, "suites/bench"))
			return false;
	}
	for (size_t i = 0; i < sizeof(directions) / sizeof(*directions); i++) {
		const struct direction *row = &directions[i];

		if (!is_in(from, row->from))
			continue;
		for (size_t j = 0; row->to[j]; j++) {
			if (is_in(to, row->to[j]))
				return true;
		}
		return false;
	}
	return false;
}

/* Headers of libc and the kernel, by folder or by name; whatever else stands in angles is
 * third-party. */
static bool is_system_header(const char *name)
{
	static const char *const folders[] = {
		"sys", "linux", "net", "netinet", "netpacket", "arpa", "asm", "bits"};
	static const char names[] =
		" aio alloca assert byteswap complex ctype dirent dlfcn elf endian err errno error execinfo "
		"fcntl features fenv float fnmatch ftw getopt glob grp iconv ifaddrs inttypes iso646 "
		"langinfo libgen limits link locale malloc math memory mntent mqueue netdb poll pthread "
		"pty pwd regex resolv sched search semaphore setjmp shadow signal spawn stdalign stdarg "
		"stdatomic stdbool stddef stdint stdio stdio_ext stdlib stdnoreturn string strings "
		"syscall sysexits syslog tgmath term termios threads time uchar ucontext unistd utime "
		"utmp wait wchar wctype wordexp ";
	char word[64];

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		if (is_in(name, folders[i]))
			return true;
	}
	snprintf(word, sizeof(word), " %.*s ", (int)strcspn(name, "."), name);
	return !strchr(name, '/') && strstr(names, word);
}

static void check_include(const struct source *source, const struct include *include)
{
	if (include->ours && !find_source(include->name))
		offence(RULE_EXISTS, "%s:%u: there is no \"%s\"", source->path, include->line,
			include->name);
	if (include->ours && !may_see(source->path, include->name))
		offence(RULE_DIRECTION, "%s:%u: must not include %s", source->path, include->line,
			include->name);
	if (!include->ours && !is_system_header(include->name) &&
		(is_header(source->path) || is_in(source->path, "fixtures/base")))
		offence(RULE_THIRD_PARTY, "%s:%u: <%s>", source->path, include->line,
			include->name);
}

static void check_own_header(const struct source *source)
{
	char *own = arena_strdup(&tree.arena, source->path);
	size_t n = strlen(own);

	if (own[n - 1] != 'c')
		return;
	own[n - 1] = 'h';
	if (!find_source(own))
		return;
	if (!source->n_includes || strcmp(source->includes[0].name, own))
		offence(RULE_OWN_FIRST, "%s: does not include %s first", source->path, own);
}

/* --- cycles ---------------------------------------------------------------------------------- */

/* A graph of names; small enough (hundreds of nodes) for a matrix. */
struct graph {
	const char **names;
	size_t n;
	bool *edge;
};

static size_t graph_node(struct graph *graph, const char *name)
{
	for (size_t i = 0; i < graph->n; i++) {
		if (!strcmp(graph->names[i], name))
			return i;
	}
	graph->names[graph->n] = name;
	return graph->n++;
}

static bool one_room(const char *a, const char *b)
{
	return is_in(a, b) || is_in(b, a);
}

static void build_graph(struct graph *graph, bool rooms)
{
	graph->names = arena_array(&tree.arena, tree.n, sizeof(*graph->names));
	graph->edge = arena_array(&tree.arena, tree.n * tree.n, sizeof(*graph->edge));
	graph->n = 0;
	for (size_t i = 0; i < tree.n; i++) {
		const struct source *source = &tree.sources[i];
		const char *name = rooms ? source->room : source->path;
		size_t from = graph_node(graph, name);

		for (size_t j = 0; j < source->n_includes; j++) {
			const struct source *to = source->includes[j].ours
				? find_source(source->includes[j].name)
				: NULL;

			const char *to_name;

			if (!to)
				continue;
			to_name = rooms ? to->room : to->path;
			if (!rooms || !one_room(name, to_name))
				graph->edge[from * tree.n + graph_node(graph, to_name)] = true;
		}
	}
}

enum colour { WHITE, GREY, BLACK };

struct walk {
	const struct graph *graph;
	enum rule rule;
	unsigned char *colour;
	size_t *path, depth;
};

static void say_cycle(const struct walk *walk, size_t back_to)
{
	struct buf text = {0};
	size_t i = walk->depth;

	while (i && walk->path[i - 1] != back_to)
		i--;
	for (i = i ? i - 1 : 0; i < walk->depth; i++)
		buf_printf(&text, "%s -> ", walk->graph->names[walk->path[i]]);
	offence(walk->rule, "%s%s", buf_str(&text), walk->graph->names[back_to]);
	buf_release(&text);
}

static void walk_from(struct walk *walk, size_t node)
{
	walk->colour[node] = GREY;
	walk->path[walk->depth++] = node;
	for (size_t to = 0; to < walk->graph->n; to++) {
		if (!walk->graph->edge[node * tree.n + to] || to == node)
			continue;
		if (walk->colour[to] == GREY)
			say_cycle(walk, to);
		else if (walk->colour[to] == WHITE)
			walk_from(walk, to);
	}
	walk->depth--;
	walk->colour[node] = BLACK;
}

static void check_cycles(enum rule rule)
{
	struct graph graph;
	struct walk walk = {.graph = &graph, .rule = rule};

	build_graph(&graph, rule == RULE_ROOM_CYCLE);
	walk.colour = arena_array(&tree.arena, tree.n, 1);
	walk.path = arena_array(&tree.arena, tree.n, sizeof(*walk.path));
	for (size_t i = 0; i < graph.n; i++) {
		if (walk.colour[i] == WHITE)
			walk_from(&walk, i);
	}
}

/* --- output ---------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void draw_arrows(void)
{
	struct graph graph;

	build_graph(&graph, true);
	for (size_t i = 0; i < graph.n; i++) {
		const char **to = arena_array(&tree.arena, graph.n, sizeof(*to));
		size_t n = 0;

		for (size_t j = 0; j < graph.n; j++) {
			if (graph.edge[i * tree.n + j])
				to[n++] = graph.names[j];
		}
		qsort(to, n, sizeof(*to), by_name);
		for (size_t j = 0; j < n; j++)
			printf("%-24s %s %s\n", j ? "" : graph.names[i], j ? "   " : "-->", to[j]);
		if (!n)
			printf("%s\n", graph.names[i]);
	}
}

static int report(void)
{
	int failed = 0;

	printf("1..%d\n", RULES);
	for (size_t rule = 0; rule < RULES; rule++) {
		bool ok = !tree.count[rule];

		printf("%s %zu - %s\n%s", ok ? "ok" : "not ok", rule + 1, rule_names[rule],
			buf_str(&tree.offences[rule]));
		buf_release(&tree.offences[rule]);
		failed += !ok;
	}
	return failed != 0;
}

int main(int argc, char **argv)
{
	bool arrows = argc > 1 && !strcmp(argv[1], "--arrows");
	const char *root = argc > 1 + arrows ? argv[1 + arrows] : ".";
	int rc = 0;

	if (chdir(root) || read_tree()) {
		printf("Bail out! there are no sources in %s\n", root);
		return EXIT_INTERNAL;
	}
	if (arrows) {
		draw_arrows();
	} else {
		for (size_t i = 0; i < tree.n; i++) {
			check_own_header(&tree.sources[i]);
			for (size_t j = 0; j < tree.sources[i].n_includes; j++)
				check_include(&tree.sources[i], &tree.sources[i].includes[j]);
		}
		check_cycles(RULE_FILE_CYCLE);
		check_cycles(RULE_ROOM_CYCLE);
		rc = report();
	}
	arena_release(&tree.arena);
	return rc;
}
