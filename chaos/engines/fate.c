#include "chaos/engines/fate.h"
#include "chaos/engines/distribution.h"
#include "fixtures/base/rng.h"

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
	link->chain = impairment_gilbert(&link->impairment);
	link->bad = false;
}

static bool is_lost(struct fate_link *link, uint64_t index)
{
	uint64_t random =
		rng_at(link->seed, fate_stream(link->from, link->to, FATE_DRAW_LOSS), index);
	double u = rng_to_unit(random);

	if (!link->impairment.loss_burst)
		return u < link->chain.enter;
	if (link->bad) {
		link->bad = u >= link->chain.leave;
		return true;
	}
	link->bad = u < link->chain.enter;
	return false;
}

struct fate fate_next(struct fate_link *link)
{
	const struct impairment *imp = &link->impairment;
	uint64_t index = link->index++, random = 0;

	if (imp->cut || (imp->loss_ppm && is_lost(link, index)))
		return (struct fate){.lost = true};
	if (imp->jitter_ns)
		random = rng_at(
			link->seed, fate_stream(link->from, link->to, FATE_DRAW_JITTER), index);
	return (struct fate){.delay_ns = distribution_draw(imp, random)};
}
