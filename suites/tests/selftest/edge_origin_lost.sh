#!/bin/sh
# runner: alone, timeout 200
# An edge that serves stale copies for a while and says so passes; one that does it for ever and does
# not is caught.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without varnishd nginx

check "the origin is cut off from its edges" run_scenario edge edge-origin-lost
check "varnish says how old its copies are" \
	verdict edge "stale_reads.unflagged for by-varnish" ok
check "and what it says is true" verdict edge "stale_flags.false for by-varnish" ok
check "varnish keeps to its ttl and grace" verdict edge "edge.age.max for by-varnish" ok
check "then it gives no answer" verdict edge "errors.count for by-varnish in cut at eu-west" ok
check "nginx without an Age is caught" verdict edge "stale_reads.unflagged for by-nginx" FAIL
check "nginx without a limit is caught" verdict edge "edge.age.max for by-nginx" FAIL
echo "# oldest from varnish $(measured edge 'edge.age.max for by-varnish') s," \
	"from nginx $(measured edge 'edge.age.max for by-nginx') s"
done_testing
