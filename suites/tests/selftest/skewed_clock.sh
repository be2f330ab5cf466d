#!/bin/sh
# runner: alone, long, timeout 200
# A clock that goes wrong makes later writes lose where the store believes clocks; one that is true does not.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without
ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || skip_all "libfaketime is not installed"

in_force() { # NAME
	cat "$1/out"
	grep -q "  skewed  *in force .*told the wrong time" "$1/out"
}

check "the clock of a region falls behind" run_scenario wall skewed-clock
check "which a program in the node has seen" in_force wall
verdict "the later write loses" wall "version_order.inversions" FAIL
verdict "no write of its own key is lost" wall "writes.lost" ok
verdict "all regions end equal" wall "divergence.keys" ok

BEHIND=1ms
export BEHIND
check "the same with a clock that is as good as true" run_scenario true skewed-clock
verdict "the later write stays there, too" true "version_order.inversions" ok
done_testing
