#include "probes/tape.h"
#include "fixtures/base/buf.h"
#include "fixtures/net/addr.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_SIZE 65536
/* 4000 packets a second for three hours; a larger file is not one of ours. */
#define FILE_MAX (INT64_C(1) << 30)

struct tape {
	int fd;
	size_t record_size, len;
	bool forget;
	char *path;
	char buffer[BUFFER_SIZE];
};

_Static_assert(sizeof(struct tape_header) == 64, "the header of a tape is 64 bytes");

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_header(struct tape *tape, const struct tape_label *label)
{
	struct tape_header header = {
		.byte_order = TAPE_BYTE_ORDER,
		.version = TAPE_VERSION,
		.record_size = (uint16_t)label->record_size,
		.region = label->region,
		.n_regions = label->n_regions,
		.period_ns = label->period_ns,
		.epoch_ns = label->epoch_ns,
	};

	memcpy(header.magic, label->magic, strnlen(label->magic, sizeof(header.magic)));
	return write_all(tape->fd, (const char *)&header, sizeof(header));
}

struct tape *tape_create(
	const char *dir, const char *name, const struct tape_label *label, struct err *err)
{
	struct tape *tape = calloc(1, sizeof(*tape));
	struct buf path = {0};

	if (!tape) {
		err_set(err, "no memory for a tape");
		return NULL;
	}
	buf_printf(&path, "%s/%s", dir, name);
	tape->path = path.data;
	tape->record_size = label->record_size;
	tape->fd = open(tape->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (tape->fd < 0 || write_header(tape, label) < 0) {
		err_sys(err, "cannot create %s", tape->path);
		if (tape->fd >= 0)
			close(tape->fd);
		free(tape->path);
		free(tape);
		return NULL;
	}
	return tape;
}

void tape_forget(struct tape *tape)
{
	tape->forget = true;
}

int tape_flush(struct tape *tape, struct err *err)
{
	size_t len = tape->len;

	tape->len = 0; /* also after a failure: a full disk must not become a growing buffer */
	if (!tape->forget && write_all(tape->fd, tape->buffer, len) < 0)
		return err_sys(err, "cannot write %s", tape->path);
	return 0;
}

int tape_set_epoch(struct tape *tape, uint64_t epoch_ns, struct err *err)
{
	if (pwrite(tape->fd, &epoch_ns, sizeof(epoch_ns), offsetof(struct tape_header, epoch_ns)) !=
		(ssize_t)sizeof(epoch_ns))
		return err_sys(err, "cannot write %s", tape->path);
	return 0;
}

int tape_add(struct tape *tape, const void *record, struct err *err)
{
	if (tape->len + tape->record_size > sizeof(tape->buffer) && tape_flush(tape, err) < 0)
		return -1;
	memcpy(tape->buffer + tape->len, record, tape->record_size);
	tape->len += tape->record_size;
	return 0;
}

int tape_close(struct tape *tape, struct err *err)
{
	int rc;

	if (!tape)
		return 0;
	rc = tape_flush(tape, err);
	if (close(tape->fd) < 0 && rc == 0)
		rc = err_sys(err, "cannot write %s", tape->path);
	free(tape->path);
	free(tape);
	return rc;
}

static int check_header(const struct tape_header *header, const char *path, const char *magic,
	size_t record_size, struct err *err)
{
	char wanted[sizeof(header->magic)] = {0};

	memcpy(wanted, magic, strnlen(magic, sizeof(wanted)));
	if (memcmp(header->magic, wanted, sizeof(wanted)))
		return err_set(err, "%s: not a file of kind '%s'", path, magic);
	if (header->byte_order != TAPE_BYTE_ORDER)
		return err_set(err, "%s: written on a machine of the other byte order", path);
	if (header->version != TAPE_VERSION || header->record_size != record_size)
		return err_set(err, "%s: version %u with records of %u bytes, wanted %u with %zu",
			path, header->version, header->record_size, TAPE_VERSION, record_size);
	if (header->n_regions == 0 || header->n_regions > ADDR_REGIONS_MAX ||
		header->region >= header->n_regions)
		return err_set(err, "%s: region %u of %u cannot be", path, header->region,
			header->n_regions);
	return 0;
}

/* Fills len bytes or as many as the file has; -1 on error. */
static ssize_t read_upto(int fd, void *to, size_t len)
{
	size_t have = 0;

	while (have < len) {
		ssize_t n = read(fd, (char *)to + have, len - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

static int read_records(
	struct tape_content *content, int fd, const char *path, size_t record_size, struct err *err)
{
	struct stat st;
	size_t size;
	ssize_t got;

	if (fstat(fd, &st) < 0)
		return err_sys(err, "cannot read %s", path);
	if (st.st_size > FILE_MAX)
		return err_set(err, "%s: larger than %lld bytes", path, (long long)FILE_MAX);
	if ((size_t)st.st_size <= sizeof(content->header))
		return 0;
	size = (size_t)st.st_size - sizeof(content->header);
	content->records = malloc(size);
	if (!content->records)
		return err_set(err, "no memory for %s", path);
	got = read_upto(fd, content->records, size);
	if (got < 0)
		return err_sys(err, "cannot read %s", path);
	content->n = (size_t)got / record_size;
	return 0;
}

int tape_read(struct tape_content *content, const char *path, const char *magic, size_t record_size,
	struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;
	int rc;

	*content = (struct tape_content){0};
	if (fd < 0)
		return err_sys(err, "cannot open %s", path);
	got = read_upto(fd, &content->header, sizeof(content->header));
	if (got < 0)
		rc = err_sys(err, "cannot read %s", path);
	else if ((size_t)got < sizeof(content->header))
		rc = err_set(err, "%s: ends within its header", path);
	else
		rc = check_header(&content->header, path, magic, record_size, err);
	if (rc == 0)
		rc = read_records(content, fd, path, record_size, err);
	close(fd);
	if (rc < 0)
		tape_content_release(content);
	return rc;
}

void tape_content_release(struct tape_content *content)
{
	free(content->records);
	*content = (struct tape_content){0};
}
