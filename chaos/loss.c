#include "chaos/loss.h"
#include "fixtures/base/rng.h"

#define PPM 1e6
/* How far to look back. Chains meet within some mean bursts, which are at most 100000 packets; where
 * they have not met by then the first state stands in. */
#define LOOK_BACK_MAX (UINT64_C(1) << 20)

enum two { GOOD, BAD };
enum four { GAP, BURST, BURST_LOST, GAP_LOST };

bool loss_has_four_states(const struct impairment *imp)
{
	return imp->loss_p13_ppm || imp->loss_p14_ppm;
}

/* From the balance of the arrows: what goes from 1 to 3 comes back from 3 to 1, and so on. */
static double four_mean(const struct loss_chain *c)
{
	double gap = 1, lost_gap = c->p14;
	double lost_burst = c->p31 > 0 ? c->p13 / c->p31 : 0;
	double burst = c->p23 > 0 ? lost_burst * c->p32 / c->p23 : 0;

	return (lost_burst + lost_gap) / (gap + lost_gap + lost_burst + burst);
}

/* Bursts begin by the arrows 1-3, 1-4 and 2-3; their mean length is the share lost by the share of
 * packets that begin one. */
static double four_burst(const struct loss_chain *c)
{
	double lost_burst = c->p31 > 0 ? c->p13 / c->p31 : 0;
	double burst = c->p23 > 0 ? lost_burst * c->p32 / c->p23 : 0;
	double begun = c->p13 + c->p14 + burst * c->p23;

	return begun > 0 ? (lost_burst + c->p14) / begun : 1;
}

double loss_mean(const struct impairment *imp)
{
	struct loss_chain chain = loss_chain_of(imp);

	if (imp->cut)
		return 1;
	return chain.four ? four_mean(&chain) : (double)imp->loss_ppm / PPM;
}

double loss_mean_burst(const struct impairment *imp)
{
	struct loss_chain chain = loss_chain_of(imp);

	if (chain.four)
		return four_burst(&chain);
	return imp->loss_burst ? (double)imp->loss_burst : 1;
}

static struct gilbert gilbert_of(double mean, double burst)
{
	struct gilbert g;

	if (mean <= 0)
		return (struct gilbert){.enter = 0, .leave = 1};
	if (mean >= 1)
		return (struct gilbert){.enter = 1, .leave = 0};
	if (burst <= 1)
		return (struct gilbert){.enter = mean, .leave = 1 - mean};
	g.leave = 1 / burst;
	g.enter = mean * g.leave / (1 - mean);
	if (g.enter > 1)
		g = (struct gilbert){.enter = 1, .leave = (1 - mean) / mean};
	return g;
}

struct gilbert impairment_gilbert(const struct impairment *imp)
{
	return gilbert_of(loss_mean(imp), loss_mean_burst(imp));
}

struct loss_chain loss_chain_of(const struct impairment *imp)
{
	struct loss_chain chain = {.four = loss_has_four_states(imp)};

	if (!chain.four) {
		chain.two = gilbert_of(
			(double)imp->loss_ppm / PPM, imp->loss_burst ? (double)imp->loss_burst : 1);
		return chain;
	}
	chain.p13 = (double)imp->loss_p13_ppm / PPM;
	chain.p31 = (double)imp->loss_p31_ppm / PPM;
	chain.p32 = (double)imp->loss_p32_ppm / PPM;
	chain.p23 = (double)imp->loss_p23_ppm / PPM;
	chain.p14 = (double)imp->loss_p14_ppm / PPM;
	return chain;
}

static unsigned step_four(const struct loss_chain *c, unsigned state, double u)
{
	switch ((enum four)state) {
	case GAP:
		return u < c->p14 ? GAP_LOST : u < c->p14 + c->p13 ? BURST_LOST : GAP;
	case BURST:
		return u < c->p23 ? BURST_LOST : BURST;
	case BURST_LOST:
		return u < c->p32 ? BURST : u < c->p32 + c->p31 ? GAP : BURST_LOST;
	case GAP_LOST:
		return GAP;
	}
	return GAP;
}

unsigned loss_step(const struct loss_chain *chain, unsigned state, double u)
{
	if (chain->four)
		return step_four(chain, state, u);
	return u < (state == BAD ? 1 - chain->two.leave : chain->two.enter) ? BAD : GOOD;
}

bool loss_is_lost(const struct loss_chain *chain, unsigned state)
{
	return chain->four ? state == BURST_LOST || state == GAP_LOST : state == BAD;
}

static bool all_same(const unsigned *states, unsigned n)
{
	for (unsigned k = 1; k < n; k++)
		if (states[k] != states[0])
			return false;
	return true;
}

/* Every state, from `back` packets before index up to it; true where they have met. */
static bool meet(const struct loss_chain *chain, uint64_t seed, uint64_t stream, uint64_t index,
	uint64_t back, unsigned *out)
{
	unsigned n = chain->four ? LOSS_STATES : 2, states[LOSS_STATES] = {0, 1, 2, 3};

	for (uint64_t i = index - back; i != index; i++) {
		double u = rng_to_unit(rng_at(seed, stream, i));

		for (unsigned k = 0; k < n; k++)
			states[k] = loss_step(chain, states[k], u);
		if (all_same(states, n))
			n = 1; /* and for ever */
	}
	*out = n == 1 ? states[0] : 0;
	return n == 1;
}

/* Indices below 0 wrap round: the draws there are as good as any, and the same for ever. */
unsigned loss_state_at(
	const struct loss_chain *chain, uint64_t seed, uint64_t stream, uint64_t index)
{
	unsigned state = 0;

	for (uint64_t back = 64; back <= LOOK_BACK_MAX; back *= 4) {
		if (meet(chain, seed, stream, index, back, &state))
			break;
	}
	return state;
}
