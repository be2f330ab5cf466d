/*
 * push: the metrics of a run to a Prometheus Pushgateway.
 *
 * It speaks the older text and keeps one group per job and scenario: PUT replaces the group, so that
 * a metric which the newest run does not have is gone. A gateway is a cache of last values, not a
 * log of events.
 */
#ifndef SUITES_PUSH_H
#define SUITES_PUSH_H

#include "fixtures/base/err.h"

struct buf;
struct result;

/* url: "http://host:9091", with or without a path before /metrics. */
int push_metrics(const char *url, const struct result *result, struct err *err);
/* Where that goes: .../metrics/job/regionproof/scenario@base64/Zm9v */
void push_url(struct buf *out, const char *url, const char *scenario);

#endif
