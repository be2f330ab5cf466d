#include "chaos/engines/fate.h"
#include "chaos/engines/distribution.h"
#include "fixtures/base/rng.h"

#define PPM 1e6

uint64_t fate_stream(unsigned from, unsigned to, enum fate_draw draw)
{
	return (uint64_t)from << 32 | (uint64_t)to << 8 | draw;
}

void fate_link_init(struct fate_link *link, uint64_t seed, unsigned from, unsigned to)
{
	*link = (struct fate_link){.seed = seed, .from = from, .to = to};
}

void fate_link_set(struct fate_link *link, const struct impairment *imp)
{
	link->impairment = impairment_canonical(imp);
	link->chain = loss_chain_of(&link->impairment);
	link->state = loss_state_at(&link->chain, link->seed,
		fate_stream(link->from, link->to, FATE_DRAW_LOSS), link->index);
}

static uint64_t draw(const struct fate_link *link, enum fate_draw kind, uint64_t index)
{
	return rng_at(link->seed, fate_stream(link->from, link->to, kind), index);
}

/* Nothing is drawn for what is not set: most links have little. */
static bool happens(const struct fate_link *link, enum fate_draw kind, uint64_t index, double share)
{
	return share > 0 && rng_to_unit(draw(link, kind, index)) < share;
}

static bool is_lost(struct fate_link *link, uint64_t index)
{
	const struct impairment *imp = &link->impairment;

	if (imp->cut)
		return true;
	if (!imp->loss_ppm && !link->chain.four)
		return false;
	link->state = loss_step(
		&link->chain, link->state, rng_to_unit(draw(link, FATE_DRAW_LOSS, index)));
	return loss_is_lost(&link->chain, link->state);
}

static bool overtakes(const struct fate_link *link, uint64_t index)
{
	uint64_t gap = link->impairment.overtake_gap ? link->impairment.overtake_gap : 1;
	double share = (double)link->impairment.overtake_ppm / PPM * (double)gap;

	return (index + 1) % gap == 0 && happens(link, FATE_DRAW_OVERTAKE, index, share);
}

static uint64_t delay(const struct fate_link *link, enum fate_draw kind, uint64_t index)
{
	const struct impairment *imp = &link->impairment;

	return distribution_draw(imp, imp->jitter_ns ? draw(link, kind, index) : 0);
}

struct fate fate_next(struct fate_link *link)
{
	const struct impairment *imp = &link->impairment;
	uint64_t i = link->index++;
	struct fate fate = {.index = i};

	/* A lost packet may become a marked one: it has its delay in any case. */
	fate.lost = is_lost(link, i);
	if (fate.lost && !imp->ecn)
		return fate;
	fate.delay_ns = delay(link, FATE_DRAW_JITTER, i);
	fate.overtakes = overtakes(link, i);
	fate.duplicated = happens(link, FATE_DRAW_DUPLICATE, i, (double)imp->duplicate_ppm / PPM);
	if (fate.duplicated)
		fate.copy_delay_ns = delay(link, FATE_DRAW_COPY_JITTER, i);
	fate.corrupt = happens(link, FATE_DRAW_CORRUPT, i, (double)imp->corrupt_ppm / PPM);
	if (fate.corrupt)
		fate.bit = draw(link, FATE_DRAW_BIT, i);
	return fate;
}

uint64_t fate_slot_ns(const struct fate_link *link, uint64_t index)
{
	const struct impairment *imp = &link->impairment;
	double u = rng_to_unit(draw(link, FATE_DRAW_SLOT, index));

	return imp->slot_min_ns + (uint64_t)(u * (double)(imp->slot_max_ns - imp->slot_min_ns));
}
