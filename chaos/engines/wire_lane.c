#include "chaos/engines/wire_lane.h"
#include "chaos/connections.h"
#include "chaos/engines/decisions.h"

_Static_assert(WIRE_LANES <= DECISION_LANES, "the log of decisions has room for the lane");

void wire_lanes_init(struct wire_lane lanes[WIRE_LANES], uint64_t seed, unsigned from, unsigned to)
{
	for (unsigned i = 0; i < WIRE_LANES; i++) {
		lanes[i] = (struct wire_lane){.used = !i};
		fate_link_init(&lanes[i].fate, seed, from, fate_lane(to, i));
	}
}

/* --- rules --------------------------------------------------------------------------------------- */

static void set(struct wire_lane *lane, const struct impairment *impairment)
{
	fate_link_set(&lane->fate, impairment);
	lane->slot = (struct slot){0};
}

static void clear(struct wire_lane *lane)
{
	connections_free(lane->seen);
	lane->seen = NULL;
	lane->used = false;
}

static bool is_asked(const struct wire_lane *lane, const struct engine_rule *rules, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (match_equal(&lane->match, &rules[i].match))
			return true;
	}
	return false;
}

/* The lane that has the match already, else a free one. */
static struct wire_lane *lane_for(struct wire_lane lanes[WIRE_LANES], const struct match *match)
{
	struct wire_lane *free_lane = NULL;

	for (unsigned i = 1; i < WIRE_LANES; i++) {
		if (lanes[i].used && match_equal(&lanes[i].match, match))
			return &lanes[i];
		if (!lanes[i].used && !free_lane)
			free_lane = &lanes[i];
	}
	free_lane->used = true;
	free_lane->match = *match;
	free_lane->counters = (struct engine_rule_counters){0};
	if (match_needs_connections(match))
		free_lane->seen = connections_new();
	return free_lane;
}

void wire_lanes_set(struct wire_lane lanes[WIRE_LANES], const struct impairment *impairment,
	const struct engine_rule *rules, unsigned n)
{
	set(&lanes[0], impairment);
	for (unsigned i = 1; i < WIRE_LANES; i++) {
		if (lanes[i].used && !is_asked(&lanes[i], rules, n))
			clear(&lanes[i]);
	}
	for (unsigned i = 0; i < n; i++)
		set(lane_for(lanes, &rules[i].match), &rules[i].impairment);
}

void wire_lanes_read(const struct wire_lane lanes[WIRE_LANES], struct engine_link *out)
{
	*out = (struct engine_link){.impairment = lanes[0].fate.impairment};
	for (unsigned i = 1; i < WIRE_LANES; i++) {
		if (lanes[i].used)
			out->rules[out->n_rules++] =
				(struct engine_rule){lanes[i].match, lanes[i].fate.impairment};
	}
}

void wire_lanes_count(const struct wire_lane lanes[WIRE_LANES], struct engine_counters *out)
{
	unsigned n = 0;

	for (unsigned i = 1; i < WIRE_LANES; i++) {
		if (lanes[i].used)
			out->rules[n++] = lanes[i].counters;
	}
}

unsigned wire_lanes_pick(struct wire_lane lanes[WIRE_LANES], const uint8_t *frame, size_t len,
	const unsigned hosts[2])
{
	struct match_view view;
	unsigned found = 0;
	bool looked = false;

	for (unsigned i = 1; i < WIRE_LANES; i++) {
		struct wire_lane *lane = &lanes[i];

		if (!lane->used)
			continue;
		if (!looked && !match_look(&view, frame, len, hosts))
			return 0;
		looked = true;
		if (lane->seen)
			connections_see(lane->seen, &view);
		if (!found && match_hits(&lane->match, &view, lane->seen))
			found = i;
	}
	return found;
}

/* --- times --------------------------------------------------------------------------------------- */

/* Behind the frame before, then its time on the wire. false: the lane's own queue is full. */
static bool take_turn(struct wire_lane *lane, size_t len, uint64_t *at_ns)
{
	const struct impairment *imp = &lane->fate.impairment;

	if (!imp->rate_bps && (!imp->jitter_ns || imp->reorder))
		return true;
	if (lane->last_ns > *at_ns) {
		double waiting = (double)(lane->last_ns - *at_ns) / 1e9 * (double)imp->rate_bps / 8;

		if (!imp->limit && waiting > (double)impairment_queue_bytes(imp))
			return false;
		*at_ns = lane->last_ns;
	}
	*at_ns += impairment_wire_ns(imp, len);
	lane->last_ns = *at_ns;
	return true;
}

static void open_slot(struct wire_lane *lane, uint64_t from_ns, uint64_t index)
{
	const struct impairment *imp = &lane->fate.impairment;

	lane->slot = (struct slot){.open_ns = from_ns + fate_slot_ns(&lane->fate, index),
		.packets = imp->slot_packets,
		.bytes = imp->slot_bytes};
}

/* A frame that is ready leaves with the next slot to open; a slot that is used up is followed by
 * another. As netem does it, which also lets the frame that exceeds the bytes go. */
static void take_slot(struct wire_lane *lane, uint64_t index, size_t len, uint64_t *at_ns)
{
	struct slot *slot = &lane->slot;

	if (!lane->fate.impairment.slot_max_ns)
		return;
	if (slot->open_ns < *at_ns)
		open_slot(lane, *at_ns, index);
	*at_ns = slot->open_ns;
	if ((slot->packets && !--slot->packets) || (slot->bytes && slot->bytes <= len))
		open_slot(lane, slot->open_ns, index);
	else if (slot->bytes)
		slot->bytes -= len;
}

bool wire_lane_schedule(
	struct wire_lane *lane, const struct fate *fate, size_t len, uint64_t *at_ns)
{
	const struct impairment *imp = &lane->fate.impairment;

	if (imp->limit && lane->waiting >= imp->limit)
		return false;
	if (!fate->overtakes) {
		*at_ns += fate->delay_ns;
		if (!take_turn(lane, len, at_ns))
			return false;
	}
	take_slot(lane, fate->index, len, at_ns);
	return true;
}
