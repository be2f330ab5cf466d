/* Faults on some packets, from the scenario's words to the rules of a link. */
#include "chaos/engines/engine.h"
#include "fixtures/base/buf.h"
#include "suites/plan.h"
#include "suites/tests/helpers/scenario_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define TIMELINE(entries)                                                                          \
	"timeline:\n  - { at: 0s, watch: steady, for: 5s }\n" entries                              \
	"  - { at: 20s, quiet: settled, for: 5s }\n"

/* The link us -> eu while the first n faults are on. */
static struct engine_link link_under(const char *timeline, unsigned n)
{
	struct scenario_text text = SCENARIO_TEXT;
	struct engine_link link;
	struct plan *plan;

	text.timeline = timeline;
	plan = assert_plan(&text);
	plan_link(plan, 0, 1, (UINT64_C(1) << n) - 1, &link);
	plan_free(plan);
	return link;
}

static void assert_link(const struct engine_link *link, const char *wanted)
{
	struct buf text = {0};

	plan_link_print(&text, link);
	assert_string_equal(buf_str(&text), wanted);
	buf_release(&text);
}

static void a_fault_on_some_packets_is_a_rule_of_the_link(void **state)
{
	static const struct {
		const char *entry, *link;
	} rows[] = {
		{TIMELINE("  - { at: 5s, partition: us, port: 6379, protocol: tcp, for: 5s }\n"),
			"delay 40ms; of tcp port 6379: delay 40ms, cut"},
		{TIMELINE("  - { at: 5s, impair: us, loss: 2%, traffic: clients, for: 5s }\n"),
			"delay 40ms; of traffic of clients: delay 40ms, loss 2%"},
		{TIMELINE("  - { at: 5s, blackhole-mtu: us, for: 5s }\n"),
			"delay 40ms; of packets above 1400 bytes: delay 40ms, cut"},
		{TIMELINE("  - { at: 5s, blackhole-mtu: us, size-above: 900b, for: 5s }\n"),
			"delay 40ms; of packets above 900 bytes: delay 40ms, cut"},
		{TIMELINE("  - { at: 5s, new-connections: us, reject: rst, for: 5s }\n"),
			"delay 40ms; of new connections: delay 40ms, cut, refused with RST"},
		{TIMELINE("  - { at: 5s, established: us, for: 5s }\n"),
			"delay 40ms; of established connections: delay 40ms, cut"},
		{TIMELINE("  - { at: 5s, syn: us, port: 80, port-of: target, for: 5s }\n"),
			"delay 40ms; of target port 80, SYN only: delay 40ms, cut"},
		{TIMELINE("  - { at: 5s, partition: us, reject: icmp, for: 5s }\n"),
			"delay 40ms, cut, refused with ICMP"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct engine_link link = link_under(rows[i].entry, 1);

		assert_link(&link, rows[i].link);
	}
}

static void what_is_on_all_packets_is_on_those_too(void **state)
{
	struct engine_link link = link_under(
		TIMELINE(
			"  - { at: 5s, impair: us, delay: 10ms, for: 5s, name: slow }\n"
			"  - { at: 6s, impair: us, loss: 2%, port: 80, for: 2s, overlaps: slow }\n"),
		2);

	(void)state;
	assert_link(&link, "delay 50ms; of port 80: delay 50ms, loss 2%");
}

static void two_faults_on_different_packets_are_two_rules(void **state)
{
	struct engine_link link = link_under(
		TIMELINE(
			"  - { at: 5s, impair: us, delay: 10ms, traffic: clients, for: 5s }\n"
			"  - { at: 6s, impair: us, delay: 20ms, traffic: replication, for: 2s }\n"),
		2);

	(void)state;
	assert_link(&link,
		"delay 40ms; of traffic of clients: delay 50ms; of traffic of replication: delay 60ms");
}

static void what_cannot_be_told_apart_is_refused(void **state)
{
	static const struct {
		const char *timeline, *golden;
	} rows[] = {
		{TIMELINE("  - { at: 5s, impair: us, delay: 10ms, port: 80, for: 5s }\n"
			  "  - { at: 6s, impair: us, delay: 20ms, port: 81, for: 2s }\n"),
			"some packets may be meant by both"},
		{TIMELINE("  - { at: 5s, partition: us, protocol: icmp, port: 7, for: 5s }\n"),
			"protocol icmp, which has none"},
		{TIMELINE("  - { at: 5s, new-connections: us, connections: syn, for: 5s }\n"),
			"leave \"connections\" out"},
		{TIMELINE("  - { at: 5s, blackhole-mtu: us, size-below: 900b, for: 5s }\n"),
			"leave size-below out"},
		{TIMELINE("  - { at: 5s, impair: us, loss: 1%, reject: rst, for: 5s }\n"),
			"reject without cut"},
		{TIMELINE("  - { at: 5s, kill: us, port: 80, for: 5s }\n"),
			"the fault kill has no key \"port\""},
		{TIMELINE("  - { at: 5s, partition: us, trafic: clients, for: 5s }\n"),
			"did you mean \"traffic\"?"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct scenario_text text = SCENARIO_TEXT;

		text.timeline = rows[i].timeline;
		assert_complaint(&text, rows[i].golden);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fault_on_some_packets_is_a_rule_of_the_link),
		cmocka_unit_test(what_is_on_all_packets_is_on_those_too),
		cmocka_unit_test(two_faults_on_different_packets_are_two_rules),
		cmocka_unit_test(what_cannot_be_told_apart_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
