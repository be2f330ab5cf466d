/*
 * frame: which region an Ethernet frame is for, and whether it may be impaired at all.
 *
 * The region is that of the destination MAC (fixtures/net/book.h). ARP and ICMPv6 types 133-137 (router
 * and neighbour discovery, redirect) are exempt, with and without VLAN tags; an ICMPv6 header behind
 * extension headers is not looked for, which is also what netem's u32 filters see.
 */
#ifndef CHAOS_ENGINES_FRAME_H
#define CHAOS_ENGINES_FRAME_H

#include <stddef.h>
#include <stdint.h>

struct book;

enum frame_class {
	FRAME_NEUTRAL, /* broadcast, multicast, unknown, or of the region itself */
	FRAME_EXEMPT,  /* neighbour discovery for region `to` */
	FRAME_LINK,    /* for region `to` */
};

/* data may be shorter than any header: such a frame is neutral. book may be NULL. */
enum frame_class frame_classify(const struct book *book, const uint8_t *data, size_t len,
	unsigned own, unsigned n_regions, unsigned *to);

#endif
