/* libFuzzer entry for stored runs: run.json, and behind a NUL series.json; what can be read must be writable by
 * every writer. `make fuzz`. */
#include "fixtures/base/arena.h"
#include "fixtures/base/buf.h"
#include "reports/result.h"
#include "reports/result_read.h"
#include "reports/writers/writer.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_all(const struct result *result)
{
	const struct writer_options plain = {.width = 0};

	for (const struct writer *w = writers; w->name; w++) {
		struct buf text = {0};

		w->write(result, &plain, &text);
		buf_release(&text);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
	size_t len = nul ? (size_t)(nul - data) : size;
	struct buf run = {0}, series = {0};
	struct arena arena = {0};
	struct result result;
	struct err err;

	buf_add(&run, (const char *)data, len);
	if (nul)
		buf_add(&series, (const char *)nul + 1, size - len - 1);
	if (!result_parse(&arena, &run, nul ? &series : NULL, &result, &err))
		write_all(&result);
	buf_release(&run);
	buf_release(&series);
	arena_release(&arena);
	return 0;
}
