#include "probes/marks.h"
#include "fixtures/base/buf.h"
#include "probes/files.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MARKS_MAGIC "RPMARKS" /* 8 bytes with its NUL */
#define MARKS_VERSION 1
#define MARKS_BYTE_ORDER UINT32_C(0x01020304)
#define MARKS_FILE_MAX ((size_t)1 << 30)

struct marks_header {
	char magic[8];
	uint32_t byte_order, version, header_size, record_size;
};
static_assert(sizeof(struct role_mark) == 24, "the record is 24 bytes on disk");
static_assert(sizeof(struct marks_header) == 24, "the header is as long as a record");

static const struct marks_header the_header = {
	.magic = MARKS_MAGIC,
	.byte_order = MARKS_BYTE_ORDER,
	.version = MARKS_VERSION,
	.header_size = sizeof(struct marks_header),
	.record_size = sizeof(struct role_mark),
};

int marks_create(const char *path, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);

	if (fd < 0)
		return err_sys(err, "cannot create %s", path);
	if (write(fd, &the_header, sizeof(the_header)) != sizeof(the_header)) {
		err_sys(err, "cannot write %s", path);
		close(fd);
		return -1;
	}
	return fd;
}

int marks_append(int fd, const struct role_mark *mark)
{
	ssize_t n;

	do
		n = write(fd, mark, sizeof(*mark));
	while (n < 0 && errno == EINTR);
	return n == sizeof(*mark) ? 0 : -1;
}

static int add_all(struct marks *marks, const struct role_mark *from, size_t n, const char *path,
	struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (from[i].role > ROLE_REPLICA || from[i].after_ns < from[i].before_ns)
			return err_set(err, "%s: record %zu is damaged", path, i);
	}
	marks->marks = realloc(marks->marks, (marks->n + n + 1) * sizeof(*marks->marks));
	if (!marks->marks)
		abort();
	if (n)
		memcpy(marks->marks + marks->n, from, n * sizeof(*from));
	marks->n += n;
	return 0;
}

static int load_file(struct marks *marks, const char *path, struct err *err)
{
	struct buf in = {0};
	int rc = -1;

	if (buf_read_file(&in, path, MARKS_FILE_MAX, err))
		goto out;
	if (in.len < sizeof(the_header) || memcmp(in.data, &the_header, sizeof(the_header))) {
		err_set(err, "%s is not a file of role marks that this program can read", path);
		goto out;
	}
	rc = add_all(marks, (const struct role_mark *)(const void *)(in.data + sizeof(the_header)),
		(in.len - sizeof(the_header)) / sizeof(struct role_mark), path, err);
out:
	buf_release(&in);
	return rc;
}

static int by_after(const void *a, const void *b)
{
	const struct role_mark *x = a, *y = b;

	return x->after_ns < y->after_ns ? -1 : x->after_ns > y->after_ns;
}

int marks_load_dir(struct marks *marks, const char *dir, struct err *err)
{
	struct files files;
	int rc = 0;

	*marks = (struct marks){0};
	if (files_below(&files, dir, MARKS_SUFFIX, err))
		return -1;
	for (size_t i = 0; i < files.n && !rc; i++)
		rc = load_file(marks, files.paths[i], err);
	files_release(&files);
	if (rc)
		marks_release(marks);
	else if (marks->n)
		qsort(marks->marks, marks->n, sizeof(*marks->marks), by_after);
	return rc;
}

void marks_release(struct marks *marks)
{
	free(marks->marks);
	*marks = (struct marks){0};
}
