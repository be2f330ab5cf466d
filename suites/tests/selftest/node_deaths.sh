#!/bin/sh
# runner: steady, long, timeout 300
# A node that is killed, one that is frozen and nodes that are restarted, in the scenarios that we ship: another one
# takes over, and nothing acknowledged is lost.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without

was_done() { # NAME FAULT: begun and over; were it not proven, the verdicts below would be void
	cat "$1/out"
	grep -q "^ *[0-9.]*s  $2  *lifted" "$1/out" && ! grep -q "^ *[0-9.]*s  $2  *\(not proven\|void\)" "$1/out"
}

check "the primary is killed" run_scenario kill node-kill
check "that was done" was_done kill killed
verdict "another one takes writes" kill "failover.rto in killed" ok
verdict "and nothing acknowledged is lost" kill "writes.lost" ok
check "the primary is frozen" run_scenario pause node-pause
check "that was done" was_done pause frozen
verdict "another one takes writes" pause "failover.rto in frozen" ok
verdict "the old one acknowledges none when it wakes up" pause "split_brain.window" ok
verdict "and nothing acknowledged is lost" pause "writes.lost" ok
check "nodes are restarted, one after the other" run_scenario restart node-restart
for fault in replica-restarted primary-restarted; do
	check "$fault was done" was_done restart $fault
done
verdict "writes go on while a replica is restarted" restart "availability for writes in replica-restarted" ok
verdict "and nothing acknowledged is lost" restart "writes.lost" ok
done_testing
