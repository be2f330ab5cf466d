/*
 * refusal: was a cut that refuses told to those whose packets it stopped?
 *
 * Silence and refusal are different faults: who is refused gives up at once, who hears nothing waits. That
 * nothing crossed is judged elsewhere; here the capture of the sender's region is asked for the answers that
 * came in on its uplink, RSTs and ICMP errors (probes/capture.h). A packet that is a RST itself has no
 * answer, and neither have ICMP errors and fragments, so half of the others is enough; beacons do not
 * count. Fewer than REFUSABLE_MIN packets tell nothing. Rules of one link that refuse at the same time share
 * their answers.
 */
#ifndef SUITES_PROOF_REFUSAL_H
#define SUITES_PROOF_REFUSAL_H

#include "suites/proof/link.h"

#define REFUSABLE_MIN 3

/* Does the fault refuse what it cuts? */
bool refusal_is_asked(const struct certificate_asked *asked);
/* Packets of the system and of its clients that a cut of the whole link had to answer, sent in
 * [from_ns, to_ns). */
uint64_t refusal_count_refusable(const struct captures *captures,
	const struct certificate_asked *asked, uint64_t from_ns, uint64_t to_ns);
/* Sets *link's counts; may make it partial. */
void refusal_judge(const struct proof *proof, const struct certificate_asked *asked,
	uint64_t refusable, struct certificate_link *link);

#endif
