#!/bin/sh
# runner: steady, timeout 200
# Writes that conflict are counted and all regions end equal; a clock that is off makes later writes
# lose, which is told apart from conflicts.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without

above_zero() { # NAME LINE
	cat "$1/out"
	[ "$(measured "$1" "$2")" -gt 0 ]
}

check "a region that takes writes is cut off" run_scenario true active-active
verdict "no write of its own key is lost" true "writes.lost" ok
verdict "all regions end equal" true "divergence.keys" ok
verdict "the later write stays" true "version_order.inversions" ok
verdict "sessions read their writes" true "read_your_writes.violations" ok
check "conflicts are counted" above_zero true writes.conflict_lost

export CLOCK=wall OFFSET=us-east=-2s
check "one region's clock is two seconds behind" run_scenario behind active-active
verdict "the later write loses" behind "version_order.inversions" FAIL
verdict "sessions do not read their writes" behind "read_your_writes.violations" FAIL
verdict "all regions end equal all the same" behind "divergence.keys" ok
verdict "and no write of its own key is lost" behind "writes.lost" ok
echo "# discarded for a concurrent write: $(measured true writes.conflict_lost) of true clocks;" \
	"for an earlier one: $(measured behind version_order.inversions) with a clock behind"
done_testing
