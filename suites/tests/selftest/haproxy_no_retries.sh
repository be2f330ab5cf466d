#!/bin/sh
# runner: alone, long, timeout 120
# Without retries the requests that meet a dead application fail until two checks have, and are caught.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without haproxy

HAPROXY_RETRIES=0
export HAPROXY_RETRIES
check "an application dies, and nothing is tried again" run_scenario lb haproxy-failover
verdict "the failed requests are caught" lb "errors.count for users" FAIL
verdict "the switch comes all the same" lb "latency.p50 for reads in death at us-east" ok
done_testing
