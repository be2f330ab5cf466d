#!/bin/sh
# runner: alone, long, timeout 900
# A mesh of pglogical, last update wins: conflicts are counted and told apart from loss, all regions end equal;
# with one server's clock behind the later write loses.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without /usr/lib/postgresql/15/bin/pglogical_create_subscriber bash unshare

# Conflicts that the servers wrote into their logs themselves.
logged() { # NAME
	cat "$1"/latest/record/*/postgres.log | grep -c 'CONFLICT:'
}

counted() { # NAME
	echo "$(measured "$1" writes.conflict_lost) counted, $(logged "$1") in the logs"
	[ "$(measured "$1" writes.conflict_lost)" -gt 0 ] && [ "$(logged "$1")" -gt 0 ]
}

check "a region that takes writes is cut off" run_scenario true pglogical-mesh
verdict "the later write stays" true version_order.inversions ok
verdict "no write of its own key is lost" true writes.lost ok
verdict "all regions end equal" true divergence.keys ok
check "conflicts are counted, and stand in the servers' logs" counted true

if ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1; then
	export OFFSET=us-east=-3s
	check "one server's clock is three seconds behind" run_scenario behind pglogical-mesh
	verdict "the later write loses" behind version_order.inversions FAIL
	verdict "all regions end equal all the same" behind divergence.keys ok
else
	skip "one server's clock is behind" "libfaketime is not installed"
fi
echo "# $(counted true); settled after $(measured true convergence.time) s; with a clock behind" \
	"$(measured behind version_order.inversions) later writes lost"
done_testing
