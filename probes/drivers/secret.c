#include "probes/drivers/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int from_environment(const char *name, char *out, size_t size, struct err *err)
{
	const char *value = getenv(name);

	if (!value) {
		err_set(err, "the environment has no %s, which a secret refers to", name);
		return -1;
	}
	if (strlen(value) >= size) {
		err_set(err, "the secret in %s is longer than %zu bytes", name, size - 1);
		return -1;
	}
	strcpy(out, value);
	return 0;
}

static int from_file(const char *path, char *out, size_t size, struct err *err)
{
	FILE *file = fopen(path, "re");

	if (!file)
		return err_sys(err, "cannot open %s, which a secret refers to", path);
	if (!fgets(out, (int)size, file))
		*out = '\0';
	fclose(file);
	out[strcspn(out, "\n")] = '\0';
	return 0;
}

int secret_read(const char *reference, char *out, size_t size, struct err *err)
{
	*out = '\0';
	if (!reference || !*reference)
		return 0;
	if (!strncmp(reference, "env:", 4))
		return from_environment(reference + 4, out, size, err);
	if (!strncmp(reference, "file:", 5))
		return from_file(reference + 5, out, size, err);
	err_set(err, "a secret is given as env:NAME or file:PATH, never as itself");
	return -1;
}
