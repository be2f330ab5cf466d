/*
 * rw_register: transactions over registers, at the level asked for: strong ones by serial.h, weak
 * ones by weak.h. The same for single reads and writes, where strict serializability is
 * linearizability, and with sessions in order it is sequential consistency.
 */
#include "suites/judge/models/serial.h"
#include "suites/judge/models/weak.h"

#include <string.h>

const char *const rw_register_consistencies[] = {"strict-serializable", "serializable",
	"strong-session-serializable", "snapshot-isolation", "strong-snapshot-isolation", "causal",
	"read-atomic", "read-committed", "linearizable", "sequential", NULL};
const char *const causal_consistencies[] = {"causal", "read-atomic", "read-committed", NULL};

static const struct serial_level serial_levels[] = {
	{"strict-serializable", EDGE(PROCESS) | EDGE(REALTIME), false},
	{"linearizable", EDGE(PROCESS) | EDGE(REALTIME), false},
	{"serializable", 0, false},
	{"strong-session-serializable", EDGE(PROCESS), false},
	{"sequential", EDGE(PROCESS), false},
	{"snapshot-isolation", 0, true},
	{"strong-snapshot-isolation", EDGE(PROCESS) | EDGE(REALTIME), true},
	{NULL, 0, false},
};

static const struct {
	const char *name;
	enum weak_level level;
} weak_levels[] = {
	{"causal", WEAK_CAUSAL},
	{"read-atomic", WEAK_READ_ATOMIC},
	{"read-committed", WEAK_READ_COMMITTED},
	{NULL, WEAK_CAUSAL},
};

static int judge(struct arena *arena, const struct model_options *options, const char *model,
	const char *consistency, struct judgement *out, struct err *err)
{
	const struct serial_level *serial = serial_levels;
	struct txns all;
	int weak = 0;

	out->consistency = consistency;
	while (serial->name && strcmp(serial->name, consistency))
		serial++;
	if (serial->order & EDGE(REALTIME) && options->past->is_timeless)
		return err_exit(err, EXIT_USAGE,
			"this history has no times, so %s cannot be judged: --consistency "
			"strong-session-serializable, serializable or a weaker level can",
			consistency);
	if (txns_take(&all, arena, options, out, model, false, err))
		return -1;
	if (out->finding != FINDING_VALID) {
		judgement_sort(out);
		return 0;
	}
	if (serial->name) {
		serial_judge(&all, serial, options);
	} else {
		while (strcmp(weak_levels[weak].name, consistency))
			weak++;
		weak_judge(&all, weak_levels[weak].level, options->limit_bytes);
	}
	judgement_sort(out);
	return 0;
}

int judge_rw_register(struct arena *arena, const struct model_options *options,
	struct judgement *out, struct err *err)
{
	const char *fallback = options->past->is_timeless ? "serializable" : "strict-serializable";

	return judge(arena, options, "rw-register",
		options->consistency ? options->consistency : fallback, out, err);
}

int judge_causal(struct arena *arena, const struct model_options *options, struct judgement *out,
	struct err *err)
{
	return judge(arena, options, "causal",
		options->consistency ? options->consistency : causal_consistencies[0], out, err);
}
