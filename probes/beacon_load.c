/*
 * The loader: tapes of all regions, sent and received joined into samples.
 *
 * Sequence numbers of one stream (ordered pair and family) run 0, 1, 2 ... without a gap, so a
 * received packet finds its sample by index. What was sent and not received is lost only where its
 * receiver was there to see it: the packet had time to arrive (the longest delay of the whole run
 * and 50 ms) between the receiver's first and last sign of life, and the receiver's own socket
 * dropped nothing meanwhile. Everything else is undecided and left out (see beacon.h).
 *
 * The files may come from a process that was killed, or from somebody's archive: a torn end is
 * ignored, a received packet whose sending is not on the tape is counted and left out, and what
 * cannot be true (unknown region, gap in the numbers, arrival before sending) is refused.
 */
#include "fixtures/base/arena.h"
#include "fixtures/base/clock.h"
#include "probes/beacon.h"
#include "probes/beacon_packet.h"
#include "probes/files.h"
#include "probes/tape.h"

#include <stdlib.h>

#define ROOM_NS (50 * NSEC_PER_MSEC)

/* The receiver's own socket dropped something in this time. */
struct overflow {
	uint64_t from_ns, to_ns;
	unsigned region;
};

struct loader {
	struct arena arena;
	struct overflow *overflows;
	size_t n_overflows;
	struct beacons *beacons;
	struct tape_content *sent, *received; /* by region; records NULL where there is none */
	size_t *bases;                        /* of each stream, and the end behind the last */
	uint64_t longest_ns;                  /* delay of the slowest packet */
	bool known;                           /* n_regions, period and epoch are set */
	uint64_t epoch_ns;
};

static size_t n_streams(const struct loader *loader)
{
	size_t n = loader->beacons->n_regions;

	return n * n * BEACON_FAMILIES;
}

static size_t stream_of(const struct loader *loader, unsigned from, unsigned to, unsigned family)
{
	return ((size_t)from * loader->beacons->n_regions + to) * BEACON_FAMILIES + family;
}

/* The first file says how many regions there are; the others must agree. */
static int agree(
	struct loader *loader, const struct tape_header *header, const char *path, struct err *err)
{
	struct beacons *beacons = loader->beacons;

	if (loader->known) {
		if (header->n_regions != beacons->n_regions || header->epoch_ns != loader->epoch_ns)
			return err_set(
				err, "%s: not of the same run as the other beacon files", path);
		return 0;
	}
	loader->known = true;
	loader->epoch_ns = header->epoch_ns;
	beacons->n_regions = header->n_regions;
	beacons->period_ns = header->period_ns;
	beacons->ends = calloc(header->n_regions, sizeof(*beacons->ends));
	loader->sent = calloc(header->n_regions, sizeof(*loader->sent));
	loader->received = calloc(header->n_regions, sizeof(*loader->received));
	loader->bases = calloc(n_streams(loader) + 1, sizeof(*loader->bases));
	if (!beacons->ends || !loader->sent || !loader->received || !loader->bases)
		return err_set(err, "no memory for the beacons");
	return 0;
}

static int read_files(struct loader *loader, const char *dir, const char *suffix, const char *magic,
	size_t record_size, bool are_sent, struct err *err)
{
	struct files files;
	int rc = 0;

	if (files_below(&files, dir, suffix, err) < 0)
		return -1;
	for (size_t i = 0; i < files.n && rc == 0; i++) {
		const char *path = files.paths[i];
		struct tape_content content, *to;

		if (tape_read(&content, path, magic, record_size, err) < 0 ||
			agree(loader, &content.header, path, err) < 0) {
			tape_content_release(&content);
			rc = -1;
			break;
		}
		to = &(are_sent ? loader->sent : loader->received)[content.header.region];
		if (to->header.record_size) {
			tape_content_release(&content);
			rc = err_set(
				err, "%s: a second file of region %u", path, content.header.region);
		} else {
			*to = content;
		}
	}
	files_release(&files);
	return rc;
}

static int check_sent(const struct loader *loader, unsigned region, struct err *err)
{
	const struct tape_content *tape = &loader->sent[region];
	const struct beacon_sent *records = tape->records;

	for (size_t i = 0; i < tape->n; i++)
		if (records[i].to >= loader->beacons->n_regions || records[i].to == region ||
			records[i].family >= BEACON_FAMILIES)
			return err_set(
				err, "beacons sent by region %u: record %zu cannot be", region, i);
	return 0;
}

