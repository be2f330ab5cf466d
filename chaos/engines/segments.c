#include "chaos/engines/segments.h"
#include "fixtures/net/link.h"

static int set(struct segments *segments, const struct site *site, bool per_packet, struct err *err)
{
	if (segments->per_packet == per_packet)
		return 0;
	if (site_set_segmentation(site, per_packet, err))
		return -1;
	segments->per_packet = per_packet;
	return 0;
}

static bool needed_by(const struct engine_change *change)
{
	return change->n_rules || impairment_needs_segments(&change->impairment);
}

static bool corrupts(const struct engine_change *change)
{
	bool any = change->impairment.corrupt_ppm;

	for (unsigned i = 0; i < change->n_rules; i++)
		any |= change->rules[i].impairment.corrupt_ppm != 0;
	return any;
}

static int make_linear(struct segments *segments, const struct site *site, struct err *err)
{
	if (segments->linear || !segments->corrupts_first_piece)
		return 0;
	segments->linear = true;
	return link_set_sg(site->netns_fd, "a", false, err);
}

int segments_before(struct segments *segments, const struct site *site,
	const struct engine_change *changes, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (corrupts(&changes[i]) && make_linear(segments, site, err))
			return -1;
	}
	for (size_t i = 0; i < n; i++) {
		if (needed_by(&changes[i]))
			return set(segments, site, true, err);
	}
	return 0;
}

int segments_after(struct segments *segments, const struct site *site,
	const struct engine_change *changes, size_t n, struct err *err)
{
	bool needed = false;

	for (size_t i = 0; i < n; i++)
		segments->links[changes[i].to] = needed_by(&changes[i]);
	for (unsigned i = 0; i < site->n_regions && !needed; i++)
		needed = segments->links[i];
	return set(segments, site, needed, err);
}

void segments_undo(struct segments *segments, const struct site *site)
{
	struct err ignored;

	if (segments->linear)
		link_set_sg(site->netns_fd, "a", true, &ignored);
	segments->linear = false;
	set(segments, site, false, &ignored);
}
