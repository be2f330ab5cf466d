#include "probes/pcap_sample.h"
#include "probes/flows.h"

#include <stdio.h>
#include <stdlib.h>

#include <pcap/pcap.h>

#define SNAP_MAX 65535
#define RECORD_BYTES 16 /* of the file's own, before each packet */

struct pcap_sample {
	pcap_t *dead;
	pcap_dumper_t *dumper;
	struct pcap_wish wish;
	uint64_t used;
};

struct pcap_sample *pcap_sample_open(
	const char *dir, unsigned region, const struct pcap_wish *wish, struct err *err)
{
	struct pcap_sample *sample = calloc(1, sizeof(*sample));
	char path[1200];

	if (!sample)
		abort();
	sample->wish = *wish;
	snprintf(path, sizeof(path), "%s/%u" PCAP_SUFFIX, dir, region);
	sample->dead = pcap_open_dead_with_tstamp_precision(
		DLT_EN10MB, SNAP_MAX, PCAP_TSTAMP_PRECISION_NANO);
	if (sample->dead)
		sample->dumper = pcap_dump_open(sample->dead, path);
	if (sample->dumper)
		return sample;
	err_set(err, "cannot create %s: %s", path,
		sample->dead ? pcap_geterr(sample->dead) : "no memory");
	pcap_sample_close(sample);
	return NULL;
}

/* What may have been used by then: a tenth at once, the rest with time. */
static uint64_t allowance(const struct pcap_wish *wish, uint64_t at_ns)
{
	double passed = wish->length_ns ? (double)at_ns / (double)wish->length_ns : 1;

	return (uint64_t)((double)wish->limit_bytes * (0.1 + 0.9 * (passed < 1 ? passed : 1)));
}

void pcap_sample_see(struct pcap_sample *sample, const struct pcap_pkthdr *header,
	const uint8_t *frame, uint64_t at_ns, uint32_t nth)
{
	bool control = frame_is_control(frame, header->caplen);
	uint64_t limit = control ? sample->wish.limit_bytes : allowance(&sample->wish, at_ns);
	struct pcap_pkthdr kept = *header;

	if (nth >= PCAP_SAMPLE_FIRST && !control)
		return;
	if (sample->wish.keep == PCAP_KEEP_HEADERS)
		kept.caplen = (bpf_u_int32)frame_header_bytes(frame, header->caplen);
	if (sample->used + kept.caplen + RECORD_BYTES > limit)
		return;
	sample->used += kept.caplen + RECORD_BYTES;
	pcap_dump((u_char *)sample->dumper, &kept, frame);
}

void pcap_sample_close(struct pcap_sample *sample)
{
	if (!sample)
		return;
	if (sample->dumper)
		pcap_dump_close(sample->dumper);
	if (sample->dead)
		pcap_close(sample->dead);
	free(sample);
}
