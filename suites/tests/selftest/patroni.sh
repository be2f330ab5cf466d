#!/bin/sh
# runner: alone, long, timeout 1500
# PostgreSQL under Patroni: with synchronous_mode the failover loses nothing, without it the last writes of
# the cut region. That Patroni 3.0.2 takes the lead back after the heal where it speaks v3 with etcd must be caught
# where its own log says so, and nowhere else.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without patroni etcd /usr/lib/postgresql/15/bin/postgres bash unshare

took_it_back() { # NAME: the server that was cut off promoted itself
	grep -h 'promoted self to leader because I had the session lock' \
		"$1"/latest/record/us-east/*.log
}

agrees() { # NAME
	cat "$1/out"
	if took_it_back "$1"; then
		grep -q '^  FAIL  *split_brain.window  ' "$1/out"
	else
		grep -q '^  ok  *split_brain.window  ' "$1/out"
	fi
}

check "synchronous, and the primary's region is cut off" run_scenario sync patroni-cut
verdict "no two servers take writes, neither in the cut nor after it" sync "split_brain.window  " ok
verdict "the failover is within its bound" sync "failover.rto in cut" ok
verdict "nothing acknowledged is lost" sync writes.lost ok

SYNCHRONOUS=no
export SYNCHRONOUS
check "asynchronous" run_scenario async patroni-cut
verdict "the last writes of the cut region are lost" async writes.lost FAIL
unset SYNCHRONOUS

ETCD_API=v3
export ETCD_API
check "synchronous, over v3" run_scenario taken patroni-cut
verdict "no two servers take writes during the cut" taken "split_brain.window in cut" ok
if grep "^  inconclusive  *split_brain.window  " taken/out | grep -q "$verdicts_busy"; then
	skip "after the heal the verdict is what Patroni's log says" "this machine was too busy"
else
	check "after the heal the verdict is what Patroni's log says" agrees taken
fi
for name in sync async taken; do
	echo "# $name: $(measured $name writes.lost) lost, failover $(measured $name "failover.rto in cut") s," \
		"two led for $(measured $name split_brain.window) s"
done
done_testing
