/*
 * beacon_seconds: packets sent and arrived, by the second in which they were sent, for whoever watches a run
 * while it goes on.
 *
 * Loss and delay can be told of a second once all of its packets have had time to arrive: it is reported
 * DUE_NS after its end, and a later packet counts as lost here. Certificates come from the tapes. No lock:
 * the sender alone counts what was sent, the receiver what came, and the main thread clears a second long
 * before it comes around again.
 */
#ifndef PROBES_BEACON_SECONDS_H
#define PROBES_BEACON_SECONDS_H

#include <stdint.h>

#define BEACON_SECONDS_DUE_NS (1500 * UINT64_C(1000000))

struct beacon_seconds;
struct jv;

struct beacon_seconds *beacon_seconds_new(unsigned n_regions);
void beacon_seconds_free(struct beacon_seconds *seconds);
/* sent_ns: since the run's zero, as all times here. */
void beacon_seconds_sent(struct beacon_seconds *seconds, unsigned to, uint64_t sent_ns);
void beacon_seconds_arrived(
	struct beacon_seconds *seconds, unsigned from, uint64_t sent_ns, uint64_t delay_ns);
/* {type:"progress", second, sent:[n, ..], arrived:[[n, mean_ns, max_ns], ..]} by region, of the next
 * second that is due at now_ns; NULL: none is. Owned by the caller. */
struct jv *beacon_seconds_report(struct beacon_seconds *seconds, uint64_t now_ns);

#endif
