#!/bin/sh
# runner: steady, timeout 200
# An edge that serves stale copies for a while and says so passes; one that does it for ever and does
# not is caught.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without varnishd nginx

check "the origin is cut off from its edges" run_scenario edge edge-origin-lost
verdict "varnish says how old its copies are" \
	edge "stale_reads.unflagged for by-varnish" ok
verdict "and what it says is true" edge "stale_flags.false for by-varnish" ok
verdict "the header Age is right by the body" edge "edge.age_understated.max for by-varnish" ok
verdict "nobody waits within stale-while-revalidate" edge "edge.waits for by-varnish in steady" ok
verdict "stale-if-error is made use of" edge "edge.stale_refused for by-varnish in cut" ok
verdict "and no window overrun" edge "edge.stale_overruns for by-varnish" ok
verdict "varnish has an end to it" edge "edge.age.max for by-varnish" ok
verdict "then it gives no answer" edge "errors.count for by-varnish in cut at eu-west" ok
verdict "nginx without an Age is caught" edge "stale_reads.unflagged for by-nginx" FAIL
verdict "nginx without a limit is caught" edge "edge.stale_overruns for by-nginx" FAIL
verdict "and its copies are old" edge "edge.age.max for by-nginx" FAIL
echo "# oldest from varnish $(measured edge 'edge.age.max for by-varnish') s," \
	"from nginx $(measured edge 'edge.age.max for by-nginx') s"
done_testing
