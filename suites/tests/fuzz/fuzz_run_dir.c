/*
 * libFuzzer entry for the files of a run's directory: the first byte picks which of them the rest is, and
 * with that its reader: histories, marks, beacons, captures, stalls, pressure and run.json.
 */
#include "fixtures/base/arena.h"
#include "probes/beacon.h"
#include "probes/beacon_packet.h"
#include "probes/capture.h"
#include "probes/history.h"
#include "probes/marks.h"
#include "probes/pressure.h"
#include "reports/result.h"
#include "reports/result_read.h"
#include "suites/judge/foreign/format.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_ops(const char *dir, struct err *err)
{
	struct arena arena = {0};
	struct past past = {0};

	format_read(format_find("run"), &arena, dir, &past, err);
	arena_release(&arena);
}

static void read_marks(const char *dir, struct err *err)
{
	struct marks marks = {0};

	marks_load_dir(&marks, dir, err);
	marks_release(&marks);
}

static void read_beacons(const char *dir, struct err *err)
{
	struct beacons beacons = {0};

	beacons_load_dir(&beacons, dir, err);
	beacons_release(&beacons);
}

static void read_captures(const char *dir, struct err *err)
{
	struct captures captures = {0};

	captures_load_dir(&captures, dir, err);
	captures_release(&captures);
}

static void read_stalls(const char *dir, struct err *err)
{
	struct stalls stalls = {0};

	stalls_load_dir(&stalls, dir, err);
	stalls_release(&stalls);
}

static void read_pressures(const char *dir, struct err *err)
{
	struct pressures pressures = {0};

	pressures_load_dir(&pressures, dir, err);
	pressures_release(&pressures);
}

static void read_result(const char *dir, struct err *err)
{
	struct arena arena = {0};
	struct result result = {0};

	result_read(&arena, dir, &result, err);
	arena_release(&arena);
}

static const struct {
	const char *name;
	void (*read)(const char *dir, struct err *err);
} files[] = {
	{"a" HISTORY_SUFFIX, read_ops},
	{"a" MARKS_SUFFIX, read_marks},
	{"a" BEACON_SENT_SUFFIX, read_beacons},
	{"a" BEACON_RECEIVED_SUFFIX, read_beacons},
	{"a" CAPTURE_SUFFIX, read_captures},
	{"a" CAPTURE_TCP_SUFFIX, read_captures},
	{"a" STALLS_SUFFIX, read_stalls},
	{"a" PRESSURE_SUFFIX, read_pressures},
	{"run.json", read_result},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char dir[64];
	char path[128];
	struct err err = {0};
	size_t pick;
	int fd;

	if (!size)
		return 0;
	if (!*dir) {
		snprintf(dir, sizeof(dir), "/tmp/fuzz-run-XXXXXX");
		if (!mkdtemp(dir))
			abort();
	}
	pick = data[0] % (sizeof(files) / sizeof(*files));
	snprintf(path, sizeof(path), "%s/%s", dir, files[pick].name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)(size - 1))
		abort();
	close(fd);
	files[pick].read(dir, &err);
	unlink(path);
	return 0;
}
