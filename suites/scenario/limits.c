/* limits: `evidence:`, below which nobody knows, and `safety:`, beyond which nothing goes on. */
#include "suites/scenario/reader.h"

#include <string.h>

/* In the order of enum pcap_keep. */
static const char *const captures[] = {"headers", "packets", "none"};

static void read_capture(struct reader *r, const struct yaml *node, struct plan_evidence *evidence)
{
	struct scenario_word word;

	if (!reader_word(r, node, "capture", &word))
		return;
	for (size_t i = 0; i < READER_COUNT(captures); i++) {
		if (!strcmp(word.text, captures[i])) {
			evidence->capture = i;
			return;
		}
	}
	complain(r->complaints, node->place,
		"capture is headers, packets (payloads too: they may hold secrets) or none");
}

void reader_evidence(struct reader *r, const struct yaml *node, struct scenario *out)
{
	static const char *const keys[] = {
		"min-reads", "min-acked-writes", "min-samples", "capture", "capture-limit", "liar"};
	struct plan_evidence *evidence = &out->evidence;

	if (!reader_is(r, node, YAML_MAP, "evidence"))
		return;
	out->evidence_place = node->place;
	reader_check_keys(r, node, keys, READER_COUNT(keys), "evidence");
	reader_value(
		r, yaml_get(node, "min-reads"), PARAM_COUNT, "min-reads", &evidence->min_reads);
	reader_value(r, yaml_get(node, "min-acked-writes"), PARAM_COUNT, "min-acked-writes",
		&evidence->min_acked_writes);
	reader_value(r, yaml_get(node, "min-samples"), PARAM_COUNT, "min-samples",
		&evidence->min_samples);
	reader_value(r, yaml_get(node, "liar"), PARAM_BOOL, "liar", &evidence->liar);
	read_capture(r, yaml_get(node, "capture"), evidence);
	reader_value(r, yaml_get(node, "capture-limit"), PARAM_SIZE, "capture-limit",
		&evidence->capture_limit);
}

void reader_safety(struct reader *r, const struct yaml *node, struct scenario *out)
{
	static const char *const keys[] = {"max-duration", "converge-within", "steady", "abort-if"};
	const struct yaml *steady = yaml_get(node, "steady");

	if (!reader_is(r, node, YAML_MAP, "safety"))
		return;
	out->max_duration_place = node->place;
	reader_check_keys(r, node, keys, READER_COUNT(keys), "safety");
	if (reader_value(r, yaml_get(node, "max-duration"), PARAM_DURATION, "max-duration",
		    &out->max_duration_ns))
		out->max_duration_place = yaml_get(node, "max-duration")->place;
	reader_abort_if(r, yaml_get(node, "abort-if"), out);
	reader_value(r, yaml_get(node, "converge-within"), PARAM_DURATION, "converge-within",
		&out->converge_limit_ns);
	if (reader_value(r, steady, PARAM_SHARE, "steady", &out->steady_ppm) &&
		(out->steady_ppm < 500000 || out->steady_ppm > 1000000))
		complain(r->complaints, steady->place, "steady must be between 50%% and 100%%");
}
