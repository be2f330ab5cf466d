/* share: where recipes and programs are found. */
#include "suites/plan_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_FALLBACK "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* The folder of our own program; "" where the kernel does not say. An agent may not have been allowed to
 * mount a /proc for its pid namespace, and in a chroot the kernel tells it a path from outside, since its
 * program was opened in another mount namespace; then what was executed is asked. */
static const char *own_directory(struct arena *arena)
{
	char path[4096] = "", *real, *slash;
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n > 0)
		path[n] = '\0';
	if (access(path, X_OK)) {
		real = realpath((const char *)getauxval(AT_EXECFN), NULL);
		if (!real)
			return "";
		snprintf(path, sizeof(path), "%s", real);
		free(real);
	}
	slash = strrchr(path, '/');
	return slash ? arena_strndup(arena, path, (size_t)(slash - path)) : "";
}

const char *share_directory(struct arena *arena, const char *given)
{
	const char *own = own_directory(arena);
	const char *candidates[] = {
		arena_printf(arena, "%s/../share/regionproof", own), /* installed */
		arena_printf(arena, "%s/../fixtures", own),          /* build/ in the sources */
	};

	const char *found;

	if (given)
		return given;
	for (size_t i = 0; i < sizeof(candidates) / sizeof(*candidates); i++) {
		char *real = NULL;

		if (!access(arena_printf(arena, "%s/systems", candidates[i]), R_OK))
			real = realpath(candidates[i], NULL);
		found = real ? arena_strdup(arena, real) : NULL;
		free(real);
		if (found)
			return found;
	}
	return "./fixtures";
}

static const char *find_in(struct arena *arena, const char *directory, const char *name)
{
	const char *path = arena_printf(arena, "%s/%s", directory, name);
	struct stat st;
	char *real;

	if (stat(path, &st) || !S_ISREG(st.st_mode) || access(path, X_OK))
		return NULL;
	/* Links are not followed: redis-sentinel and redis-server are one file, told apart by name. */
	if (*path == '/')
		return path;
	real = realpath(directory, NULL);
	if (real)
		path = arena_printf(arena, "%s/%s", real, name);
	free(real);
	return path;
}

const char *share_find_program(struct arena *arena, const char *name)
{
	const char *path = getenv("PATH"), *own = own_directory(arena), *found;

	if (*name == '/')
		return access(name, X_OK) ? NULL : name;
	found = *own ? find_in(arena, own, name) : NULL;
	for (path = path && *path ? path : PATH_FALLBACK; !found && *path;) {
		size_t len = strcspn(path, ":");

		if (len)
			found = find_in(arena, arena_strndup(arena, path, len), name);
		path += len + (path[len] == ':');
	}
	return found ? found : find_in(arena, "/usr/sbin", name);
}
