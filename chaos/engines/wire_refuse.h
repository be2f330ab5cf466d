/*
 * wire_refuse: the answer of a cut that refuses, made from the frame that is dropped. Pure.
 *
 * To TCP a RST as the target would send it (RFC 9293, 3.10.7.1), or for everything "communication
 * administratively prohibited" (ICMP type 3 code 13, ICMPv6 type 1 code 1), from the target's address as
 * a firewall in front of it does. No answer to a RST, to an error or to a fragment after the first (RFC
 * 1122, 3.2.2; RFC 4443, 2.4). Its source MAC says for which region it answers and is no host's
 * (addr_refuser_mac), so that nobody who counts packets between regions takes it for one that crossed.
 */
#ifndef CHAOS_ENGINES_WIRE_REFUSE_H
#define CHAOS_ENGINES_WIRE_REFUSE_H

#include "chaos/impairment.h"

#include <stddef.h>
#include <stdint.h>

#define WIRE_REFUSAL_MAX 640

/* For a frame on its way to region `to`. The length of the Ethernet frame put into out; 0: this one is not answered. */
size_t wire_refuse(const uint8_t *frame, size_t len, unsigned to, enum reject how,
	uint8_t out[WIRE_REFUSAL_MAX]);

#endif
