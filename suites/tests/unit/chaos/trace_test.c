/* Recorded delays: what is drawn has their quantiles again, and what is no trace is refused. */
#include "chaos/trace.h"
#include "chaos/engines/distribution.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS 1e6
#define VALUES 2000

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Most about 40 ms, one in ten far above. */
static double recorded_ms(unsigned i)
{
	double u = rng_to_unit(rng_at(5, 1, i)), v = rng_to_unit(rng_at(5, 2, i));

	return 38 + 4 * u + (v > 0.9 ? 60 * (v - 0.9) / 0.1 : 0);
}

/* The drawn delays have the recorded ones' quantiles, halved where those were round trips. */
static void expect_quantiles(const struct impairment *imp, double part)
{
	static const double at[] = {0.05, 0.25, 0.5, 0.75, 0.95, 0.99};
	static uint64_t drawn[DISTRIBUTION_POINTS], recorded[VALUES];

	for (unsigned i = 0; i < VALUES; i++)
		recorded[i] = (uint64_t)(recorded_ms(i) * part * MS);
	for (uint64_t i = 0; i < DISTRIBUTION_POINTS; i++)
		drawn[i] = distribution_draw(imp, i);
	qsort(recorded, VALUES, sizeof(*recorded), ascending);
	qsort(drawn, DISTRIBUTION_POINTS, sizeof(*drawn), ascending);
	for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++) {
		double asked = (double)recorded[(size_t)(at[i] * VALUES)];
		double got = (double)drawn[(size_t)(at[i] * DISTRIBUTION_POINTS)];

		if (fabs(got / asked - 1) > 0.03)
			fail_msg("p%g: %.2f ms where %.2f was recorded", 100 * at[i], got / MS,
				asked / MS);
	}
}

static void one_way_delays_line_by_line_are_drawn_again(void **state)
{
	struct buf text = {0};
	struct impairment imp = {0};
	struct err err;
	size_t n;

	(void)state;
	buf_puts(&text, "# one way, of last Tuesday\n\n");
	for (unsigned i = 0; i < VALUES; i++)
		buf_printf(&text, "  %.3fms \r\n", recorded_ms(i));
	assert_int_equal(trace_set(buf_str(&text), false, &imp, &n, &err), 0);
	assert_int_equal(n, VALUES);
	assert_int_equal(impairment_check(&imp, &err), 0);
	expect_quantiles(&imp, 1);
	buf_release(&text);
}

static void what_ping_printed_is_read_and_halved(void **state)
{
	struct buf text = {0};
	struct impairment imp = {0};
	struct err err;
	size_t n;

	(void)state;
	buf_puts(&text, "PING eu.example (192.0.2.7) 56(84) bytes of data.\n");
	for (unsigned i = 0; i < VALUES; i++)
		buf_printf(&text, "64 bytes from 192.0.2.7: icmp_seq=%u ttl=57 time=%.3f ms\n", i,
			recorded_ms(i));
	buf_puts(&text,
		"64 bytes from 192.0.2.7: icmp_seq=9 ttl=57 time=900 ms (DUP!)\n"
		"no answer yet for icmp_seq=2001\n\n--- eu.example ping statistics ---\n"
		"2001 packets transmitted, 2000 received, 0.05% packet loss, time 2000 ms\n"
		"rtt min/avg/max/mdev = 38.000/43.000/102.000/9.000 ms\n");
	assert_int_equal(trace_set(buf_str(&text), true, &imp, &n, &err), 0);
	assert_int_equal(n, VALUES);
	expect_quantiles(&imp, 0.5);
	buf_release(&text);
}

static void expect_refused(const char *line, unsigned copies, const char *sentence)
{
	struct buf text = {0};
	struct impairment imp = {0};
	struct err err;

	for (unsigned i = 0; i < copies; i++)
		buf_printf(&text, "%u.%ums\n", 40 + i % 7, i % 10);
	buf_puts(&text, line);
	assert_int_equal(trace_set(buf_str(&text), false, &imp, NULL, &err), -1);
	if (!strstr(err.text, sentence))
		fail_msg("\"%s\" does not say \"%s\"", err.text, sentence);
	buf_release(&text);
}

static void what_is_no_trace_is_refused_with_its_line(void **state)
{
	struct impairment imp = {0};
	struct err err;
	struct buf same = {0};

	(void)state;
	expect_refused("41.5\n", 150, "line 151");
	expect_refused("about 40ms\n", 150, "line 151");
	expect_refused("-3ms\n", 150, "line 151");
	expect_refused("2h\n", 150, "longer than 10m");
	expect_refused("", 12, "12 values; a distribution needs 100");
	expect_refused("", 0, "0 values");
	for (unsigned i = 0; i < 200; i++)
		buf_puts(&same, "40ms\n");
	assert_int_equal(trace_set(buf_str(&same), false, &imp, NULL, &err), -1);
	buf_release(&same);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_way_delays_line_by_line_are_drawn_again),
		cmocka_unit_test(what_ping_printed_is_read_and_halved),
		cmocka_unit_test(what_is_no_trace_is_refused_with_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
