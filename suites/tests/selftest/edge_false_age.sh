#!/bin/sh
# runner: alone, long, timeout 200
# An edge whose header Age is always 0 is caught lying.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without varnishd nginx

EDGE_AGE=zero
export EDGE_AGE
check "varnish says that all of its copies are fresh" run_scenario edge edge-origin-lost
check "the false ages are caught" verdict edge "stale_flags.false for by-varnish" FAIL
check "and the stale copies under them" verdict edge "stale_reads.unflagged for by-varnish" FAIL
check "its copies are no older for that" verdict edge "edge.age.max for by-varnish" ok
done_testing
