/*
 * A packet socket on the uplink, read by libpcap, counted by a thread.
 *
 * The socket must be opened inside the site's namespace; it stays there when the thread goes back.
 * Immediate mode is off: the kernel hands over whole blocks of its ring when they are full or 100 ms
 * old, so a busy link costs a wake-up per block and not one per packet. 128 bytes are kept of each
 * packet, enough for the headers that are looked at here. The stamps are the kernel's, brought to
 * our clock (stamp.h).
 *
 * Every bucket in which something was counted becomes one record per peer, way and owner; a packet
 * that is handed over after its bucket was closed is added to the open one. A record with owner
 * CAPTURE_RECORD_ALIVE every 100 ms says that somebody looked, and how many packets the kernel dropped
 * because the ring was full.
 */
#include "probes/capture.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/log.h"
#include "fixtures/net/addr.h"
#include "fixtures/net/book.h"
#include "fixtures/net/netns.h"
#include "fixtures/net/packet.h"
#include "probes/capture_record.h"
#include "probes/confine.h"
#include "probes/stamp.h"
#include "probes/tape.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#define SNAP_BYTES 128 /* Ethernet, IPv6, TCP with all its options */
#define SNAP_WHOLE 65535
#define RING_BYTES (4 << 20)
#define BLOCK_MS 100
#define ALIVE_NS (100 * NSEC_PER_MSEC)

struct tally {
	uint64_t bytes;
	uint32_t packets;
};

struct capture {
	pcap_t *pcap;
	struct tape *tape, *tcp_tape;
	struct flows *flows;
	struct pcap_sample *sample; /* NULL: none is kept */
	struct packet_log *log;     /* NULL: none is kept */
	unsigned region, n_regions;
	const struct book *book;
	atomic_uint_fast64_t epoch_ns; /* UINT64_MAX: not known yet, nothing is counted */
	uint64_t bucket_ns, alive_ns;
	uint64_t dropped;
	struct stamp stamp;
	struct tally *tallies; /* [peer][way][owner] of the open bucket */
	bool bucket_open;
	atomic_bool stop;
	struct err err;
	bool failed;
	pthread_t thread;
};

struct opening {
	struct capture *capture;
	const struct capture_start *start;
};

static int open_pcap(void *arg, struct err *err)
{
	struct opening *opening = arg;
	char text[PCAP_ERRBUF_SIZE] = "";
	const char *uplink = opening->start->uplink;
	pcap_t *pcap = pcap_create(uplink, text);
	int rc;

	if (!pcap)
		return err_set(err, "libpcap cannot watch %s: %s", uplink, text);
	pcap_set_snaplen(
		pcap, opening->start->wish.keep == PCAP_KEEP_PACKETS ? SNAP_WHOLE : SNAP_BYTES);
	pcap_set_timeout(pcap, BLOCK_MS);
	pcap_set_buffer_size(pcap, RING_BYTES);
	pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
	rc = pcap_activate(pcap);
	if (rc < 0)
		err_set(err, "libpcap cannot watch %s: %s (%s)", uplink, pcap_statustostr(rc),
			pcap_geterr(pcap));
	else if (pcap_datalink(pcap) != DLT_EN10MB)
		rc = err_set(err, "libpcap cannot watch %s: not an Ethernet", uplink);
	else if (pcap_setnonblock(pcap, 1, text) < 0)
		rc = err_set(err, "libpcap cannot watch %s: %s", uplink, text);
	if (rc < 0) {
		pcap_close(pcap);
		return -1;
	}
	opening->capture->pcap = pcap;
	return 0;
}

/* ARP, and the types of ICMPv6 that look for neighbours and routers. */
static bool is_discovery(const uint8_t *frame, size_t len)
{
	unsigned type = (unsigned)frame[12] << 8 | frame[13];

	if (type == 0x0806)
		return true;
	return type == 0x86dd && len > 54 && frame[20] == 58 && frame[54] >= 133 &&
		frame[54] <= 137;
}

static enum capture_owner owner_of(unsigned host, unsigned other)
{
	if (host == ADDR_HOST_BEACON || other == ADDR_HOST_BEACON)
		return CAPTURE_BEACON;
	if (host == ADDR_HOST_PROBER || other == ADDR_HOST_PROBER)
		return CAPTURE_PROBER;
	return CAPTURE_SYSTEM;
}

