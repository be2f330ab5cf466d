#include "probes/prober/tally.h"

/* Eighths of octaves: the three bits behind the leading one. */
static unsigned bucket_of(uint64_t ns)
{
	unsigned octave, bucket;

	if (ns < 8)
		return (unsigned)ns;
	octave = 63 - (unsigned)__builtin_clzll(ns);
	bucket = (octave - 2) * 8 + (unsigned)(ns >> (octave - 3) & 7);
	return bucket < TALLY_BUCKETS ? bucket : TALLY_BUCKETS - 1;
}

static uint64_t bucket_end(unsigned bucket)
{
	if (bucket < 8)
		return bucket;
	return (UINT64_C(9) + bucket % 8) << (bucket / 8 - 1);
}

static void increment(uint64_t *n)
{
	__atomic_store_n(n, *n + 1, __ATOMIC_RELAXED);
}

void tally_note(struct tally *tally, enum op_kind kind, enum op_state state, uint64_t latency_ns)
{
	struct tally_class *class_ = kind == OP_READ ? &tally->reads : &tally->writes;

	increment(&class_->states[state]);
	if (state != OP_NOT_SENT)
		increment(&class_->latency[bucket_of(latency_ns)]);
}

static void add_class(struct tally_class *into, const struct tally_class *from)
{
	for (unsigned i = 0; i < OP_STATES; i++)
		into->states[i] += __atomic_load_n(&from->states[i], __ATOMIC_RELAXED);
	for (unsigned i = 0; i < TALLY_BUCKETS; i++)
		into->latency[i] += __atomic_load_n(&from->latency[i], __ATOMIC_RELAXED);
}

void tally_add(struct tally *into, const struct tally *from)
{
	add_class(&into->reads, &from->reads);
	add_class(&into->writes, &from->writes);
}

uint64_t tally_p99_ns(const struct tally_class *now, const struct tally_class *before)
{
	uint64_t n = 0, above = 0;
	unsigned i;

	for (i = 0; i < TALLY_BUCKETS; i++)
		n += now->latency[i] - before->latency[i];
	if (!n)
		return 0;
	for (i = TALLY_BUCKETS; i-- > 0;) {
		above += now->latency[i] - before->latency[i];
		if (above * 100 > n)
			break;
	}
	return bucket_end(i);
}
