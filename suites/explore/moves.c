#include "suites/explore/moves.h"

#include <string.h>

#define MS UINT64_C(1000000)
#define SHORTEST_NS (500 * MS)
#define TRIES 20

static bool is_before(const struct variant_source *source, const struct scenario_entry *e)
{
	return e->at_ns < source->start_ns;
}

/* What is watched before and after the faults, around faults that end at `end_ns`. */
static struct timeline surround(struct arena *arena, const struct variant_source *source,
	const struct scenario_entry *moved, size_t n)
{
	const struct scenario *scenario = &source->scenario;
	struct timeline t = {.n = 0};
	uint64_t end_ns = source->start_ns;

	t.entries = arena_array(arena, scenario->n_entries + n, sizeof(*t.entries));
	for (size_t i = 0; i < n; i++) {
		if (moved[i].at_ns + moved[i].for_ns > end_ns)
			end_ns = moved[i].at_ns + moved[i].for_ns;
	}
	for (size_t i = 0; i < scenario->n_entries; i++) {
		if (scenario->entries[i].kind != ENTRY_FAULT &&
			is_before(source, &scenario->entries[i]))
			t.entries[t.n++] = scenario->entries[i];
	}
	if (n)
		memcpy(t.entries + t.n, moved, n * sizeof(*moved));
	t.n += n;
	for (size_t i = 0; i < scenario->n_entries; i++) {
		const struct scenario_entry *e = &scenario->entries[i];

		if (e->kind == ENTRY_FAULT || e->at_ns < source->end_ns)
			continue;
		t.entries[t.n] = *e;
		t.entries[t.n++].at_ns = e->at_ns - source->end_ns + end_ns;
	}
	return t;
}

static struct scenario_words draw_regions(
	struct arena *arena, const struct scenario *scenario, size_t but, struct rng *rng)
{
	struct scenario_words words = {
		arena_array(arena, scenario->n_regions, sizeof(struct scenario_word)), 0};

	while (!words.n) {
		for (size_t r = 0; r < scenario->n_regions; r++) {
			if (r != but && rng_below(rng, 2))
				words.items[words.n++] = scenario->regions[r].name;
		}
	}
	return words;
}

static void draw_partition(struct arena *arena, const struct variant_source *source,
	struct rng *rng, struct scenario_entry *out)
{
	const struct scenario *scenario = &source->scenario;
	size_t region = rng_below(rng, scenario->n_regions);

	out->fault.text = "partition";
	out->subject = (struct scenario_words){&scenario->regions[region].name, 1};
	out->from = draw_regions(arena, scenario, region, rng);
	out->direction = (enum fault_direction)(rng_below(rng, 4) ? 0 : 1 + rng_below(rng, 2));
}

static const struct scenario_entry *draw_entry(const struct scenario *scenario, struct rng *rng)
{
	const struct scenario_entry *e;

	do
		e = &scenario->entries[rng_below(rng, scenario->n_entries)];
	while (e->kind != ENTRY_FAULT);
	return e;
}

static struct scenario_entry without_name(const struct scenario_entry *fault)
{
	struct scenario_entry e = *fault;

	e.name = (struct scenario_word){0};
	e.overlaps = (struct scenario_words){0};
	e.until = UNTIL_TIME;
	return e;
}

static uint64_t longest_fault(const struct variant_source *source)
{
	uint64_t longest_ns = SHORTEST_NS;

	for (size_t i = 0; i < source->scenario.n_entries; i++) {
		const struct scenario_entry *e = &source->scenario.entries[i];

		if (e->kind == ENTRY_FAULT && e->for_ns > longest_ns)
			longest_ns = e->for_ns;
	}
	return longest_ns;
}

/* Longer ones more often: what is over before it is noticed shows little. */
static uint64_t draw_length(uint64_t longest_ns, struct rng *rng)
{
	uint64_t a = rng_below(rng, longest_ns), b = rng_below(rng, longest_ns);
	uint64_t length_ns = (a > b ? a : b) / MS * MS;

	return length_ns < SHORTEST_NS ? SHORTEST_NS : length_ns;
}

/* A fault of the scenario as it is, one of that kind with another length, or any partition. */
static struct scenario_entry draw_fault(struct arena *arena, const struct variant_source *source,
	uint64_t longest_ns, struct rng *rng)
{
	const struct scenario *scenario = &source->scenario;
	struct scenario_entry e = without_name(draw_entry(scenario, rng));
	uint64_t dice = rng_below(rng, 3);

	if (!dice && e.for_ns)
		return e;
	if (scenario->n_regions > 1 && (dice == 1 || !strcmp(e.fault.text, "partition"))) {
		e = (struct scenario_entry){.kind = ENTRY_FAULT};
		draw_partition(arena, source, rng, &e);
	}
	e.for_ns = draw_length(longest_ns, rng);
	return e;
}

struct timeline moves_random(
	struct arena *arena, const struct variant_source *source, unsigned most, struct rng *rng)
{
	struct scenario_entry moved[MOVES_FAULTS_MAX];
	uint64_t longest_ns = longest_fault(source), at_ns = source->start_ns;
	size_t wanted = 1 + rng_below(rng, most), n = 0;

	for (int tries = 0; n < wanted && tries < TRIES; tries++) {
		struct scenario_entry e = draw_fault(arena, source, longest_ns, rng);

		e.at_ns = at_ns + (n ? rng_below(rng, 1000) * MS : 0);
		if (e.at_ns + e.for_ns > source->end_ns && n)
			continue;
		e.name.text = arena_printf(arena, "fault-%zu", n + 1);
		moved[n++] = e;
		at_ns = e.at_ns + e.for_ns + 200 * MS;
	}
	return surround(arena, source, moved, n);
}

unsigned moves_count_faults(const struct timeline *timeline)
{
	unsigned n = 0;

	for (size_t i = 0; i < timeline->n; i++)
		n += timeline->entries[i].kind == ENTRY_FAULT;
	return n;
}

bool moves_shrink(struct arena *arena, const struct variant_source *source,
	const struct timeline *timeline, unsigned step, struct timeline *out)
{
	struct scenario_entry moved[MOVES_FAULTS_MAX];
	unsigned n = 0, total = moves_count_faults(timeline), which;

	if (!total || step >= 2 * total || total > MOVES_FAULTS_MAX)
		return false;
	which = step % total;
	for (size_t i = 0; i < timeline->n; i++) {
		if (timeline->entries[i].kind == ENTRY_FAULT)
			moved[n++] = timeline->entries[i];
	}
	if (step < total) {
		memmove(&moved[which], &moved[which + 1], (n - which - 1) * sizeof(*moved));
		n--;
	} else {
		moved[which].for_ns = moved[which].for_ns / 2 / MS * MS;
		if (moved[which].for_ns < SHORTEST_NS)
			return moves_shrink(arena, source, timeline, step + 1, out);
	}
	*out = surround(arena, source, moved, n);
	return true;
}

const char *moves_text(struct arena *arena, const struct timeline *timeline)
{
	const char *text = NULL;

	for (size_t i = 0; i < timeline->n; i++) {
		const struct scenario_entry *e = &timeline->entries[i];
		const char *subject = e->subject.n ? e->subject.items[0].text : "";

		if (e->kind != ENTRY_FAULT)
			continue;
		text = arena_printf(arena, "%s%s%s %s %.1f-%.1f s", text ? text : "",
			text ? ", " : "", e->fault.text, subject, (double)e->at_ns / 1e9,
			(double)(e->at_ns + e->for_ns) / 1e9);
	}
	return text ? text : "no fault at all";
}
