#include "reports/result_shape.h"
#include "reports/result.h"

#define SHAPE(variable, title, type, rows, is_tuple)                                               \
	const struct shape variable = {.name = title,                                              \
		.size = sizeof(type),                                                              \
		.tuple = is_tuple,                                                                 \
		.fields = rows,                                                                    \
		.n = sizeof(rows) / sizeof(*(rows))}

/* One row a field: struct, member, name, kind, help. */
#define ROW(type, member, title, k, text)                                                          \
	{                                                                                          \
		.name = title, .kind = k, .offset = offsetof(type, member), .help = text           \
	}
#define ROW_SOME(type, member, has, title, text)                                                   \
	{                                                                                          \
		.name = title, .kind = FIELD_SOME, .offset = offsetof(type, member),               \
		.offset_n = offsetof(type, has), .help = text                                      \
	}
#define ROW_LIST(type, member, count, title, shape, text)                                          \
	{                                                                                          \
		.name = title, .kind = FIELD_LIST, .offset = offsetof(type, member),               \
		.offset_n = offsetof(type, count), .of = &(shape), .help = text                    \
	}
#define ROW_OBJECT(at, title, shape)                                                               \
	{                                                                                          \
		.name = title, .kind = FIELD_OBJECT, .offset = at, .of = &(shape)                  \
	}

/* --- expectations ---------------------------------------------------------------------------- */

#define OP(member, kind, help) ROW(struct result_op, member, #member, kind, help)
static const struct field op_rows[] = {
	OP(index, FIELD_U64, "in the history of the run, for report RUN --op N"),
	OP(call_ns, FIELD_U64, "when it was called"),
	OP(ret_ns, FIELD_U64, "when it was answered; 0: never"),
	OP(session, FIELD_NAME, "who asked"),
	OP(region, FIELD_NAME, "where the client was"),
	OP(node, FIELD_NAME, "the node that performed it; empty where unknown"),
	OP(server, FIELD_NAME, "the region of that node; empty where unknown"),
	OP(outcome, FIELD_NAME, "ok, fail or unknown"),
	OP(writes, FIELD_BOOL, "a write, a delete or a compare-and-set"),
	OP(text, FIELD_NAME, "what was done, in words"),
};
static SHAPE(op_shape, "operation", struct result_op, op_rows, false);

static const struct field witness_rows[] = {
	ROW(struct result_witness, reason, "reason", FIELD_TEXT, "why these cannot go together"),
	ROW_LIST(struct result_witness, ops, n_ops, "ops", op_shape, "in the order of time"),
};
static SHAPE(witness_shape, "witness", struct result_witness, witness_rows, false);

static const struct field part_rows[] = {
	ROW(struct result_part, name, "name", FIELD_NAME, "such as detect"),
	ROW_SOME(struct result_part, value_ns, has, "value_ns", "null: missing, which is not zero"),
};
static SHAPE(part_shape, "part", struct result_part, part_rows, false);

static const char *verdict_word(unsigned i)
{
	return i < VERDICTS ? verdict_name((enum verdict)i) : NULL;
}

