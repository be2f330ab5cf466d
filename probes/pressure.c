#include "probes/pressure.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "probes/beacon_threads.h"
#include "probes/files.h"
#include "probes/tape.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PRESSURE_MAGIC "rppress"
#define NAP_NS (20 * NSEC_PER_MSEC)

struct tape *pressure_tape_create(
	const char *dir, unsigned region, unsigned n_regions, uint64_t epoch_ns, struct err *err)
{
	struct tape_label label = {
		.magic = PRESSURE_MAGIC,
		.record_size = sizeof(struct pressure),
		.region = region,
		.n_regions = n_regions,
		.period_ns = PRESSURE_PERIOD_NS,
		.epoch_ns = epoch_ns,
	};
	struct buf name = {0};
	struct tape *tape;

	buf_printf(&name, "%u" PRESSURE_SUFFIX, region);
	tape = tape_create(dir, name.data, &label, err);
	buf_release(&name);
	return tape;
}

int pressure_open(void)
{
	return open("/proc/pressure/cpu", O_RDONLY | O_CLOEXEC);
}

/* "some avg10=0.08 avg60=3.14 avg300=29.90 total=1526370393", in microseconds. */
uint64_t pressure_read(int fd)
{
	char text[256];
	ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);
	const char *total;

	if (n <= 0)
		return UINT64_MAX;
	text[n] = '\0';
	total = strncmp(text, "some ", 5) ? NULL : strstr(text, "total=");
	return total ? strtoull(total + 6, NULL, 10) * 1000 : UINT64_MAX;
}

/* Sleeps so that a stop is noticed soon. */
static uint64_t sleep_period(const struct beacon_thread *thread, uint64_t end_ns)
{
	uint64_t now = clock_now_ns();

	while (now < end_ns && !atomic_load(&thread->stop)) {
		clock_sleep_until_ns(end_ns - now > NAP_NS ? now + NAP_NS : end_ns);
		now = clock_now_ns();
	}
	return now;
}

static int watch(struct beacon_thread *thread)
{
	uint64_t epoch_ns = thread->config->epoch_ns, last_ns = clock_now_ns();
	uint64_t last = pressure_read(thread->pressure_fd);

	while (last != UINT64_MAX && !atomic_load(&thread->stop)) {
		struct pressure record = {.region = thread->config->region};
		uint64_t now, now_ns;

		now_ns = sleep_period(thread, last_ns + PRESSURE_PERIOD_NS);
		now = pressure_read(thread->pressure_fd);
		if (now == UINT64_MAX)
			break;
		record.at_ns = clock_since_ns(epoch_ns, last_ns);
		record.length_ns = now_ns - last_ns;
		record.some_ns = now - last;
		if (last_ns >= epoch_ns &&
			(tape_add(thread->tape, &record, &thread->err) < 0 ||
				tape_flush(thread->tape, &thread->err) < 0))
			return -1;
		last_ns = now_ns;
		last = now;
	}
	return 0;
}

void *pressure_watch_run(void *arg)
{
	struct beacon_thread *thread = arg;

	return watch(thread) ? beacon_thread_fail(thread) : NULL;
}

static int append_file(struct pressures *pressures, const char *path, struct err *err)
{
	struct tape_content content;
	struct pressure *grown;

	if (tape_read(&content, path, PRESSURE_MAGIC, sizeof(*grown), err) < 0)
		return -1;
	grown = realloc(pressures->items, (pressures->n + content.n + 1) * sizeof(*grown));
	if (!grown) {
		tape_content_release(&content);
		return err_set(err, "no memory for %s", path);
	}
	pressures->items = grown;
	if (content.n)
		memcpy(grown + pressures->n, content.records, content.n * sizeof(*grown));
	pressures->n += content.n;
	tape_content_release(&content);
	return 0;
}

int pressures_load_dir(struct pressures *pressures, const char *dir, struct err *err)
{
	struct files files;
	int rc = 0;

	*pressures = (struct pressures){0};
	if (files_below(&files, dir, PRESSURE_SUFFIX, err) < 0)
		return -1;
	for (size_t i = 0; i < files.n && rc == 0; i++)
		rc = append_file(pressures, files.paths[i], err);
	files_release(&files);
	if (rc < 0)
		pressures_release(pressures);
	return rc;
}

void pressures_release(struct pressures *pressures)
{
	free(pressures->items);
	*pressures = (struct pressures){0};
}

double pressures_share(const struct pressures *pressures, uint64_t from_ns, uint64_t to_ns)
{
	double some = 0, length = 0;

	for (size_t i = 0; i < pressures->n; i++) {
		const struct pressure *p = &pressures->items[i];

		if (p->at_ns >= to_ns || p->at_ns + p->length_ns <= from_ns)
			continue;
		some += (double)p->some_ns;
		length += (double)p->length_ns;
	}
	return length > 0 ? some / length : -1;
}
