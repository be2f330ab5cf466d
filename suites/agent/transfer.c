#include "suites/agent/transfer.h"
#include "fixtures/base/base64.h"
#include "fixtures/base/buf.h"
#include "fixtures/frame.h"
#include "fixtures/json/jv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK (384 * 1024)
#define CHUNK_TEXT (CHUNK / 3 * 4 + 4)

static int send_chunk(int fd, const char *name, off_t offset, const unsigned char *data, size_t n,
	char *text, struct err *err)
{
	struct jv *message = jv_new_object();

	base64_encode(data, n, text);
	jv_set(message, "type", jv_new_string("chunk"));
	jv_set(message, "file", jv_new_string(name));
	jv_set(message, "offset", jv_new_int(offset));
	jv_set(message, "data", jv_new_string(text));
	return frame_send(fd, message, err);
}

int transfer_send_file(int fd, const char *path, const char *name, struct err *err)
{
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	unsigned char *data = malloc(CHUNK);
	char *text = malloc(CHUNK_TEXT);
	off_t offset = 0;
	ssize_t n;
	int rc = 0;

	if (!data || !text)
		abort();
	if (file < 0)
		rc = err_sys(err, "cannot open %s", path);
	while (!rc && (n = read(file, data, CHUNK)) != 0) {
		if (n < 0) {
			rc = errno == EINTR ? 0 : err_sys(err, "cannot read %s", path);
			continue;
		}
		rc = send_chunk(fd, name, offset, data, (size_t)n, text, err);
		offset += n;
	}
	if (file >= 0)
		close(file);
	free(data);
	free(text);
	return rc;
}

int transfer_send_dir(int fd, const char *dir, struct err *err)
{
	struct dirent *entry;
	DIR *d = opendir(dir);
	char path[600];
	int rc = 0;

	if (!d)
		return err_sys(err, "cannot list %s", dir);
	while (!rc && (entry = readdir(d))) {
		if (entry->d_type != DT_REG)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		rc = transfer_send_file(fd, path, entry->d_name, err);
	}
	closedir(d);
	return rc;
}

int transfer_store(const char *dir, const struct jv *chunk, struct err *err)
{
	const char *name = jv_str(jv_get(chunk, "file"), "");
	const char *text = jv_str(jv_get(chunk, "data"), "");
	off_t offset = jv_int(jv_get(chunk, "offset"), -1);
	unsigned char *data;
	char path[600];
	ssize_t n;
	int fd, rc = 0;

	if (!*name || *name == '.' || strchr(name, '/') || offset < 0)
		return err_set(err, "a file named '%s' is refused", name);
	data = malloc(strlen(text) + 1);
	if (!data)
		abort();
	n = base64_decode(text, strlen(text), data);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = n < 0 ? -1 : open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || pwrite(fd, data, (size_t)n, offset) != n)
		rc = err_sys(err, "cannot store %s", path);
	if (fd >= 0)
		close(fd);
	free(data);
	return rc;
}
