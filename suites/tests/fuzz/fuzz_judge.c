/*
 * libFuzzer entry for recorded histories: the first byte picks the format, the second the model;
 * whatever can be read is judged, within small limits. `make fuzz`.
 */
#include "fixtures/base/arena.h"
#include "fixtures/base/clock.h"
#include "suites/judge/foreign/format.h"
#include "suites/judge/models/model.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(
	const struct format *format, const struct model *model, const char *text, size_t len)
{
	struct model_options options = {
		.limit_ns = NSEC_PER_SEC / 10, .limit_bytes = (size_t)64 << 20};
	struct judgement judgement = {0};
	struct arena arena = {0};
	struct past past = {0};
	struct err err = {0};

	options.past = &past;
	if (!format->read_text(&arena, text, len, &past, &err))
		model->judge(&arena, &options, &judgement, &err);
	judgement_release(&judgement);
	arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n_formats = 0, n_models = 0;
	const struct format *format;
	char *text;

	while (formats[n_formats].read_text)
		n_formats++;
	while (models[n_models].name)
		n_models++;
	if (size < 2)
		return 0;
	format = &formats[data[0] % n_formats];
	text = malloc(size - 1);
	if (!text)
		abort();
	memcpy(text, data + 2, size - 2);
	text[size - 2] = '\0';
	judge(format, &models[data[1] % n_models], text, size - 2);
	free(text);
	return 0;
}
