#include "suites/tests/helpers/long_run.h"

#include "fixtures/base/rng.h"

#define SESSIONS (WORLD_REGIONS * WORLD_SESSIONS)
#define REGISTERS 200
#define STEP_MS 0.2 /* between two operations */

struct register_past {
	uint32_t writer[2];
	uint64_t sequence[2]; /* the last, and the one before; 0: absent */
};

/* One in five is a write; one read in fifty gives the value before the last. During the fault one in
 * seven fails or is unknown. */
static void add(struct judge_world *world, struct rng *rng, struct register_past *pasts, size_t i,
	bool in_fault)
{
	uint32_t session = (uint32_t)(i % SESSIONS), number = (uint32_t)rng_below(rng, REGISTERS);
	double call = (double)i * STEP_MS, ret = call + 0.1 + (double)rng_below(rng, 2000) / 1000;
	struct register_past *past = &pasts[number];
	unsigned old = rng_below(rng, 50) == 0;
	struct op *op;

	if (i % 5 == 0) {
		op = jw_write(world, session, jw_register(number), i + 1, call, ret);
		*past = (struct register_past){
			{session, past->writer[0]}, {i + 1, past->sequence[0]}};
	} else {
		op = jw_read(world, session, jw_register(number), past->writer[old],
			past->sequence[old], call, ret);
	}
	if (in_fault && i % 7 == 0)
		op->state = i % 2 ? OP_FAIL : OP_UNKNOWN;
}

void long_run_init(struct judge_world *world, size_t n)
{
	struct register_past pasts[REGISTERS] = {0};
	double end_ms = (double)n * STEP_MS;
	struct rng rng;

	jw_init(world);
	rng_seed(&rng, 7);
	for (size_t i = 0; i < n; i++)
		add(world, &rng, pasts, i, i > n / 3 && i < 2 * n / 3);
	jw_fault(world, "cut", end_ms / 3, 2 * end_ms / 3);
	jw_tick(world, 0, end_ms, 40);
	world->evidence.end_ns = (uint64_t)(end_ms * (double)WORLD_MS);
	jw_seal(world);
}
