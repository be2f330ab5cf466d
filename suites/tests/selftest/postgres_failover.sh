#!/bin/sh
# runner: alone, long, timeout 400
# PostgreSQL replicating asynchronously: stale first reads, two primaries and lost writes are caught.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without /usr/lib/postgresql/15/bin/postgres bash unshare

lost_are_of_the_cut() {
	grep 'acknowledged before the fault was in force' async/out
	[ "$(measured async writes.lost)" -gt 10 ]
}

check "the primary is cut off and a standby promoted" run_scenario async postgres-async-cut
verdict "a write is not found at the standby by who made it" \
	async "read_your_writes.violations in steady" FAIL
verdict "promotion without fencing makes two primaries" async split_brain.window FAIL
verdict "the writes of the old one are lost" async writes.lost FAIL
check "more than ten of them" lost_are_of_the_cut
verdict "the failover is within its bound" async "failover.rto in cut" ok
echo "# $(measured async writes.lost) lost, split brain $(measured async split_brain.window) s"
done_testing
