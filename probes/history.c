/*
 * The writer. The file grows in steps, each allocated on the disk before it is mapped: a full disk
 * is then a sentence here and not a SIGBUS in the middle of a run. Each step is a mapping of its
 * own, so that growing never moves a record that is still open. A session's writer lets go of the
 * step before when it takes the next; a shared one keeps all of them until it is closed, since any
 * of its records may still be open (a ticker fills 4 kB a second).
 */
#include "probes/history.h"
#include "probes/history_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Steps double from the first to the last size: a quiet session costs little disk, a busy one grows
 * every 16384 operations. All are multiples of any page size in use. */
#define STEP_MIN ((size_t)64 * 1024)
#define STEP_MAX ((size_t)1024 * 1024)

struct step {
	struct step *before;
	char *map;
	size_t size, used;
};

struct history_writer {
	pthread_mutex_t lock;
	bool shared, forget;
	int fd;
	off_t size;        /* of the file, allocated */
	off_t end;         /* behind the last record */
	struct step *step; /* the one being filled; NULL before the first record */
	char *path;
};

static int write_header(int fd, const char *path, struct err *err)
{
	struct history_header header = {
		.magic = HISTORY_MAGIC,
		.byte_order = HISTORY_BYTE_ORDER,
		.version = HISTORY_VERSION,
		.header_size = sizeof(struct history_header),
		.record_size = sizeof(struct op),
	};

	if (write(fd, &header, sizeof(header)) != sizeof(header))
		return err_sys(err, "cannot write %s", path);
	return 0;
}

static struct history_writer *writer_open(const char *path, bool shared, struct err *err)
{
	struct history_writer *writer;
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0) {
		err_sys(err, "cannot create %s", path);
		return NULL;
	}
	if (write_header(fd, path, err)) {
		close(fd);
		return NULL;
	}
	writer = calloc(1, sizeof(*writer));
	if (!writer)
		abort();
	pthread_mutex_init(&writer->lock, NULL);
	writer->fd = fd;
	writer->shared = shared;
	writer->size = 0;
	writer->end = sizeof(struct history_header);
	writer->path = strdup(path);
	if (!writer->path)
		abort();
	return writer;
}

struct history_writer *history_writer_open(const char *path, struct err *err)
{
	return writer_open(path, false, err);
}

struct history_writer *history_writer_open_shared(const char *path, struct err *err)
{
	return writer_open(path, true, err);
}

void history_writer_forget(struct history_writer *writer)
{
	writer->forget = true;
}

static void step_free(struct step *step)
{
	munmap(step->map, step->size);
	free(step);
}

/* Mappings start at multiples of the step size; the first one begins with the header. */
static int step_add(struct history_writer *writer, struct err *err)
{
	struct step *before = writer->step, *step;
	size_t size = STEP_MIN;
	char *map;
	int rc;

	if (before)
		size = before->size < STEP_MAX ? before->size * 2 : STEP_MAX;
	do
		rc = posix_fallocate(writer->fd, writer->size, (off_t)size);
	while (rc == EINTR);
	if (rc) {
		errno = rc;
		return err_sys(err, "cannot make room for more operations in %s", writer->path);
	}
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, writer->fd, writer->size);
	if (map == MAP_FAILED)
		return err_sys(err, "cannot map %s", writer->path);
	step = calloc(1, sizeof(*step));
	if (!step)
		abort();
	*step = (struct step){.map = map, .size = size};
	if (!before)
		step->used = sizeof(struct history_header);
	else if (writer->shared)
		step->before = before;
	else
		step_free(before);
	writer->size += (off_t)size;
	writer->step = step;
	return 0;
}

static struct op *take_record(struct history_writer *writer, struct err *err)
{
	struct op *record;

	if (writer->forget && writer->step && writer->step->used == writer->step->size) {
		/* A thousand records later none of the first is open. */
		writer->end -= (off_t)(writer->step->used - sizeof(struct history_header));
		writer->step->used = sizeof(struct history_header);
	}
	if ((!writer->step || writer->step->used == writer->step->size) && step_add(writer, err))
		return NULL;
	record = (struct op *)(void *)(writer->step->map + writer->step->used);
	writer->step->used += sizeof(*record);
	writer->end += sizeof(*record);
	return record;
}

static void store_state(struct op *record, enum op_state state)
{
	__atomic_store_n(&record->state, (uint8_t)state, __ATOMIC_RELEASE);
}

struct op *history_begin(struct history_writer *writer, const struct op *op, struct err *err)
{
	struct op copy = *op, *record;

	copy.state = OP_EMPTY;
	if (writer->shared)
		pthread_mutex_lock(&writer->lock);
	record = take_record(writer, err);
	if (record) {
		*record = copy;
		store_state(record, OP_INVOKED);
	}
	if (writer->shared)
		pthread_mutex_unlock(&writer->lock);
	return record;
}

void history_finish(struct op *op, enum op_state state)
{
	store_state(op, state);
}

void history_writer_close(struct history_writer *writer)
{
	struct step *step;

	if (!writer)
		return;
	while ((step = writer->step)) {
		writer->step = step->before;
		step_free(step);
	}
	/* Empty records at the end are legal, so a failure costs only disk. */
	if (ftruncate(writer->fd, writer->end))
		errno = 0;
	close(writer->fd);
	pthread_mutex_destroy(&writer->lock);
	free(writer->path);
	free(writer);
}
