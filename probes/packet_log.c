#include "probes/packet_log.h"
#include "fixtures/base/buf.h"
#include "fixtures/net/packet.h"
#include "probes/files.h"
#include "probes/tape.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define ID_BYTES 128 /* of the frame, at most: what a capture of headers keeps */

struct packet_log {
	struct tape *tape;
	struct packet_log_wish wish;
	size_t n;
	bool full;
};

struct packet_log *packet_log_open(const struct packet_log_start *start, struct err *err)
{
	struct packet_log *log = calloc(1, sizeof(*log));
	struct tape_label label = {
		.magic = PACKET_LOG_MAGIC,
		.record_size = sizeof(struct packet_log_record),
		.region = start->region,
		.n_regions = start->n_regions,
		.period_ns = 1,
		.epoch_ns = start->epoch_ns,
	};
	struct buf name = {0};

	if (!log)
		abort(); /* see buf.h */
	log->wish = *start->wish;
	buf_printf(&name, "%u%s", start->region, PACKET_LOG_SUFFIX);
	log->tape = tape_create(start->dir, name.data, &label, err);
	buf_release(&name);
	if (log->tape)
		return log;
	free(log);
	return NULL;
}

int packet_log_begin(struct packet_log *log, uint64_t epoch_ns, struct err *err)
{
	return tape_set_epoch(log->tape, epoch_ns, err);
}

int packet_log_flush(struct packet_log *log, struct err *err)
{
	return tape_flush(log->tape, err);
}

int packet_log_close(struct packet_log *log, struct err *err)
{
	int rc = log ? tape_close(log->tape, err) : 0;

	free(log);
	return rc;
}

static uint64_t mix(uint64_t hash, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ data[i]) * UINT64_C(1099511628211); /* FNV-1a */
	return hash;
}

#define MIX_START UINT64_C(14695981039346656037)

static size_t checksum_at(unsigned protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return 16;
	case IPPROTO_UDP:
		return 6;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 2;
	}
	return SIZE_MAX;
}

/* The length, IPv4's identification, the addresses; then what follows, without its checksum, which is
 * filled in on the way where it was left to hardware. */
static uint64_t id_of(const uint8_t *frame, size_t len, const struct packet *packet)
{
	size_t from = packet->transport ? packet->transport
					: packet->addresses + 2 * packet->address_size;
	size_t end = packet->end < len ? packet->end : len;
	size_t sum = packet->transport ? checksum_at(packet->protocol) : SIZE_MAX;
	uint64_t hash = mix(MIX_START, frame + packet->network + (packet->version == 4 ? 2 : 4),
		packet->version == 4 ? 4 : 2);

	end = end < ID_BYTES ? end : ID_BYTES;
	hash = mix(hash, frame + packet->addresses, 2 * packet->address_size);
	for (size_t i = from; i < end; i++) {
		if (i - from != sum && i - from != sum + 1)
			hash = mix(hash, frame + i, 1);
	}
	return hash;
}

static void describe(struct packet_log_record *record, const uint8_t *frame, size_t len,
	const struct packet *packet)
{
	size_t size = packet_ip_bytes(packet);
	struct packet_tcp tcp;

	record->id = id_of(frame, len, packet);
	record->size = (uint16_t)(size < UINT16_MAX ? size : UINT16_MAX);
	record->protocol = (uint8_t)packet->protocol;
	if (packet->version == 6)
		record->bits |= PACKET_LOG_IP6;
	if (packet_ports(frame, len, packet, record->ports))
		record->bits |= PACKET_LOG_PORTS;
	if (!packet_parse_tcp(frame, len, packet, &tcp))
		return;
	record->bits |= PACKET_LOG_TCP;
	record->tcp_flags = tcp.flags;
	record->connection = mix(MIX_START, frame + packet->addresses, 2 * packet->address_size);
	record->connection = mix(record->connection, frame + packet->transport, 4);
}

static bool is_wanted(const struct packet_log *log, uint64_t at_ns)
{
	for (size_t i = 0; i < log->wish.n; i++) {
		if (at_ns >= log->wish.windows[i].from_ns && at_ns < log->wish.windows[i].to_ns)
			return true;
	}
	return false;
}

int packet_log_see(struct packet_log *log, struct packet_log_record record, const uint8_t *frame,
	size_t len, struct err *err)
{
	struct packet packet;

	if (log->full || !is_wanted(log, record.at_ns) || !packet_parse(frame, len, &packet))
		return 0;
	describe(&record, frame, len, &packet);
	if (++log->n == PACKET_LOG_MAX) {
		log->full = true;
		record.owner = PACKET_LOG_FULL;
	}
	return tape_add(log->tape, &record, err);
}

/* --- reading ------------------------------------------------------------------------------------- */

static int append(struct packet_log_record **records, size_t *n, const char *path, struct err *err)
{
	struct tape_content content;
	struct packet_log_record *grown;
	int rc = 0;

	if (tape_read(&content, path, PACKET_LOG_MAGIC, sizeof(**records), err) < 0)
		return -1;
	grown = realloc(*records, (*n + content.n + 1) * sizeof(*grown));
	if (!grown)
		abort();
	*records = grown;
	if (content.n)
		memcpy(grown + *n, content.records, content.n * sizeof(*grown));
	for (size_t i = *n; i < *n + content.n; i++) {
		grown[i].region = (uint8_t)content.header.region;
		if (grown[i].peer >= content.header.n_regions)
			rc = err_set(err, "%s: a record cannot be", path);
	}
	*n += content.n;
	tape_content_release(&content);
	return rc;
}

static int by_time(const void *a, const void *b)
{
	const struct packet_log_record *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return (x->region > y->region) - (x->region < y->region);
}

int packet_logs_load_dir(
	struct packet_log_record **records, size_t *n, const char *dir, struct err *err)
{
	struct files files;
	int rc = 0;

	*records = NULL;
	*n = 0;
	if (files_below(&files, dir, PACKET_LOG_SUFFIX, err) < 0)
		return -1;
	for (size_t i = 0; i < files.n && rc == 0; i++)
		rc = append(records, n, files.paths[i], err);
	files_release(&files);
	if (*n)
		qsort(*records, *n, sizeof(**records), by_time);
	return rc;
}
