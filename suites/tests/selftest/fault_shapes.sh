#!/bin/sh
# runner: steady, timeout 200
# Partitions of other shapes: one that comes and goes, each of its cuts proven by itself, one that goes
# one way only, and a plug that is pulled.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without

in_force() { # NAME FAULT
	cat "$1/out"
	grep -q "  $2  *in force .* of the system's .* did not cross" "$1/out" &&
		grep -q "  $2  *gone " "$1/out"
}

check "a link flaps" run_scenario flap flapping-link
for cut in 1 2 3; do
	check "cut $cut of it is proven" in_force flap "flaky/$cut"
done
verdict "nothing acknowledged is lost by it" flap "writes.lost" ok
check "a primary hears and is not heard" run_scenario deaf asymmetric-partition
check "that is proven" in_force deaf deaf
verdict "and it acknowledges nothing that is lost" deaf "writes.lost" ok
check "the primary's plug is pulled" run_scenario plug link-down
verdict "another one takes writes" plug "failover.rto in unplugged" ok
verdict "and nothing acknowledged is lost" plug "writes.lost" ok
done_testing