#define EXPECT(member, kind, help) ROW(struct result_expect, member, #member, kind, help)
static const struct field expect_rows[] = {
	EXPECT(id, FIELD_NAME, "stable, without measured values"),
	EXPECT(metric, FIELD_NAME, "as in regionproof list metrics"),
	EXPECT(file, FIELD_TEXT, "the scenario"),
	EXPECT(line, FIELD_UINT, NULL),
	EXPECT(column, FIELD_UINT, NULL),
	{.name = "verdict",
		.kind = FIELD_WORD,
		.offset = offsetof(struct result_expect, verdict),
		.words = verdict_word,
		.help = "inconclusive: too little evidence; void: the fault was not there"},
	EXPECT(wanted, FIELD_NAME, "for people"),
	EXPECT(got, FIELD_NAME, "for people; - where nothing was measured"),
	EXPECT(wanted_value, FIELD_REAL, "in the base unit"),
	ROW_SOME(struct result_expect, got_value, has_got, "got_value", "in the base unit"),
	ROW_SOME(struct result_expect, low, has_interval, "low", "of the 95 % interval"),
	ROW_SOME(struct result_expect, high, has_interval, "high", "of the 95 % interval"),
	EXPECT(unit, FIELD_NAME, "ns, share, count or per second"),
	EXPECT(n, FIELD_U64, "samples behind the value"),
	EXPECT(n_what, FIELD_NAME, "what was counted"),
	EXPECT(why, FIELD_TEXT, "why it failed, or why nobody knows"),
	EXPECT(note, FIELD_TEXT, "limits of the statement"),
	EXPECT(phase, FIELD_TEXT, "null: the whole run"),
	ROW_LIST(struct result_expect, parts, n_parts, "parts", part_shape, "what it is made of"),
	ROW_LIST(struct result_expect, witnesses, n_witnesses, "witnesses", witness_shape,
		"counterexamples, the worst first"),
	ROW(struct result_expect, total_findings, "findings", FIELD_U64,
		"counterexamples in all, of which the worst are listed"),
};
static SHAPE(expect_shape, "expectation", struct result_expect, expect_rows, false);

/* --- faults ---------------------------------------------------------------------------------- */

#define LINK(member, kind, help) ROW(struct result_link, member, #member, kind, help)
static const struct field link_rows[] = {
	LINK(from, FIELD_NAME, NULL),
	LINK(to, FIELD_NAME, NULL),
	LINK(family, FIELD_NAME, "ipv4 or ipv6"),
	LINK(asked, FIELD_NAME, "what the fault was to do to it"),
	LINK(measured, FIELD_NAME, "what the beacons saw"),
	LINK(ok, FIELD_BOOL, "they agree"),
	LINK(beacons, FIELD_U64, "beacons behind that"),
	LINK(system_attempted, FIELD_U64, "packets of the system that were sent"),
	LINK(system_crossed, FIELD_U64, "and that arrived"),
};
static SHAPE(link_shape, "link", struct result_link, link_rows, false);

#define TRAFFIC(member, kind, help) ROW(struct result_traffic, member, #member, kind, help)
static const struct field traffic_rows[] = {
	TRAFFIC(from, FIELD_NAME, NULL),
	TRAFFIC(to, FIELD_NAME, NULL),
	TRAFFIC(stage, FIELD_NAME, "before, during or after"),
	TRAFFIC(length_ns, FIELD_U64, "of the stage"),
	TRAFFIC(sent, FIELD_U64, "packets of the system handed to the link"),
	TRAFFIC(crossed, FIELD_U64, "that arrived"),
	TRAFFIC(bytes, FIELD_U64, "of those sent"),
	TRAFFIC(first_ns, FIELD_U64, "the first that arrived; 0: none"),
	TRAFFIC(last_ns, FIELD_U64, "and the last"),
	TRAFFIC(opened, FIELD_U64, "TCP connections asked for"),
	TRAFFIC(answered, FIELD_U64, "and answered"),
	TRAFFIC(handshake_ns, FIELD_U64, "median RTT of these; 0: none"),
	TRAFFIC(retransmissions, FIELD_U64, "TCP segments sent again"),
	TRAFFIC(resets, FIELD_U64, "RSTs sent"),
};
static SHAPE(traffic_shape, "traffic", struct result_traffic, traffic_rows, false);

#define FAULT(member, kind, help) ROW(struct result_fault, member, #member, kind, help)
static const struct field certificate_rows[] = {
	FAULT(status, FIELD_NAME,
		"certified, not in force, partial, no data, not exercised, declared"),
	FAULT(why, FIELD_TEXT, NULL),
	FAULT(resolution_ns, FIELD_U64, "how exact the instants are"),
	FAULT(drain_ns, FIELD_U64, "how long packets were under way after it began"),
	FAULT(skew_ns, FIELD_U64, "between the first and the last link"),
	ROW_LIST(struct result_fault, links, n_links, "links", link_shape, "directed, by family"),
	ROW_LIST(struct result_fault, traffic, n_traffic, "traffic", traffic_shape,
		"the system's own packets, by link and stage"),
};
static SHAPE(certificate_shape, "certificate", struct result_fault, certificate_rows, false);

