/*
 * capture: which of the system's own packets crossed between which regions, and when.
 *
 * Beacons prove the link; they do not prove that the system uses it. The capture (libpcap, headers
 * only) sits on the uplink of a site, before the engine, and counts packets by direction, the other
 * region, and whose they are (by MAC, fixtures/net/book.h: what a prober or a beacon sends or gets
 * is ours, everything else is the system's), in buckets of 10 ms. Out at the sender = attempted; in
 * at the receiver = crossed. Runs as a thread of the beacon process, into *.capture. What
 * TCP connections went through (flows.h) goes into *.tcp, a sample of the packets into *.pcap; where
 * asked for, single packets into *.packets (packet_log.h).
 *
 * Not counted: ARP and ICMPv6 types 133-137, which no engine impairs and which prove nothing about
 * the system; multicast and broadcast; MACs of no region. With segmentation offload (pure delay)
 * one packet here may be up to 45 segments; bytes are right in any case.
 */
#ifndef PROBES_CAPTURE_H
#define PROBES_CAPTURE_H

#include "fixtures/base/err.h"

#include "probes/flows.h"
#include "probes/packet_log.h"
#include "probes/pcap_sample.h"

#include <stddef.h>
#include <stdint.h>

#define CAPTURE_SUFFIX ".capture"
#define CAPTURE_TCP_SUFFIX ".tcp"
#define CAPTURE_BUCKET_NS (10 * UINT64_C(1000000))

/* The last two are nobody's: answers that came in from an engine which refuses in place of the peer (by MAC,
 * addr.h), to any host but a beacon. They have not crossed. */
enum capture_owner {
	CAPTURE_SYSTEM,
	CAPTURE_PROBER,
	CAPTURE_BEACON,
	CAPTURE_REFUSAL_RST,
	CAPTURE_REFUSAL_ICMP
};
enum capture_way { CAPTURE_OUT, CAPTURE_IN };

struct capture_count {
	uint64_t at_ns; /* start of the bucket, since the run's epoch */
	uint64_t bytes;
	uint32_t packets;
	uint8_t region, peer; /* observer, the other end */
	uint8_t way, owner;
};

/* One region's capture watched during this time. A region without one saw nothing because nobody
 * looked. */
struct capture_cover {
	uint64_t from_ns, to_ns;
	uint64_t dropped; /* packets that the kernel dropped before we saw them */
	uint32_t region;
};

/* A connection was asked for, answered, had to repeat itself or was reset; seen at `region`, where
 * retransmissions are told of the sender only (what arrives twice may only have been reordered). */
struct capture_tcp {
	uint64_t at_ns, value_ns;
	uint8_t region, peer, way, owner;
	uint8_t kind; /* enum flow_event_kind */
};

struct captures {
	struct capture_count *counts; /* sorted by at_ns */
	size_t n;
	struct capture_cover *covers;
	size_t n_covers;
	struct capture_tcp *tcp; /* sorted by at_ns */
	size_t n_tcp;
	struct packet_log_record *packets; /* sorted by at_ns */
	size_t n_packets;
};

struct book;
struct capture;

struct capture_start {
	int site_netns_fd;
	const char *uplink; /* interface of that namespace */
	unsigned region, n_regions;
	const struct book *book; /* may be NULL */
	uint64_t epoch_ns;       /* 0: not known yet, capture_begin() says it */
	const char *dir;
	struct pcap_wish wish;             /* what is kept for people */
	const struct packet_log_wish *log; /* NULL: no single packets are logged */
};

/* Counts from the epoch until capture_close, in a thread of its own that holds no privileges. NULL
 * where libpcap cannot open the interface. */
struct capture *capture_open(const struct capture_start *start, struct err *err);
int capture_begin(struct capture *capture, uint64_t epoch_ns, struct err *err);
/* What comes from now on need not be counted. Does not wait; capture_close() then waits less. */
void capture_stop(struct capture *capture);
/* Stops, writes the last buckets; returns how many packets the kernel dropped before we saw them. */
uint64_t capture_close(struct capture *capture);

int captures_load_dir(struct captures *captures, const char *dir, struct err *err);
void captures_release(struct captures *captures);

#endif
