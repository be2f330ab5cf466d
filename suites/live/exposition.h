/* exposition: the vitals as OpenMetrics, for `regionproof watch`. Gauges only, of a low cardinality: regions,
 * pairs of regions, nodes. What is unknown has no line. Old Prometheus parsers read it as well. */
#ifndef SUITES_LIVE_EXPOSITION_H
#define SUITES_LIVE_EXPOSITION_H

#include <stdint.h>

struct buf;
struct jv;
struct plan;
struct vitals;

void exposition_write(
	const struct plan *plan, const struct vitals *vitals, uint64_t now_ns, struct buf *out);
/* {text}, owned by the caller. */
struct jv *exposition_new(const struct plan *plan, const struct vitals *vitals, uint64_t now_ns);

#endif