/* Between whom, which way and whose. */
struct place {
	unsigned peer;
	enum capture_way way;
	enum capture_owner owner;
	unsigned hosts[2]; /* source, target */
};

/* An answer that an engine gave in place of the peer. */
static bool place_refusal(
	const struct capture *capture, const uint8_t *frame, size_t len, struct place *out)
{
	unsigned to;
	struct packet ip;

	if (!addr_from_refuser_mac(frame + 6, &out->peer) ||
		!book_find(capture->book, frame, &to, &out->hosts[1]) || to != capture->region ||
		out->peer >= capture->n_regions || out->peer == to ||
		out->hosts[1] == ADDR_HOST_BEACON || !packet_parse(frame, len, &ip))
		return false;
	out->way = CAPTURE_IN;
	out->owner = ip.protocol == IPPROTO_TCP ? CAPTURE_REFUSAL_RST : CAPTURE_REFUSAL_ICMP;
	return true;
}

/* False: nobody's, as the header says. */
static bool place_of(
	const struct capture *capture, const uint8_t *frame, size_t len, struct place *out)
{
	unsigned to, to_host, from, from_host;

	if (len < 14 || is_discovery(frame, len))
		return false;
	if (place_refusal(capture, frame, len, out))
		return true;
	if (!book_find(capture->book, frame, &to, &to_host) ||
		!book_find(capture->book, frame + 6, &from, &from_host))
		return false;
	out->way = from == capture->region ? CAPTURE_OUT : CAPTURE_IN;
	out->peer = out->way == CAPTURE_OUT ? to : from;
	out->owner = owner_of(to_host, from_host);
	out->hosts[0] = from_host;
	out->hosts[1] = to_host;
	return to != from && out->peer < capture->n_regions &&
		(out->way == CAPTURE_OUT || to == capture->region);
}

static int close_bucket(struct capture *capture)
{
	size_t n = (size_t)capture->n_regions * CAPTURE_WAYS * CAPTURE_OWNERS;

	if (!capture->bucket_open)
		return 0;
	for (size_t i = 0; i < n; i++) {
		struct tally *tally = &capture->tallies[i];
		struct capture_record record = {
			.at_ns = capture->bucket_ns,
			.bytes = tally->bytes,
			.packets = tally->packets,
			.peer = (uint8_t)(i / (CAPTURE_WAYS * CAPTURE_OWNERS)),
			.way = i / CAPTURE_OWNERS % CAPTURE_WAYS,
			.owner = i % CAPTURE_OWNERS,
		};

		if (tally->packets && tape_add(capture->tape, &record, &capture->err) < 0)
			return -1;
		*tally = (struct tally){0};
	}
	capture->bucket_open = false;
	return 0;
}

static void log_packet(struct capture *capture, const struct pcap_pkthdr *header,
	const u_char *frame, uint64_t at_ns, const struct place *place)
{
	struct packet_log_record record = {.at_ns = at_ns,
		.peer = (uint8_t)place->peer,
		.way = (uint8_t)place->way,
		.owner = (uint8_t)place->owner,
		.hosts = {(uint8_t)place->hosts[0], (uint8_t)place->hosts[1]}};

	if (packet_log_see(capture->log, record, frame, header->caplen, &capture->err) < 0)
		capture->failed = true;
}

/* A packet that says something about connections, or is kept for people. */
static void look_closer(struct capture *capture, const struct pcap_pkthdr *header,
	const u_char *frame, uint64_t at_ns, const struct place *place, uint32_t nth)
{
	struct flow_event event;
	struct capture_tcp_record record = {.at_ns = at_ns,
		.peer = (uint8_t)place->peer,
		.way = (uint8_t)place->way,
		.owner = (uint8_t)place->owner};

	if (capture->sample)
		pcap_sample_see(capture->sample, header, frame, at_ns, nth);
	if (place->owner != CAPTURE_SYSTEM && place->owner != CAPTURE_PROBER)
		return;
	if (capture->log)
		log_packet(capture, header, frame, at_ns, place);
	if (!flows_see(capture->flows, frame, header->caplen, at_ns, &event) ||
		(event.kind == FLOW_RETRANSMIT && place->way == CAPTURE_IN))
		return;
	record.kind = (uint8_t)event.kind;
	record.value_ns = event.value_ns;
	if (tape_add(capture->tcp_tape, &record, &capture->err) < 0)
		capture->failed = true;
}