/* Lay the streams out one behind the other. */
static int make_samples(struct loader *loader, struct err *err)
{
	struct beacons *beacons = loader->beacons;
	size_t *bases = loader->bases;

	for (unsigned r = 0; r < beacons->n_regions; r++) {
		const struct beacon_sent *records = loader->sent[r].records;

		if (check_sent(loader, r, err) < 0)
			return -1;
		for (size_t i = 0; i < loader->sent[r].n; i++)
			bases[stream_of(loader, r, records[i].to, records[i].family) + 1]++;
	}
	for (size_t i = 0; i < n_streams(loader); i++)
		bases[i + 1] += bases[i];
	beacons->n = bases[n_streams(loader)];
	beacons->samples = calloc(beacons->n + 1, sizeof(*beacons->samples));
	return beacons->samples ? 0 : err_set(err, "no memory for %zu beacons", beacons->n);
}

static int put_sent(struct loader *loader, unsigned region, size_t *counts, struct err *err)
{
	struct beacons *beacons = loader->beacons;
	const struct tape_content *tape = &loader->sent[region];
	const struct beacon_sent *records = tape->records;
	struct beacon_end *end = &beacons->ends[region];

	end->has_sent = tape->header.record_size != 0;
	for (size_t i = 0; i < tape->n; i++) {
		const struct beacon_sent *r = &records[i];
		size_t stream = stream_of(loader, region, r->to, r->family);

		if (r->seq != counts[stream] || r->sent_ns < end->sent_to_ns)
			return err_set(err, "beacons sent by region %u: record %zu is out of order",
				region, i);
		if (i == 0)
			end->sent_from_ns = r->sent_ns;
		end->sent_to_ns = r->sent_ns;
		beacons->samples[loader->bases[stream] + counts[stream]++] = (struct beacon_sample){
			.sent_ns = r->sent_ns,
			.seq = r->seq,
			.from = (uint8_t)region,
			.to = r->to,
			.family = r->family,
		};
	}
	return 0;
}

static int fill_sent(struct loader *loader, struct err *err)
{
	size_t *counts = calloc(n_streams(loader) + 1, sizeof(*counts));
	int rc = counts ? 0 : err_set(err, "no memory for the beacons");

	for (unsigned r = 0; r < loader->beacons->n_regions && rc == 0; r++)
		rc = put_sent(loader, r, counts, err);
	free(counts);
	return rc;
}

static void put_alive(struct loader *loader, unsigned region, const struct beacon_received *record)
{
	struct beacon_end *end = &loader->beacons->ends[region];

	if (record->sent_ns > end->overflow)
		*ARENA_PUSH(&loader->arena, loader->overflows, loader->n_overflows) =
			(struct overflow){end->listen_to_ns, record->recv_ns, region};
	if (!end->listen_to_ns)
		end->listen_from_ns = record->recv_ns;
	end->listen_to_ns = record->recv_ns;
	end->overflow = record->sent_ns;
}

static int put_arrival(
	struct loader *loader, unsigned region, const struct beacon_received *r, struct err *err)
{
	struct beacons *beacons = loader->beacons;
	struct beacon_sample *sample;
	size_t stream;

	if (r->from >= beacons->n_regions || r->from == region || r->family >= BEACON_FAMILIES ||
		r->recv_ns <= r->sent_ns)
		return err_set(err, "a beacon received by region %u cannot be", region);
	stream = stream_of(loader, r->from, region, r->family);
	if (r->seq >= loader->bases[stream + 1] - loader->bases[stream]) {
		beacons->unmatched++;
		return 0;
	}
	sample = &beacons->samples[loader->bases[stream] + r->seq];
	if (sample->sent_ns != r->sent_ns)
		return err_set(err, "beacon %u from region %u to %u was sent at two times", r->seq,
			r->from, region);
	if (!sample->recv_ns || r->recv_ns < sample->recv_ns)
		sample->recv_ns = r->recv_ns;
	if (sample->copies < UINT8_MAX)
		sample->copies++;
	if (r->recv_ns - r->sent_ns > loader->longest_ns)
		loader->longest_ns = r->recv_ns - r->sent_ns;
	return 0;
}

