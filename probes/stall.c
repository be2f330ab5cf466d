/*
 * The stall watch: a thread that wakes every 2 ms and looks at the clock.
 *
 * Where two looks are more than 20 ms apart the process was held in between: by SIGSTOP, by a
 * machine with too much to do, or by a hypervisor that ran somebody else. The whole distance is
 * written down, from the last look before to the first after: an upper bound, late by at most one
 * period at each end, since whatever overlaps a stall is to be tainted rather than trusted.
 */
#include "probes/stall.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "probes/beacon_threads.h"
#include "probes/files.h"
#include "probes/tape.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#define LOOK_NS (2 * NSEC_PER_MSEC)
#define STALL_MAGIC "rpstall"

struct stall_record {
	uint64_t at_ns, length_ns;
};

struct tape *stall_tape_create(const char *dir, const char *suffix, unsigned region,
	unsigned n_regions, uint64_t epoch_ns, struct err *err)
{
	struct tape_label label = {
		.magic = STALL_MAGIC,
		.record_size = sizeof(struct stall_record),
		.region = region,
		.n_regions = n_regions,
		.epoch_ns = epoch_ns,
	};
	struct buf name = {0};
	struct tape *tape;

	buf_printf(&name, "%u%s", region, suffix);
	tape = tape_create(dir, name.data, &label, err);
	buf_release(&name);
	return tape;
}

static int write_stall(
	struct tape *tape, uint64_t epoch_ns, uint64_t from_ns, uint64_t to_ns, struct err *err)
{
	struct stall_record record = {.at_ns = clock_since_ns(epoch_ns, from_ns)};

	record.length_ns = clock_since_ns(epoch_ns, to_ns) - record.at_ns;
	if (!record.length_ns)
		return 0; /* before the run's zero */
	if (tape_add(tape, &record, err) < 0)
		return -1;
	return tape_flush(tape, err);
}

int stall_watch(struct tape *tape, uint64_t epoch_ns, const atomic_bool *stop, struct err *err)
{
	uint64_t last_ns = clock_now_ns();

	prctl(PR_SET_TIMERSLACK, 1);
	while (!atomic_load(stop)) {
		uint64_t now_ns;

		clock_sleep_until_ns(last_ns + LOOK_NS);
		now_ns = clock_now_ns();
		if (now_ns - last_ns > STALL_MIN_NS &&
			write_stall(tape, epoch_ns, last_ns, now_ns, err) < 0)
			return -1;
		last_ns = now_ns;
	}
	return 0;
}

void *stall_watch_run(void *arg)
{
	struct beacon_thread *thread = arg;

	if (stall_watch(thread->tape, thread->config->epoch_ns, &thread->stop, &thread->err))
		return beacon_thread_fail(thread);
	return NULL;
}

static int append_file(struct stalls *stalls, const char *path, struct err *err)
{
	struct tape_content content;
	const struct stall_record *records;
	struct stall *grown;

	if (tape_read(&content, path, STALL_MAGIC, sizeof(*records), err) < 0)
		return -1;
	records = content.records;
	grown = realloc(stalls->stalls, (stalls->n + content.n + 1) * sizeof(*grown));
	if (!grown) {
		tape_content_release(&content);
		return err_set(err, "no memory for %s", path);
	}
	stalls->stalls = grown;
	for (size_t i = 0; i < content.n; i++)
		stalls->stalls[stalls->n++] = (struct stall){
			.at_ns = records[i].at_ns,
			.length_ns = records[i].length_ns,
			.region = content.header.region,
		};
	tape_content_release(&content);
	return 0;
}

static int compare_stalls(const void *a, const void *b)
{
	const struct stall *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return (x->region > y->region) - (x->region < y->region);
}

int stalls_load_dir(struct stalls *stalls, const char *dir, struct err *err)
{
	return stalls_load_suffix(stalls, dir, STALLS_SUFFIX, err);
}

int stalls_load_suffix(struct stalls *stalls, const char *dir, const char *suffix, struct err *err)
{
	struct files files;
	int rc = 0;

	*stalls = (struct stalls){0};
	if (files_below(&files, dir, suffix, err) < 0)
		return -1;
	for (size_t i = 0; i < files.n && rc == 0; i++)
		rc = append_file(stalls, files.paths[i], err);
	files_release(&files);
	if (rc < 0)
		stalls_release(stalls);
	else if (stalls->n)
		qsort(stalls->stalls, stalls->n, sizeof(*stalls->stalls), compare_stalls);
	return rc;
}

void stalls_release(struct stalls *stalls)
{
	free(stalls->stalls);
	*stalls = (struct stalls){0};
}
