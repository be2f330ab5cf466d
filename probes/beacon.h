/*
 * beacon: small sequence-numbered UDP packets between all ordered pairs of regions, the whole run.
 *
 * They prove what the links do: one-way delay (one clock on one host, so it is exact), loss, burst
 * length, reachability, per direction, family and phase; and the instants at which a fault came
 * into force and was gone, to within one period. They are judged by asked against measured in
 * suites/certificate.
 *
 * A process of its own in a leaf namespace; frames on its socket: {type:"start", at_ns} (at_ns: the
 * run's zero, where the configuration does not say it), {type:"stop"} in; out {type:"ready",
 * capture:bool, sentence} once its sockets are bound, {type:"progress", ...} of each second
 * (beacon_seconds.h), {type:"done", ...counts} after a stop and its
 * drain, {type:"error", sentence} when it ends on its own. Sending begins with "start", and what
 * arrives before waits in the sockets. Start and stop all regions together: a packet that was sent less than the
 * longest delay before its receiver ended is undecided.
 *
 * Files in its directory: what was sent (N.sent.beacons), what was received (N.received.beacons),
 * *.stalls, *.capture and *.pressure. The same process watches for stalls (a timer of 2 ms that wakes
 * late: the machine, the hypervisor or a SIGSTOP held us) and for a lack of processors (pressure.h).
 *
 * What counts as lost. A sample exists only for a packet whose fate is known: it arrived, or its
 * receiver was listening long enough after it and dropped nothing itself. The receiver proves that
 * it lives by a record every 100 ms; a receiver that was held (SIGSTOP) still listens, since the
 * kernel queues and stamps for it. So a sender that paused and a receiver that died both leave a
 * hole in the samples, never a loss.
 */
#ifndef PROBES_BEACON_H
#define PROBES_BEACON_H

#include "fixtures/base/err.h"
#include "probes/packet_log.h"
#include "probes/pcap_sample.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BEACONS_SUFFIX ".beacons"
#define STALLS_SUFFIX ".stalls"
#define STALL_MIN_NS (20 * UINT64_C(1000000))

struct beacon_config {
	unsigned region, n_regions;
	uint64_t period_ns; /* between two packets of one ordered pair and family */
	uint64_t epoch_ns;  /* 0: the instant of "start" */
	const char *dir;
	/* Capture counts packets on this interface of the site's namespace (see capture.h). -1: no
	 * capture. */
	int site_netns_fd;
	const char *uplink;         /* "a" */
	const struct book *book;    /* MACs that are none of a lab; NULL: none */
	struct pcap_wish wish;      /* what of the system's packets is kept for people */
	struct packet_log_wish log; /* when single packets are logged */
	bool forget;                /* keep no record: somebody only watches, maybe for ever */
};

/* 5 ms for few regions, longer so that one region sends at most 4000 packets a second. */
uint64_t beacon_period_ns(unsigned n_regions);
/* Call in the forked child, single-threaded, after it entered the leaf's namespace. Drops all
 * privileges once its sockets are open. Returns the child's exit status. */
int beacon_main(const struct beacon_config *config, int socket_fd);

enum beacon_family { BEACON_IP4, BEACON_IP6, BEACON_FAMILIES };

/* One beacon packet, sent and received joined. recv_ns 0: never arrived, though its receiver was
 * listening. Since the run's epoch. */
struct beacon_sample {
	uint64_t sent_ns, recv_ns;
	uint32_t seq;
	uint8_t from, to, family;
	uint8_t copies; /* 2 or more: duplicated on the way */
};

/* What one region's beacon process left behind. */
struct beacon_end {
	bool has_sent, has_received;           /* the files are there */
	uint64_t sent_from_ns, sent_to_ns;     /* first and last packet */
	uint64_t listen_from_ns, listen_to_ns; /* the receiver was alive */
	uint64_t overflow; /* packets that found its socket's queue full: undecided, not lost */
};

struct beacons {
	struct beacon_sample *samples; /* sorted by from, to, family, seq */
	size_t n;
	struct beacon_end *ends; /* n_regions of them */
	unsigned n_regions;      /* 0: no beacon files at all */
	uint64_t period_ns;
	size_t undecided; /* sent, but nobody can say whether it arrived */
	size_t unmatched; /* received, but the sender's file ends before it */
};
/* Every *.beacons file below dir. */
int beacons_load_dir(struct beacons *beacons, const char *dir, struct err *err);
void beacons_release(struct beacons *beacons);
/* The samples of one ordered pair and family, a slice of beacons->samples. */
const struct beacon_sample *beacons_stream(const struct beacons *beacons, unsigned from,
	unsigned to, enum beacon_family family, size_t *n);

/* The process of `region` was held from at_ns for at most length_ns (only above 20 ms). */
struct stall {
	uint64_t at_ns, length_ns;
	uint32_t region;
};
struct stalls {
	struct stall *stalls; /* sorted by at_ns */
	size_t n;
};
int stalls_load_dir(struct stalls *stalls, const char *dir, struct err *err);
void stalls_release(struct stalls *stalls);

#endif
