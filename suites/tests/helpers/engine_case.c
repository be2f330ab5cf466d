#include "suites/tests/helpers/engine_case.h"
#include "fixtures/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

const int case_families[2] = {AF_INET, AF_INET6};
const struct engine_ops *case_engine;

const char *case_family_name(int family)
{
	return family == AF_INET ? "IPv4" : "IPv6";
}

bool case_is_wire(void)
{
	return !strcmp(case_engine->name, "wire");
}

void case_up(struct net_lab *lab)
{
	struct err err;

	if (net_lab_up(lab, 3, case_engine, CASE_SEED, &err))
		fail_msg("%s", err.text);
	for (int i = 0; i < 2; i++) {
		assert_true(net_lab_udp_rtt_ns(lab, 0, 1, case_families[i], 10000) > 0);
		assert_true(net_lab_udp_rtt_ns(lab, 0, 2, case_families[i], 10000) > 0);
	}
}

struct net_stream case_stream(struct net_lab *lab, int family, size_t n)
{
	return (struct net_stream){.lab = lab,
		.from = 0,
		.to = 1,
		.family = family,
		.n = n,
		.interval_ns = NSEC_PER_MSEC,
		.payload = 64,
		.tail_ns = 500 * NSEC_PER_MSEC};
}

struct engine_counters case_counters(struct net_lab *lab, unsigned from, unsigned to)
{
	struct engine_counters out;
	struct err err;

	if (case_engine->counters(lab->engines[from], to, &out, &err))
		fail_msg("%s", err.text);
	return out;
}

struct engine_link case_link(struct net_lab *lab, unsigned from, unsigned to)
{
	struct engine_link out;
	struct err err;

	if (case_engine->read_back(lab->engines[from], to, &out, &err))
		fail_msg("%s", err.text);
	return out;
}

struct impairment case_read_back(struct net_lab *lab, unsigned from, unsigned to)
{
	return case_link(lab, from, to).impairment;
}

static int run_cases(const struct engine_ops *engine, const struct CMUnitTest *cases, size_t n)
{
	struct err err;

	if (engine->probe(NULL, &err)) {
		print_message("# skip: engine %s: %s\n", engine->name, err.text);
		return 0;
	}
	case_engine = engine;
	return _cmocka_run_group_tests(engine->name, cases, n, NULL, NULL);
}

int case_main(int argc, char **argv, const struct CMUnitTest *cases, size_t n)
{
	int failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 1; i < argc; i++) {
		const struct engine_ops *engine = engine_find(argv[i]);

		if (!engine) {
			fprintf(stderr, "there is no engine '%s'\n", argv[i]);
			return EXIT_USAGE;
		}
		failed += run_cases(engine, cases, n);
	}
	for (size_t i = 0; argc == 1 && engines[i]; i++) {
		if (strcmp(engines[i]->name, "null"))
			failed += run_cases(engines[i], cases, n);
	}
	return failed ? 1 : 0;
}
