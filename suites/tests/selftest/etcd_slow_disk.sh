#!/bin/sh
# runner: steady, long, timeout 200
# etcd syncs before it acknowledges: while its leader's disk is slow, so are its writes.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without etcd etcdctl bash
"$REGIONPROOF_BUILD/regionproof" doctor 2>&1 | grep -q "^ok  slow disks" ||
	skip_all "no disk can be made slow here"

in_force() { # NAME LEAST-MS: of what our own block took, where 10 ms a request were asked
	cat "$1/out"
	sed -n "s/.*dragging  *in force .* took \([0-9]*\).*/\1/p" "$1/out" >took
	[ "$(cat took)" -ge "$2" ]
}

check "the disk of the leader is slow" run_scenario slow etcd-slow-disk
check "which is proven" in_force slow 20
verdict "writes are fast before" slow "latency.p50 for writes in steady" ok
verdict "slower while it lasts, and all end" slow "errors for writes in dragging" ok
verdict "and fast after it" slow "latency.p50 for writes in recovery" ok
verdict "none is lost" slow writes.lost ok
grep " in force \| gone \|latency.p50" slow/out | sed "s/^/#/"

DELAY=50ms
export DELAY
check "the disk is slower than what is asked of it" run_scenario stuck etcd-slow-disk
verdict "writes queue" stuck "latency.p50 for writes in dragging" FAIL
verdict "and none is lost all the same" stuck writes.lost ok
done_testing
