/*
 * judge: what the fuzzers of recorded histories share. The first byte picks the model, the second a
 * consistency; whatever the format can read is judged, within small limits.
 */
#ifndef SUITES_TESTS_FUZZ_JUDGE_H
#define SUITES_TESTS_FUZZ_JUDGE_H

#include "fixtures/base/arena.h"
#include "fixtures/base/clock.h"
#include "suites/judge/foreign/format.h"
#include "suites/judge/models/model.h"

#include <stdlib.h>
#include <string.h>

static inline void fuzz_pick(
	const uint8_t *data, const struct model **model, const char **consistency)
{
	size_t n_models = 0, n = 0;

	while (models[n_models].name)
		n_models++;
	*model = &models[data[0] % n_models];
	while ((*model)->consistencies && (*model)->consistencies[n])
		n++;
	*consistency = n ? (*model)->consistencies[data[1] % n] : NULL;
}

static inline int fuzz_judge(const char *format, const uint8_t *data, size_t size)
{
	struct model_options options = {
		.limit_ns = NSEC_PER_SEC / 10, .limit_bytes = (size_t)64 << 20};
	const struct model *model;
	struct judgement judgement = {0};
	struct arena arena = {0};
	struct past past = {0};
	struct err err = {0};
	char *text;

	if (size < 2)
		return 0;
	fuzz_pick(data, &model, &options.consistency);
	text = malloc(size - 1);
	if (!text)
		abort();
	memcpy(text, data + 2, size - 2);
	text[size - 2] = '\0';
	options.past = &past;
	if (!format_find(format)->read_text(&arena, text, size - 2, &past, &err))
		model_judge(model, &arena, &options, &judgement, &err);
	judgement_release(&judgement);
	arena_release(&arena);
	free(text);
	return 0;
}

#endif
