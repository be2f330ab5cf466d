#!/bin/sh
# runner: alone, long, timeout 300
# An edge that drops its copies when it is asked to passes; one that refuses to is caught, and so is one
# that only says so.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without varnishd nginx

refused_by_nginx() {
	cat edge/out
	"$REGIONPROOF_BUILD/regionproof" report --format=json --runs=edge latest >edge/json &&
		grep -q '"[^"]*purges met fresh copies, [1-9][0-9]* were refused' edge/json
}

check "copies are purged while their origin is written to" run_scenario edge edge-purge
for region in us-east eu-west ap-south; do
	verdict "varnish is fresh soon after a purge in $region" \
		edge "edge.purge_lag.p90 for by-varnish at $region" ok
done
verdict "no copy is older than max-age" edge "edge.stale_overruns for by-varnish" ok
verdict "nginx, which refuses, is caught" edge "edge.purge_lag.p90 for by-nginx" FAIL
check "with the number of its refusals" refused_by_nginx
echo "# p90 from varnish $(measured edge 'edge.purge_lag.p90 for by-varnish at eu-west') ms in eu-west," \
	"from nginx $(measured edge 'edge.purge_lag.p90 for by-nginx') s"

EDGE_PURGE=deaf
export EDGE_PURGE
check "varnish says that it purged, and does not" run_scenario deaf edge-purge
verdict "it is caught" deaf "edge.purge_lag.p90 for by-varnish at eu-west" FAIL
done_testing
