#include "chaos/engines/decisions.h"
#include "chaos/engines/fate.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "RPFATES1"
#define GROW_BYTES (UINT64_C(256) << 10)

static_assert(sizeof(struct decision) == 16, "as stored");
static_assert(sizeof(struct decisions_head) == 64, "as stored");

static uint64_t bytes_for(uint64_t records)
{
	return sizeof(struct decisions_head) + records * sizeof(struct decision);
}

/* Allocated, not only longer: a hole on a full disk would be a SIGBUS in mid-run. */
static bool grow(struct decision_log *log)
{
	uint64_t room = log->room + GROW_BYTES / sizeof(struct decision);

	if (room > log->limit)
		room = log->limit;
	if (room == log->room || posix_fallocate(log->fd, 0, (off_t)bytes_for(room)))
		return false;
	log->room = room;
	return true;
}

int decision_log_open(
	struct decision_log *log, int fd, uint64_t limit_bytes, uint64_t seed, unsigned from)
{
	uint64_t limit = limit_bytes / sizeof(struct decision);
	void *map = mmap(NULL, bytes_for(limit), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	*log = (struct decision_log){.fd = fd, .limit = limit};
	if (map == MAP_FAILED)
		return -1;
	if (!grow(log)) {
		munmap(map, bytes_for(limit));
		errno = ENOSPC;
		return -1;
	}
	log->head = map;
	log->records = (struct decision *)(log->head + 1);
	*log->head = (struct decisions_head){
		.record_size = sizeof(struct decision), .from = from, .seed = seed};
	memcpy(log->head->magic, MAGIC, sizeof(log->head->magic));
	return 0;
}

void decision_log_add(struct decision_log *log, unsigned to, unsigned lane, uint16_t change,
	const struct fate *fate)
{
	uint64_t n;

	if (!log->head)
		return;
	n = log->head->kept;
	if (fate->index > UINT32_MAX || log->head->left_out || (n == log->room && !grow(log))) {
		log->head->left_out++;
		return;
	}
	log->records[n] = (struct decision){
		.index = (uint32_t)fate->index,
		.to = (uint8_t)to,
		.what = (uint8_t)(lane << DECISION_LANE_SHIFT | (fate->lost ? DECISION_LOST : 0) |
			(fate->duplicated ? DECISION_DUPLICATED : 0) |
			(fate->overtakes ? DECISION_OVERTAKES : 0) |
			(fate->corrupt ? DECISION_CORRUPT : 0)),
		.change = change,
		.delay_ns = fate->delay_ns,
	};
	log->head->kept = n + 1;
}

static int check(struct decisions *d, const char *path, struct err *err)
{
	const struct decisions_head *head = d->map;

	if (d->map_bytes < sizeof(*head) || memcmp(head->magic, MAGIC, sizeof(head->magic)) ||
		head->record_size != sizeof(struct decision))
		return err_set(err, "%s: no log of decisions that this version reads", path);
	if (head->kept > (d->map_bytes - sizeof(*head)) / sizeof(struct decision))
		return err_set(err, "%s: it is cut off", path);
	d->head = head;
	d->records = (const struct decision *)(head + 1);
	d->n = head->kept;
	return 0;
}

int decisions_open(struct decisions *decisions, const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	*decisions = (struct decisions){0};
	if (fd < 0)
		return err_sys(err, "cannot open %s", path);
	if (fstat(fd, &st) || st.st_size <= 0) {
		close(fd);
		return err_set(err, "%s: no log of decisions", path);
	}
	decisions->map_bytes = (uint64_t)st.st_size;
	decisions->map = mmap(NULL, decisions->map_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (decisions->map == MAP_FAILED) {
		decisions->map = NULL;
		return err_sys(err, "cannot map %s", path);
	}
	if (!check(decisions, path, err))
		return 0;
	decisions_release(decisions);
	return -1;
}

void decisions_release(struct decisions *decisions)
{
	if (decisions->map)
		munmap(decisions->map, decisions->map_bytes);
	*decisions = (struct decisions){0};
}