static void count_frame(u_char *arg, const struct pcap_pkthdr *header, const u_char *frame)
{
	struct capture *capture = (struct capture *)arg;
	/* With nanosecond precision tv_usec holds nanoseconds. */
	uint64_t at_ns = stamp_convert(&capture->stamp,
		(uint64_t)header->ts.tv_sec * NSEC_PER_SEC + (uint64_t)header->ts.tv_usec);
	uint64_t epoch_ns = atomic_load(&capture->epoch_ns), bucket_ns;
	struct tally *tally;
	struct place place;

	if (at_ns < epoch_ns || capture->failed ||
		!place_of(capture, frame, header->caplen, &place))
		return;
	bucket_ns = (at_ns - epoch_ns) / CAPTURE_BUCKET_NS * CAPTURE_BUCKET_NS;
	if (bucket_ns > capture->bucket_ns && close_bucket(capture) < 0) {
		capture->failed = true;
		return;
	}
	if (bucket_ns > capture->bucket_ns)
		capture->bucket_ns = bucket_ns;
	capture->bucket_open = true;
	tally = &capture->tallies[(place.peer * CAPTURE_WAYS + place.way) * CAPTURE_OWNERS +
		place.owner];
	if (place.owner != CAPTURE_BEACON)
		look_closer(capture, header, frame, at_ns - epoch_ns, &place, tally->packets);
	tally->packets++;
	tally->bytes += header->len;
}

static int write_alive(struct capture *capture, uint64_t now)
{
	struct pcap_stat stat = {0};
	uint64_t epoch_ns = atomic_load(&capture->epoch_ns);
	struct capture_record record = {.owner = CAPTURE_RECORD_ALIVE};

	if (pcap_stats(capture->pcap, &stat) == 0)
		capture->dropped = stat.ps_drop;
	record.at_ns = now > epoch_ns ? now - epoch_ns : 0;
	record.bytes = capture->dropped;
	if (tape_add(capture->tape, &record, &capture->err) < 0)
		return -1;
	if (tape_flush(capture->tape, &capture->err) < 0 ||
		(capture->log && packet_log_flush(capture->log, &capture->err) < 0))
		return -1;
	return tape_flush(capture->tcp_tape, &capture->err);
}

static int look(struct capture *capture)
{
	stamp_measure(&capture->stamp);
	if (pcap_dispatch(capture->pcap, -1, count_frame, (u_char *)capture) < 0)
		return err_set(&capture->err, "libpcap stopped: %s", pcap_geterr(capture->pcap));
	return capture->failed ? -1 : 0;
}

/*
 * What was on the link before `now` is in the ring, but perhaps in a block that is not handed over
 * yet; so a sign of life speaks for the time one block ago, and after the stop one block more is
 * waited for.
 */
static int capture_until_stopped(struct capture *capture)
{
	struct pollfd ring = {.fd = pcap_get_selectable_fd(capture->pcap), .events = POLLIN};
	uint64_t end_ns = UINT64_MAX;

	for (;;) {
		uint64_t now = clock_now_ns();

		if (look(capture) < 0)
			return -1;
		if (now >= capture->alive_ns + ALIVE_NS || now >= end_ns) {
			if (write_alive(capture, now - 2 * BLOCK_MS * NSEC_PER_MSEC) < 0)
				return -1;
			capture->alive_ns = now;
		}
		if (now >= end_ns)
			return close_bucket(capture);
		if (end_ns == UINT64_MAX && atomic_load(&capture->stop))
			end_ns = now + 2 * BLOCK_MS * NSEC_PER_MSEC;
		/* The descriptor can stay readable while a block is still being filled. */
		clock_sleep_until_ns(now + 20 * NSEC_PER_MSEC);
		poll(&ring, 1, BLOCK_MS / 2);
	}
}

static void *capture_run(void *arg)
{
	struct capture *capture = arg;

	stamp_init(&capture->stamp, 3 * BLOCK_MS * NSEC_PER_MSEC);
	if (confine_thread(&capture->err) < 0 || capture_until_stopped(capture) < 0)
		capture->failed = true;
	return NULL;
}

