/*
 * pcap_sample: packets of the system kept for people, as a pcap file of bounded size.
 *
 * Headers only, unless packets are asked for whole: payloads carry passwords and customers' data.
 * A run of minutes has more packets than anybody keeps, so this is a sample: everything that opens
 * or closes a TCP connection (SYN, FIN, RST), and of each 10 ms, direction and pair of regions the
 * first few, spread over the length of the run so that the limit is not used up by its beginning. What
 * proves anything is counted elsewhere, over all packets (capture.h).
 */
#ifndef PROBES_PCAP_SAMPLE_H
#define PROBES_PCAP_SAMPLE_H

#include "fixtures/base/err.h"

#include <stdint.h>

#define PCAP_SUFFIX ".pcap"
#define PCAP_SAMPLE_FIRST 2

enum pcap_keep { PCAP_KEEP_HEADERS, PCAP_KEEP_PACKETS, PCAP_KEEP_NONE };

struct pcap_pkthdr;
struct pcap_sample;

struct pcap_wish {
	enum pcap_keep keep;
	uint64_t limit_bytes; /* of the file */
	uint64_t length_ns;   /* how long the run is meant to be; 0: not known */
};

/* Creates dir/N.pcap. NULL with a sentence. */
struct pcap_sample *pcap_sample_open(
	const char *dir, unsigned region, const struct pcap_wish *wish, struct err *err);
/* at_ns: since the run's epoch; nth: how many packets of its bucket came before it. */
void pcap_sample_see(struct pcap_sample *sample, const struct pcap_pkthdr *header,
	const uint8_t *frame, uint64_t at_ns, uint32_t nth);
/* Accepts NULL. */
void pcap_sample_close(struct pcap_sample *sample);

#endif
