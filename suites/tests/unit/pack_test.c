/* Packs are read, take the place of a scenario's expectations, and their rows say what was tested. */
#include "suites/pack.h"
#include "fixtures/base/buf.h"
#include "reports/result.h"
#include "suites/run/trials.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char sound[] = "pack: p\nversion: 1\nabout: a\nproduct: Store\nvendor: store.com\n"
			    "stand-in: our own\nscenario: demo\ntrials: 59\nclaims:\n"
			    "  - claim: nothing is lost\n    source: https://store.com/x\n"
			    "    date: 2026-11\n    expect: writes.lost == 0\n";

static size_t read_text(struct arena *arena, const char *text, struct pack *out, struct buf *errors)
{
	struct complaints complaints = {.out = errors};
	struct source source = {"p.yaml", text, strlen(text)};

	complaints_add_source(&complaints, &source);
	pack_read(arena, &source, out, &complaints);
	return complaints.n;
}

static void a_pack_is_read(void **state)
{
	struct arena arena = {0};
	struct buf errors = {0};
	struct pack pack;

	(void)state;
	assert_int_equal(read_text(&arena, sound, &pack, &errors), 0);
	assert_int_equal(pack.n_claims, 1);
	assert_int_equal(pack.claims[0].trials, 59);
	assert_string_equal(pack.claims[0].expect, "writes.lost == 0");
	buf_release(&errors);
	arena_release(&arena);
}

/* What is replaced, by what, and what is said of it. */
static void mistakes_are_told(void **state)
{
	static const char *const cases[][3] = {
		{"source: https://store.com/x", "sauce: x", "no key \"sauce\""},
		{"writes.lost == 0", "writes.lots == 0", "writes.lots"},
		{"writes.lost == 0", "availability > 90% at each region", "one row"},
		{"trials: 59", "trials: 0", "between 1 and"},
		{"stand-in: our own", "stand-in: our own\ntested: it", "either \"tested:\""},
		{"    date: 2026-11\n", "", "needs \"date:\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *at = strstr(sound, cases[i][0]);
		struct buf text = {0}, errors = {0};
		struct arena arena = {0};
		struct pack pack;

		buf_add(&text, sound, (size_t)(at - sound));
		buf_puts(&text, cases[i][1]);
		buf_puts(&text, at + strlen(cases[i][0]));
		assert_true(read_text(&arena, buf_str(&text), &pack, &errors) > 0);
		if (!strstr(buf_str(&errors), cases[i][2]))
			fail_msg("no \"%s\" in: %s", cases[i][2], buf_str(&errors));
		buf_release(&text);
		buf_release(&errors);
		arena_release(&arena);
	}
}

static void claims_take_the_place_of_expectations(void **state)
{
	struct pack_claim claim = {"c", "https://s", "2026-11", "writes.lost == 0", 59};
	struct pack pack = {.name = "p", .claims = &claim, .n_claims = 1};
	struct buf out = {0};

	(void)state;
	pack_scenario(&pack,
		"scenario: s\nrepeat: 3\nexpect:\n- a > 1\n# a remark\n  - b\n\nsafety: { x: y }\n",
		7, &out);
	assert_string_equal(buf_str(&out),
		"scenario: s\nsafety: { x: y }\n\n# by the pack p\nrepeat: 7\nexpect:\n"
		"  - writes.lost == 0 # https://s, 2026-11\n");
	buf_release(&out);
}

static const char *system_of(struct arena *arena, bool remote, const char *host, const char *tested)
{
	struct endpoint endpoint = {.host = host};
	struct plan plan = {.remote = remote, .endpoints = &endpoint, .n_endpoints = 1};
	struct pack pack = {.product = "Store",
		.vendor = "store.com",
		.stand_in = *tested ? "" : "our own",
		.tested = tested};

	return pack_system(arena, &pack, &plan);
}

static void only_its_own_endpoint_is_called_the_product(void **state)
{
	struct arena arena = {0};

	(void)state;
	assert_string_equal(system_of(&arena, true, "eu.store.com", ""), "Store");
	assert_string_equal(system_of(&arena, true, "notstore.com", ""),
		"endpoints that are not under store.com");
	assert_string_equal(system_of(&arena, false, "eu.store.com", ""), "stand-in: our own");
	assert_string_equal(system_of(&arena, false, "198.18.0.10", "of Debian"), "of Debian");
	arena_release(&arena);
}

/* The verdict of a claim of 59 trials after so many. */
static enum verdict after(unsigned held, unsigned broken, unsigned voided, const char *interval)
{
	struct arena arena = {0};
	struct trials trials = {0};
	struct plan plan = {.name = "s", .repeat = 59};
	struct pack_claim claim = {"c", "s", "d", "e", 59};
	struct pack pack = {.claims = &claim, .n_claims = 1};
	struct result_expect expect = {.id = "e", .wanted = "== 0", .got = "0", .has_got = true};
	const struct result result = {.expects = &expect, .n_expects = 1};
	const struct result_claim *rows;
	enum verdict verdict;
	size_t n;

	for (unsigned i = 0; i < held + broken + voided; i++) {
		expect.verdict = i < held   ? VERDICT_PASS
			: i < held + broken ? VERDICT_FAIL
					    : VERDICT_VOID;
		trials_add(&trials, &plan, &result);
	}
	rows = pack_claims(&arena, &pack, &trials, "it", &n);
	assert_int_equal(n, 1);
	if (!strstr(rows[0].interval, interval))
		fail_msg("no \"%s\" in: %s", interval, rows[0].interval);
	verdict = rows[0].verdict;
	trials_release(&trials);
	arena_release(&arena);
	return verdict;
}

static void a_claim_needs_its_trials(void **state)
{
	(void)state;
	assert_int_equal(after(59, 0, 0, "at most 4.95 % of runs"), VERDICT_PASS);
	assert_int_equal(after(58, 0, 0, "59 are needed"), VERDICT_INCONCLUSIVE);
	assert_int_equal(after(58, 0, 3, "3 without a verdict"), VERDICT_INCONCLUSIVE);
	assert_int_equal(after(59, 1, 0, "59 of 60 trials held"), VERDICT_FAIL);
	assert_int_equal(after(0, 0, 2, "0 of 0"), VERDICT_VOID);
	assert_int_equal(after(0, 0, 0, "0 of 0"), VERDICT_INCONCLUSIVE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pack_is_read),
		cmocka_unit_test(mistakes_are_told),
		cmocka_unit_test(claims_take_the_place_of_expectations),
		cmocka_unit_test(only_its_own_endpoint_is_called_the_product),
		cmocka_unit_test(a_claim_needs_its_trials),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