static void capture_free(struct capture *capture)
{
	struct err err;

	if (capture->pcap)
		pcap_close(capture->pcap);
	if (tape_close(capture->tape, &err) < 0)
		log_warn("%s", err.text);
	if (tape_close(capture->tcp_tape, &err) < 0)
		log_warn("%s", err.text);
	if (packet_log_close(capture->log, &err) < 0)
		log_warn("%s", err.text);
	pcap_sample_close(capture->sample);
	flows_free(capture->flows);
	free(capture->tallies);
	free(capture);
}

static struct tape *open_tape(const struct capture_start *start, const char *suffix,
	const char *magic, size_t record_size, struct err *err)
{
	struct tape_label label = {
		.magic = magic,
		.record_size = record_size,
		.region = start->region,
		.n_regions = start->n_regions,
		.period_ns = CAPTURE_BUCKET_NS,
		.epoch_ns = start->epoch_ns,
	};
	struct buf name = {0};
	struct tape *tape;

	buf_printf(&name, "%u%s", start->region, suffix);
	tape = tape_create(start->dir, name.data, &label, err);
	buf_release(&name);
	return tape;
}

static int open_log(struct capture *capture, const struct capture_start *start, struct err *err)
{
	capture->log = packet_log_open(&(struct packet_log_start){.dir = start->dir,
					       .region = start->region,
					       .n_regions = start->n_regions,
					       .epoch_ns = start->epoch_ns,
					       .wish = start->log},
		err);
	return capture->log ? 0 : -1;
}

/* Before privileges are given up: nothing is opened afterwards. */
static int open_files(struct capture *capture, const struct capture_start *start, struct err *err)
{
	capture->tape =
		open_tape(start, CAPTURE_SUFFIX, CAPTURE_MAGIC, sizeof(struct capture_record), err);
	if (!capture->tape)
		return -1;
	capture->tcp_tape = open_tape(start, CAPTURE_TCP_SUFFIX, CAPTURE_TCP_MAGIC,
		sizeof(struct capture_tcp_record), err);
	if (!capture->tcp_tape || (start->log && start->log->n && open_log(capture, start, err)))
		return -1;
	if (start->wish.keep == PCAP_KEEP_NONE)
		return 0;
	capture->sample = pcap_sample_open(start->dir, start->region, &start->wish, err);
	return capture->sample ? 0 : -1;
}

static int start_thread(struct capture *capture, struct err *err)
{
	int rc = pthread_create(&capture->thread, NULL, capture_run, capture);

	if (rc) {
		errno = rc;
		return err_sys(err, "cannot start the capture's thread");
	}
	return 0;
}

struct capture *capture_open(const struct capture_start *start, struct err *err)
{
	struct capture *capture = calloc(1, sizeof(*capture));
	struct opening opening = {capture, start};
	size_t n = (size_t)start->n_regions * CAPTURE_WAYS * CAPTURE_OWNERS;

	if (!capture)
		abort();
	capture->region = start->region;
	capture->n_regions = start->n_regions;
	capture->book = start->book;
	atomic_store(&capture->epoch_ns, start->epoch_ns ? start->epoch_ns : UINT64_MAX);
	capture->tallies = calloc(n, sizeof(struct tally));
	if (!capture->tallies)
		abort();
	capture->flows = flows_new();
	if (netns_run(start->site_netns_fd, open_pcap, &opening, err) == 0 &&
		open_files(capture, start, err) == 0 && start_thread(capture, err) == 0)
		return capture;
	capture_free(capture);
	return NULL;
}

int capture_begin(struct capture *capture, uint64_t epoch_ns, struct err *err)
{
	if (tape_set_epoch(capture->tape, epoch_ns, err) < 0 ||
		tape_set_epoch(capture->tcp_tape, epoch_ns, err) < 0 ||
		(capture->log && packet_log_begin(capture->log, epoch_ns, err) < 0))
		return -1;
	atomic_store(&capture->epoch_ns, epoch_ns);
	return 0;
}

void capture_stop(struct capture *capture)
{
	atomic_store(&capture->stop, true);
}

uint64_t capture_close(struct capture *capture)
{
	uint64_t dropped;

	capture_stop(capture);
	pthread_join(capture->thread, NULL);
	if (capture->failed)
		log_warn("the capture ended early: %s", capture->err.text);
	dropped = capture->dropped;
	capture_free(capture);
	return dropped;
}