static const struct field fault_rows[] = {
	FAULT(name, FIELD_NAME, NULL),
	FAULT(text, FIELD_NAME, "in words"),
	FAULT(file, FIELD_TEXT, NULL),
	FAULT(line, FIELD_UINT, NULL),
	FAULT(asked_ns, FIELD_U64, "the instant in the timeline"),
	FAULT(sent_ns, FIELD_U64, "when agents were told"),
	FAULT(acked_ns, FIELD_U64, "when the last of them had done it"),
	FAULT(in_force_ns, FIELD_U64, "as the beacons show it; 0: never"),
	FAULT(gone_ns, FIELD_U64, "as the beacons show it; 0: never"),
	ROW_OBJECT(0, "certificate", certificate_shape),
};
static SHAPE(fault_shape, "fault", struct result_fault, fault_rows, false);

/* --- the claims of a pack -------------------------------------------------------------------- */

#define CLAIM(member, help) ROW(struct result_claim, member, #member, FIELD_NAME, help)
static const struct field claim_rows[] = {
	{.name = "verdict",
		.kind = FIELD_WORD,
		.offset = offsetof(struct result_claim, verdict),
		.words = verdict_word},
	CLAIM(product, "of which it is claimed"),
	CLAIM(system, "that was tested: the product, or a stand-in"),
	CLAIM(claim, "in words"),
	CLAIM(source, "where it was read"),
	CLAIM(date, "and when"),
	CLAIM(claimed, "as it was tested"),
	CLAIM(measured, "the worst of the trials; - where nothing was measured"),
	CLAIM(interval, "how many trials held, and what that bounds"),
};
static SHAPE(claim_shape, "claim", struct result_claim, claim_rows, false);

/* --- the rest of a run ----------------------------------------------------------------------- */

#define COUNTS(member, help) ROW(struct result_counts, member, #member, FIELD_U64, help)
static const struct field counts_rows[] = {
	COUNTS(ok, "the system said that it happened"),
	COUNTS(fail, "it surely did not happen"),
	COUNTS(unknown, "nobody knows"),
	COUNTS(not_sent, "due while its session still waited"),
};
static SHAPE(counts_shape, "counts", struct result_counts, counts_rows, false);

#define REGION(member, title, kind, help) ROW(struct result_region, member, title, kind, help)
static const struct field region_rows[] = {
	REGION(name, "name", FIELD_NAME, NULL),
	ROW_OBJECT(offsetof(struct result_region, reads), "reads", counts_shape),
	ROW_OBJECT(offsetof(struct result_region, writes), "writes", counts_shape),
	REGION(read_p99_ns, "read_p99_ns", FIELD_LEAST, "null: no read was ok"),
	REGION(write_p99_ns, "write_p99_ns", FIELD_LEAST, "null: no write was ok"),
};
static SHAPE(region_shape, "region", struct result_region, region_rows, false);

static const struct field phase_rows[] = {
	ROW(struct result_phase, name, "name", FIELD_NAME, NULL),
	ROW(struct result_phase, start_ns, "start_ns", FIELD_U64, "of a fault: in force"),
	ROW(struct result_phase, end_ns, "end_ns", FIELD_U64, "of a fault: gone"),
};
static SHAPE(phase_shape, "phase", struct result_phase, phase_rows, false);

static const struct field event_rows[] = {
	ROW(struct result_event, at_ns, "at_ns", FIELD_U64, NULL),
	ROW(struct result_event, what, "what", FIELD_NAME, "a fault, a region, a phase"),
	ROW(struct result_event, text, "text", FIELD_NAME, NULL),
};
static SHAPE(event_shape, "event", struct result_event, event_rows, false);

