/* history_room: does a history fit into memory? Asked before anything of it is read. */
#include "fixtures/base/memory.h"
#include "probes/files.h"
#include "probes/history.h"
#include "probes/history_file.h"

#include <sys/stat.h>

static uint64_t count_records(const struct files *files)
{
	uint64_t n = 0;
	struct stat st;

	for (size_t i = 0; i < files->n; i++) {
		if (!stat(files->paths[i], &st) &&
			st.st_size > (off_t)sizeof(struct history_header))
			n += (uint64_t)st.st_size / sizeof(struct op) - 1;
	}
	return n;
}

int history_check_room(const char *dir, uint64_t bytes_each, uint64_t available, struct err *err)
{
	struct files files;
	uint64_t n;

	if (files_below(&files, dir, HISTORY_SUFFIX, err))
		return -1;
	n = count_records(&files);
	files_release(&files);
	if (n <= available / bytes_each)
		return 0;
	return err_exit(err, EXIT_MACHINE,
		"%s holds %.4g million operations, which take %.3g GB of memory to be judged (%llu bytes "
		"each), and %.3g GB are left here: judge it on a machine with more",
		dir, (double)n / 1e6, (double)(n * bytes_each) / 1e9,
		(unsigned long long)bytes_each, (double)available / 1e9);
}
