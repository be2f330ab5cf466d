#include "chaos/faults/stage.h"
#include "fixtures/base/clock.h"

#define WHOLE_PPM 1000000
/* Shorter than this beacons could not tell that a stage was in force. */
#define STAGE_MIN_NS (500 * NSEC_PER_MSEC)

const struct param fault_pattern_params[] = {
	{.name = "on",
		.type = PARAM_DURATION,
		.fallback = "2s",
		.min = STAGE_MIN_NS,
		.help = "flap: how long each cut lasts",
		.offset = offsetof(struct fault_pattern, on_ns)},
	{.name = "off",
		.type = PARAM_DURATION,
		.fallback = "2s",
		.min = STAGE_MIN_NS,
		.help = "flap, rolling: how long all is well between two cuts",
		.offset = offsetof(struct fault_pattern, off_ns)},
	{.name = "steps",
		.type = PARAM_COUNT,
		.fallback = "4",
		.min = 2,
		.max = STAGES_MAX,
		.help = "ramp: in how many equal steps it gets as bad as stated",
		.offset = offsetof(struct fault_pattern, steps)},
	PARAM_END,
};

int stages_flap(const struct fault_pattern *pattern, size_t n_subject, uint64_t length_ns,
	struct fault_stage *out, struct err *err)
{
	uint64_t at_ns = 0;
	int n = 0;

	(void)n_subject;
	for (; at_ns < length_ns && length_ns - at_ns >= pattern->on_ns; n++) {
		if (n == STAGES_MAX)
			return err_set(err,
				"more than %d cuts; lengthen \"on\" or \"off\", or shorten \"for\"",
				STAGES_MAX);
		out[n] = (struct fault_stage){at_ns, at_ns + pattern->on_ns, WHOLE_PPM, -1};
		at_ns += pattern->on_ns + pattern->off_ns;
	}
	if (n < 2)
		return err_set(err,
			"the length has room for %d cut%s of \"on\", and a flap has two at least; "
			"lengthen \"for\"",
			n, n == 1 ? "" : "s");
	return n;
}

/* Between two regions' turns all is well for a while: else a link between them would stay cut
 * through both, and nothing could prove the second. */
int stages_rolling(const struct fault_pattern *pattern, size_t n_subject, uint64_t length_ns,
	struct fault_stage *out, struct err *err)
{
	uint64_t pauses_ns, on_ns;

	if (n_subject < 2 || n_subject > STAGES_MAX)
		return err_set(
			err, "it rolls over 2 to %d regions, one after the other", STAGES_MAX);
	pauses_ns = (n_subject - 1) * pattern->off_ns;
	on_ns = length_ns > pauses_ns ? (length_ns - pauses_ns) / n_subject : 0;
	if (on_ns < STAGE_MIN_NS)
		return err_set(err,
			"the length leaves less than 500 ms for each region beside the pauses "
			"(\"off\"); lengthen \"for\"");
	for (size_t i = 0; i < n_subject; i++) {
		uint64_t at_ns = i * (on_ns + pattern->off_ns);

		out[i] = (struct fault_stage){at_ns, at_ns + on_ns, WHOLE_PPM, (int)i};
	}
	return (int)n_subject;
}

int stages_ramp(const struct fault_pattern *pattern, size_t n_subject, uint64_t length_ns,
	struct fault_stage *out, struct err *err)
{
	uint64_t n = pattern->steps;

	(void)n_subject;
	if (length_ns / n < STAGE_MIN_NS)
		return err_set(err, "steps shorter than 500 ms; take fewer, or lengthen \"for\"");
	for (uint64_t i = 0; i < n; i++)
		out[i] = (struct fault_stage){
			length_ns / n * i, length_ns / n * (i + 1), WHOLE_PPM * (i + 1) / n, -1};
	out[n - 1].end_ns = length_ns;
	return (int)n;
}
