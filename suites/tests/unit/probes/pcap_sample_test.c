#include "probes/pcap_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include <cmocka.h>

#define HEADERS 54
#define BYTES 154

struct sample {
	char dir[64], path[96];
	struct pcap_sample *pcap;
	uint8_t frame[BYTES];
};

static void begin(struct sample *s, struct pcap_wish wish)
{
	struct err err;

	*s = (struct sample){.dir = "/tmp/regionproof-pcap-XXXXXX"};
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->path, sizeof(s->path), "%s/2" PCAP_SUFFIX, s->dir);
	s->pcap = pcap_sample_open(s->dir, 2, &wish, &err);
	assert_non_null(s->pcap);
	s->frame[12] = 8;
	s->frame[14] = 0x45;
	s->frame[17] = 140;
	s->frame[23] = 6;
	s->frame[46] = 0x50;
	memset(s->frame + HEADERS, 'p', BYTES - HEADERS); /* the password */
}

static void see(struct sample *s, bool syn, uint64_t at_ns, uint32_t nth)
{
	struct pcap_pkthdr header = {.ts = {7, 123456789}, .caplen = BYTES, .len = BYTES};

	s->frame[47] = syn ? 2 : 16;
	pcap_sample_see(s->pcap, &header, s->frame, at_ns, nth);
}

/* Packets of the file, read by libpcap; the bytes of the longest in *longest. */
static unsigned end(struct sample *s, unsigned *longest)
{
	char text[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *header;
	const u_char *frame;
	pcap_t *file;
	unsigned n = 0;

	pcap_sample_close(s->pcap);
	file = pcap_open_offline_with_tstamp_precision(s->path, PCAP_TSTAMP_PRECISION_NANO, text);
	assert_non_null(file);
	*longest = 0;
	while (pcap_next_ex(file, &header, &frame) == 1) {
		assert_int_equal(header->ts.tv_usec, 123456789);
		assert_int_equal(header->len, BYTES);
		*longest = header->caplen > *longest ? header->caplen : *longest;
		n++;
	}
	pcap_close(file);
	unlink(s->path);
	rmdir(s->dir);
	return n;
}

static void payload_is_kept_only_where_asked_for(void **state)
{
	struct sample s;
	unsigned longest;

	(void)state;
	begin(&s, (struct pcap_wish){.keep = PCAP_KEEP_HEADERS, .limit_bytes = 1 << 20});
	see(&s, false, 0, 0);
	assert_int_equal(end(&s, &longest), 1);
	assert_int_equal(longest, HEADERS);
	begin(&s, (struct pcap_wish){.keep = PCAP_KEEP_PACKETS, .limit_bytes = 1 << 20});
	see(&s, false, 0, 0);
	assert_int_equal(end(&s, &longest), 1);
	assert_int_equal(longest, BYTES);
}

static void first_of_a_bucket_are_kept_and_all_that_opens_or_closes(void **state)
{
	struct sample s;
	unsigned longest;

	(void)state;
	begin(&s, (struct pcap_wish){.keep = PCAP_KEEP_HEADERS, .limit_bytes = 1 << 20});
	for (uint32_t nth = 0; nth < 10; nth++)
		see(&s, false, 0, nth);
	for (uint32_t nth = 10; nth < 15; nth++)
		see(&s, true, 0, nth);
	assert_int_equal(end(&s, &longest), PCAP_SAMPLE_FIRST + 5);
}

static void limit_is_spread_over_the_run(void **state)
{
	uint64_t length_ns = UINT64_C(10000000000);
	struct sample s;
	unsigned longest, n;

	(void)state;
	begin(&s,
		(struct pcap_wish){.keep = PCAP_KEEP_HEADERS,
			.limit_bytes = 100 * (HEADERS + 16),
			.length_ns = length_ns});
	for (unsigned i = 0; i < 1000; i++)
		see(&s, false, 0, 0);
	for (unsigned i = 0; i < 1000; i++)
		see(&s, false, length_ns / 2, 0);
	n = end(&s, &longest);
	assert_in_range(n, 50, 56); /* a tenth, and half of the rest */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(payload_is_kept_only_where_asked_for),
		cmocka_unit_test(first_of_a_bucket_are_kept_and_all_that_opens_or_closes),
		cmocka_unit_test(limit_is_spread_over_the_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
