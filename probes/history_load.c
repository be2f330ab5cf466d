/*
 * The loader. Files are mapped and checked record by record before anything is believed: a history
 * may be cut off by a full disk, damaged on its way, or made up. Then they are merged by call_ns
 * through a heap of one cursor a file: each file is nearly in order already (a session's is), so
 * nothing is sorted as a whole and a hundred million records need one copy of themselves.
 */
#include "probes/files.h"
#include "probes/history.h"
#include "fixtures/base/pages.h"
#include "probes/history_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* So much of a file is let go at a time once it is copied. */
#define LET_GO ((size_t)4 << 20)

struct source {
	char *map;   /* private copy-on-write: an unordered file is sorted in place */
	size_t gone; /* bytes of it that are let go */
	size_t size;
	struct op *next, *end;
};

static int check_header(const struct history_header *header, const char *path, struct err *err)
{
	if (memcmp(header->magic, HISTORY_MAGIC, sizeof(header->magic)))
		return err_set(err, "%s is not a history", path);
	if (header->byte_order == __builtin_bswap32(HISTORY_BYTE_ORDER))
		return err_set(err, "%s was recorded on a machine of the other byte order", path);
	if (header->byte_order != HISTORY_BYTE_ORDER)
		return err_set(err, "%s has a damaged header", path);
	if (header->version != HISTORY_VERSION)
		return err_set(err, "%s has format %u, this program reads %u", path,
			header->version, HISTORY_VERSION);
	if (header->header_size != sizeof(*header) || header->record_size != sizeof(struct op))
		return err_set(err, "%s has records of %u bytes behind %u, not %zu behind %zu",
			path, header->record_size, header->header_size, sizeof(struct op),
			sizeof(*header));
	return 0;
}

static const char *fault_of(const struct op *op)
{
	if (op->state >= OP_STATES)
		return "a state that does not exist";
	if (op->kind >= OP_KINDS)
		return "a kind that does not exist";
	if (op->error >= OP_ERRORS)
		return "an error that does not exist";
	if (op->state != OP_INVOKED && op->ret_ns < op->call_ns)
		return "a return before its call";
	return NULL;
}

static int check_records(struct source *source, const char *path, struct err *err)
{
	struct op *first = source->next;

	while (source->end > first && source->end[-1].state == OP_EMPTY)
		source->end--;
	for (struct op *op = first; op < source->end; op++) {
		const char *fault = op->state == OP_EMPTY ? "no state" : fault_of(op);

		if (fault)
			return err_set(
				err, "%s: record %zu has %s", path, (size_t)(op - first), fault);
	}
	return 0;
}

static int by_call(const void *a, const void *b)
{
	const struct op *x = a, *y = b;

	return x->call_ns < y->call_ns ? -1 : x->call_ns > y->call_ns;
}

/* True: its pages are its own now. */
static bool put_in_order(struct source *source)
{
	for (struct op *op = source->next; op + 1 < source->end; op++) {
		if (op[1].call_ns < op->call_ns) {
			qsort(source->next, (size_t)(source->end - source->next), sizeof(*op),
				by_call);
			return true;
		}
	}
	return false;
}

static int source_map(struct source *source, int fd, const char *path, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st))
		return err_sys(err, "cannot stat %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, "%s is not a file", path);
	if (st.st_size < (off_t)sizeof(struct history_header))
		return err_set(err, "%s ends within its header", path);
	if (st.st_size % (off_t)sizeof(struct op))
		return err_set(err, "%s ends within a record", path);
	source->size = (size_t)st.st_size;
	source->map = mmap(NULL, source->size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (source->map == MAP_FAILED) {
		source->map = NULL;
		return err_sys(err, "cannot map %s", path);
	}
	source->next = (struct op *)(void *)(source->map + sizeof(struct history_header));
	source->end = (struct op *)(void *)(source->map + source->size);
	return 0;
}

static int source_open(struct source *source, const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return err_sys(err, "cannot open %s", path);
	rc = source_map(source, fd, path, err);
	close(fd);
	if (rc || check_header((struct history_header *)(void *)source->map, path, err) ||
		check_records(source, path, err))
		return -1;
	if (!put_in_order(source))
		(void)madvise(source->map, source->size, MADV_DONTNEED);
	return 0;
}

/* Ties go to the file named first, so that the order is the same every time. */
static int comes_before(struct source *const *heap, size_t a, size_t b)
{
	uint64_t x = heap[a]->next->call_ns, y = heap[b]->next->call_ns;

	return x < y || (x == y && heap[a] < heap[b]);
}

static void sift_down(struct source **heap, size_t n, size_t i)
{
	for (;;) {
		size_t least = i, child = 2 * i + 1;

		if (child < n && comes_before(heap, child, least))
			least = child;
		if (child + 1 < n && comes_before(heap, child + 1, least))
			least = child + 1;
		if (least == i)
			return;
		struct source *swap = heap[i];
		heap[i] = heap[least];
		heap[least] = swap;
		i = least;
	}
}

/* Files need not stand in memory beside what was copied from them. Their pages come from the disk again
 * where somebody still looks. */
static void let_go(struct source *source, size_t end)
{
	end = end / LET_GO * LET_GO;

	if (end <= source->gone)
		return;
	(void)madvise(source->map + source->gone, end - source->gone, MADV_DONTNEED);
	source->gone = end;
}

static void merge(struct history *history, struct source *sources, size_t n_sources)
{
	struct source **heap = calloc(n_sources + 1, sizeof(*heap));
	struct op *out = history->ops;
	size_t n = 0;

	if (!heap)
		abort();
	for (size_t i = 0; i < n_sources; i++) {
		if (sources[i].next < sources[i].end)
			heap[n++] = &sources[i];
	}
	for (size_t i = n; i-- > 0;)
		sift_down(heap, n, i);
	while (n) {
		*out = *heap[0]->next++;
		if (out->state == OP_INVOKED) {
			out->state = OP_UNKNOWN;
			out->ret_ns = 0;
		}
		out++;
		if (((uintptr_t)heap[0]->next & (LET_GO - 1)) == 0)
			let_go(heap[0], (size_t)((char *)heap[0]->next - heap[0]->map));
		if (heap[0]->next == heap[0]->end)
			heap[0] = heap[--n];
		sift_down(heap, n, 0);
	}
	free(heap);
}

int history_load(struct history *history, const char *const *paths, size_t n, struct err *err)
{
	struct source *sources = calloc(n + 1, sizeof(*sources));
	int rc = -1;

	*history = (struct history){0};
	if (!sources)
		abort();
	for (size_t i = 0; i < n; i++) {
		if (source_open(&sources[i], paths[i], err))
			goto out;
		history->n += (size_t)(sources[i].end - sources[i].next);
	}
	history->ops = pages_alloc((history->n + 1) * sizeof(*history->ops));
	if (!history->ops) {
		err_set(err, "not enough memory for %zu operations", history->n);
		goto out;
	}
	merge(history, sources, n);
	rc = 0;
out:
	for (size_t i = 0; i < n; i++) {
		if (sources[i].map)
			munmap(sources[i].map, sources[i].size);
	}
	free(sources);
	if (rc)
		*history = (struct history){0};
	return rc;
}

int history_load_dir(struct history *history, const char *dir, struct err *err)
{
	struct files files;
	int rc;

	*history = (struct history){0};
	if (files_below(&files, dir, HISTORY_SUFFIX, err))
		return -1;
	rc = history_load(history, (const char *const *)files.paths, files.n, err);
	files_release(&files);
	return rc;
}

void history_release(struct history *history)
{
	free(history->ops);
	*history = (struct history){0};
}
