#include "suites/tests/helpers/certificate_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNTS_MAX 4096

const char *const bench_regions[3] = {"us-east", "eu-west", "ap-south"};
const struct impairment bench_base = {.delay_ns = 40 * MS};
const struct impairment bench_cut = {.delay_ns = 40 * MS, .cut = 1};

int bench_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	world_init(&b->world, 3, END_NS, 1);
	b->noise = (struct noise){.delay_ns = 150000, .path_ns = 22000, .n = 1000};
	b->stalls.stalls = b->stall_list;
	b->captures.counts = calloc(COUNTS_MAX, sizeof(*b->captures.counts));
	b->captures.covers = calloc(3, sizeof(*b->captures.covers));
	b->input = (struct certificate_input){
		.regions = bench_regions,
		.links = b->links,
		.controls = b->controls,
		.beacons = &b->beacons,
		.stalls = &b->stalls,
		.noise = &b->noise,
		.n_faults = 3,
	};
	*state = b;
	return 0;
}

int bench_down(void **state)
{
	struct bench *b = *state;

	beacons_release(&b->beacons);
	captures_release(&b->captures);
	arena_release(&b->arena);
	free(b);
	return 0;
}

void bench_happens(struct bench *b, unsigned from, unsigned to, const struct impairment *imp,
	unsigned families, uint64_t off_ns)
{
	world_change(&b->world, from, to, families, ON_NS, imp);
	if (off_ns)
		world_change(&b->world, from, to, families, off_ns, &bench_base);
}

void bench_ask(struct bench *b, unsigned from, unsigned to, const struct impairment *imp)
{
	b->links[b->input.n_links++] = (struct certificate_asked){
		.from = from,
		.to = to,
		.before = bench_base,
		.asked = *imp,
		.after = bench_base,
		.sent_ns = ON_NS - MS / 2,
		.acked_ns = ON_NS,
		.undo_sent_ns = OFF_NS - MS / 2,
		.undo_acked_ns = OFF_NS,
		.after_to_ns = END_NS,
		.read_back_equal = true,
	};
}

void bench_start_neutral(struct bench *b)
{
	for (unsigned from = 0; from < 3; from++)
		for (unsigned to = 0; to < 3; to++)
			if (from != to)
				world_change(&b->world, from, to, WORLD_BOTH, 0, &bench_base);
	b->controls[0] = (struct certificate_control){1, 2, bench_base};
	b->controls[1] = (struct certificate_control){2, 1, bench_base};
	b->input.n_controls = 2;
}

void bench_ask_all(struct bench *b, const struct impairment *imp)
{
	bench_ask(b, 0, 1, imp);
	bench_ask(b, 1, 0, imp);
	bench_ask(b, 0, 2, imp);
	bench_ask(b, 2, 0, imp);
}

void bench_happens_all(struct bench *b, const struct impairment *imp)
{
	for (size_t i = 0; i < b->input.n_links; i++)
		bench_happens(b, b->links[i].from, b->links[i].to, imp, WORLD_BOTH, OFF_NS);
}

void bench_judge(struct bench *b)
{
	if (!b->beacons.samples)
		world_make(&b->world, &b->beacons);
	certificate_make(&b->arena, &b->input, &b->out);
	for (size_t i = 0; i < b->out.n_notes; i++)
		print_message("    %s\n", b->out.notes[i]);
}

void bench_expect(struct bench *b, enum certificate_status status, const char *word)
{
	bench_judge(b);
	if (b->out.status != status)
		fail_msg("status is %s: %s", certificate_status_name(b->out.status), b->out.why);
	if (status == CERTIFIED)
		assert_null(b->out.why);
	else if (!b->out.why || !strstr(b->out.why, word))
		fail_msg("'%s' does not say '%s'", b->out.why, word);
}