static const struct field fact_rows[] = {
	ROW(struct result_fact, name, "name", FIELD_NAME, NULL),
	ROW(struct result_fact, value, "value", FIELD_NAME, NULL),
};
static SHAPE(fact_shape, "fact", struct result_fact, fact_rows, false);

static const struct field change_rows[] = {
	ROW(struct result_change, what, "what", FIELD_NAME, "a change to the machine"),
	ROW(struct result_change, undone, "undone", FIELD_BOOL, NULL),
};
static SHAPE(change_shape, "change", struct result_change, change_rows, false);

#define RESULT(member, title, kind, help) ROW(struct result, member, title, kind, help)
static const struct field scenario_rows[] = {
	RESULT(scenario, "name", FIELD_NAME, "of a variant of its matrix: NAME[VARIANT]"),
	RESULT(variant, "variant", FIELD_TEXT, "null: it has no matrix"),
	RESULT(about, "about", FIELD_TEXT, NULL),
	RESULT(path, "path", FIELD_NAME, NULL),
	RESULT(scenario_text, "text", FIELD_NAME, "as it was run"),
};
static SHAPE(scenario_shape, "scenario", struct result, scenario_rows, false);

static const struct field clock_rows[] = {
	RESULT(epoch_ns, "epoch_ns", FIELD_U64, "CLOCK_MONOTONIC of the run's zero"),
	RESULT(wall_start_ns, "wall_start_ns", FIELD_U64, "CLOCK_REALTIME, for people"),
	RESULT(boot_id, "boot_id", FIELD_TEXT, "which boot of the machine"),
};
static SHAPE(clock_shape, "clock", struct result, clock_rows, false);

static const struct field cleanup_rows[] = {
	RESULT(clean, "verified", FIELD_BOOL, "nothing was left behind"),
	ROW_LIST(struct result, changes, n_changes, "changes", change_shape, NULL),
};
static SHAPE(cleanup_shape, "cleanup", struct result, cleanup_rows, false);

static const struct field result_rows[] = {
	RESULT(schema, "schema", FIELD_INT, "bumped when a meaning changes; fields may be added"),
	RESULT(tool_version, "version", FIELD_NAME, "of regionproof"),
	RESULT(run, "run", FIELD_NAME, "name of its directory"),
	ROW_OBJECT(0, "scenario", scenario_shape),
	RESULT(seed, "seed", FIELD_U64, "of every random decision"),
	RESULT(command, "command", FIELD_NAME, "that repeats the run"),
	RESULT(duration_ns, "duration_ns", FIELD_U64, NULL),
	ROW_OBJECT(0, "clock", clock_shape),
	RESULT(exit_code, "exit_code", FIELD_INT, NULL),
	RESULT(interrupted, "interrupted", FIELD_BOOL, NULL),
	RESULT(aborted, "aborted", FIELD_BOOL, "ended early by the scenario's own abort-if"),
	RESULT(error, "error", FIELD_TEXT,
		"why the tool could not do its job, or by what it was aborted"),
	ROW_LIST(struct result, facts, n_facts, "environment", fact_shape, NULL),
	ROW_LIST(struct result, regions, n_regions, "regions", region_shape, NULL),
	ROW_LIST(struct result, phases, n_phases, "phases", phase_shape, NULL),
	ROW_LIST(struct result, events, n_events, "events", event_shape, "by time"),
	ROW_LIST(struct result, faults, n_faults, "faults", fault_shape, NULL),
	ROW_LIST(struct result, expects, n_expects, "expectations", expect_shape, NULL),
	ROW_LIST(struct result, claims, n_claims, "claims", claim_shape,
		"of a pack, after its trials so far"),
	ROW_OBJECT(0, "cleanup", cleanup_shape),
};
SHAPE(result_shape, "result", struct result, result_rows, false);
