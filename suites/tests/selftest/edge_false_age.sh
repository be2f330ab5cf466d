#!/bin/sh
# runner: alone, long, timeout 200
# An edge whose header Age is always 0 is caught lying.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without varnishd nginx

EDGE_AGE=zero
export EDGE_AGE
check "varnish says that all of its copies are fresh" run_scenario edge edge-origin-lost
verdict "the ages are held against the bodies" edge "edge.age_understated.max for by-varnish" FAIL
verdict "the false ages are caught" edge "stale_flags.false for by-varnish" FAIL
verdict "and the stale copies under them" edge "stale_reads.unflagged for by-varnish" FAIL
verdict "its copies are no older for that" edge "edge.age.max for by-varnish" ok
done_testing
