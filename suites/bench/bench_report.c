/*
 * bench_report: seconds of the processor and bytes of a report of a long run: its series, and every file that a run
 * leaves.
 *
 *	build/bench/bench_report [operations]
 *
 * 1000000 operations by default, of twelve sessions in three regions, with a fault in the middle.
 */
#include "fixtures/base/buf.h"
#include "reports/writers/writer.h"
#include "suites/series.h"
#include "suites/tests/helpers/long_run.h"
#include "suites/tests/helpers/results.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Of the processor: what else the machine does is not the report's. */
static double seconds(void)
{
	struct timespec spent;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
	return (double)spent.tv_sec + (double)spent.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000, all = 0;
	const struct writer_options plain = {0};
	struct judge_world world;
	struct result *result;
	double start, total;

	long_run_init(&world, n);
	result = results_new(&world.arena, NULL);
	result->series = (struct series){0};
	start = seconds();
	series_fill(&world.arena, &world.evidence, result);
	total = seconds() - start;
	printf("series         %9.3f s of %zu operations\n", total, n);
	for (const struct writer *w = writers; w->name; w++) {
		struct buf text = {0};

		if (!w->file)
			continue;
		start = seconds();
		w->write(result, &plain, &text);
		start = seconds() - start;
		total += start;
		printf("%-14s %9.3f s %9zu bytes\n", w->file, start, text.len);
		all += text.len;
		buf_release(&text);
	}
	printf("all            %9.3f s %9zu bytes\n", total, all);
	jw_release(&world);
	return 0;
}
