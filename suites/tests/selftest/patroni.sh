#!/bin/sh
# runner: alone, long, timeout 1500
# PostgreSQL under Patroni: with synchronous_mode the failover loses nothing, without it the last writes of
# the cut region. That Patroni 3.0.2 sometimes takes the lead back after the heal must be caught where its
# own log says so, and nowhere else.
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
verdict "no two servers take writes during the cut" sync "split_brain.window in cut" ok
verdict "the failover is within its bound" sync "failover.rto in cut" ok
if grep "^  inconclusive  *split_brain.window  " sync/out | grep -q "$verdicts_busy"; then
	skip "after the heal the verdict is what Patroni's log says" "this machine was too busy"
else
	check "after the heal the verdict is what Patroni's log says" agrees sync
fi
if took_it_back sync >/dev/null; then
	skip "nothing acknowledged is lost" "Patroni took the key of its successor"
else
	verdict "nothing acknowledged is lost" sync writes.lost ok
fi

SYNCHRONOUS=no
export SYNCHRONOUS
check "asynchronous" run_scenario async patroni-cut
verdict "the last writes of the cut region are lost" async writes.lost FAIL
for name in sync async; do
	echo "# $name: $(measured $name writes.lost) lost, failover $(measured $name "failover.rto in cut") s"
done
done_testing