static int join_received(struct loader *loader, struct err *err)
{
	struct beacons *beacons = loader->beacons;

	for (unsigned region = 0; region < beacons->n_regions; region++) {
		const struct tape_content *tape = &loader->received[region];
		const struct beacon_received *records = tape->records;

		beacons->ends[region].has_received = tape->header.record_size != 0;
		for (size_t i = 0; i < tape->n; i++) {
			if (records[i].kind == BEACON_ALIVE)
				put_alive(loader, region, &records[i]);
			else if (put_arrival(loader, region, &records[i], err) < 0)
				return -1;
		}
	}
	return 0;
}

static bool may_have_overflowed(const struct loader *loader, const struct beacon_sample *sample)
{
	uint64_t until_ns = sample->sent_ns + loader->longest_ns + ROOM_NS;

	for (size_t i = 0; i < loader->n_overflows; i++) {
		const struct overflow *overflow = &loader->overflows[i];

		if (overflow->region == sample->to && overflow->from_ns <= until_ns &&
			overflow->to_ns >= sample->sent_ns)
			return true;
	}
	return false;
}

static bool is_decided(const struct loader *loader, const struct beacon_sample *sample)
{
	const struct beacon_end *end = &loader->beacons->ends[sample->to];

	if (sample->recv_ns)
		return true;
	if (sample->sent_ns < end->listen_from_ns ||
		sample->sent_ns + loader->longest_ns + ROOM_NS > end->listen_to_ns)
		return false;
	return !may_have_overflowed(loader, sample);
}

static void leave_out_undecided(struct loader *loader)
{
	struct beacons *beacons = loader->beacons;
	size_t kept = 0;

	for (size_t i = 0; i < beacons->n; i++)
		if (is_decided(loader, &beacons->samples[i]))
			beacons->samples[kept++] = beacons->samples[i];
	beacons->undecided = beacons->n - kept;
	beacons->n = kept;
}

static int load(struct loader *loader, const char *dir, struct err *err)
{
	if (read_files(loader, dir, BEACON_SENT_SUFFIX, BEACON_SENT_MAGIC,
		    sizeof(struct beacon_sent), true, err) < 0 ||
		read_files(loader, dir, BEACON_RECEIVED_SUFFIX, BEACON_RECEIVED_MAGIC,
			sizeof(struct beacon_received), false, err) < 0)
		return -1;
	if (!loader->known)
		return 0;
	if (make_samples(loader, err) < 0 || fill_sent(loader, err) < 0 ||
		join_received(loader, err) < 0)
		return -1;
	leave_out_undecided(loader);
	return 0;
}

int beacons_load_dir(struct beacons *beacons, const char *dir, struct err *err)
{
	struct loader loader = {.beacons = beacons};
	int rc;

	*beacons = (struct beacons){0};
	rc = load(&loader, dir, err);
	for (unsigned r = 0; r < beacons->n_regions; r++) {
		if (loader.sent)
			tape_content_release(&loader.sent[r]);
		if (loader.received)
			tape_content_release(&loader.received[r]);
	}
	free(loader.sent);
	free(loader.received);
	free(loader.bases);
	arena_release(&loader.arena);
	if (rc < 0)
		beacons_release(beacons);
	return rc;
}

void beacons_release(struct beacons *beacons)
{
	free(beacons->samples);
	free(beacons->ends);
	*beacons = (struct beacons){0};
}

static uint64_t key_of(unsigned from, unsigned to, unsigned family)
{
	return (uint64_t)from << 32 | (uint64_t)to << 8 | family;
}

static size_t first_at_or_after(const struct beacons *beacons, uint64_t key)
{
	size_t low = 0, high = beacons->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct beacon_sample *s = &beacons->samples[middle];

		if (key_of(s->from, s->to, s->family) < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct beacon_sample *beacons_stream(const struct beacons *beacons, unsigned from,
	unsigned to, enum beacon_family family, size_t *n)
{
	uint64_t key = key_of(from, to, family);
	size_t first = first_at_or_after(beacons, key);

	*n = first_at_or_after(beacons, key + 1) - first;
	return *n ? beacons->samples + first : NULL;
}
