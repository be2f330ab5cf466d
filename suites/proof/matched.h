/*
 * matched: was a fault on some packets only in force? Told by these packets themselves.
 *
 * No beacon need be among them, so what the captures logged of single packets (probes/packet_log.h) is
 * asked instead: of what the sender's region let out and the fault meant, what came in at the other end,
 * and when? That is a stream like a beacon's, and the same questions are asked of it (link.h): does it
 * contradict what was asked, and what was there before? With two more:
 *
 *   - such packets must have crossed before or after, or nobody knows that they would have
 *   - the logs must be whole: both captures looked all the time and the kernel dropped nothing, or a packet
 *     that nobody saw arrive would pass for one that was cut
 *
 * The packets are the system's and its clients'. Beacons that the fault does not mean are its
 * bystanders, and must not have moved: that is link.h's judgement.
 *
 * Which connections were new is decided by the SYNs in the log. One that began while the change was being
 * made counts on neither side.
 */
#ifndef SUITES_PROOF_MATCHED_H
#define SUITES_PROOF_MATCHED_H

#include "probes/packet_log.h"
#include "suites/proof/link.h"

struct plan;

/* Fills *link's matched part and its exercise; may make its status worse. */
void matched_judge(const struct proof *proof, const struct certificate_asked *asked,
	struct certificate_link *link);

/* What has to be logged for it: all around faults on some packets. */
struct packet_log_wish matched_wish(const struct plan *plan);
/* Does a fault with this match act on beacons? Over one family only: never, sizes are above theirs. */
bool matched_hits_beacons(const struct match *match);

#endif
