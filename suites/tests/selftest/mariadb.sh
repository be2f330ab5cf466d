#!/bin/sh
# runner: alone, long, timeout 1500
# MariaDB: semi-synchronous replication that has waited its time-out falls back to asynchronous, and what it
# acknowledges then is lost at a failover; one that waits for as long as it takes loses nothing.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without mariadbd mariadb-install-db mariadb bash

fell_back() { # NAME: by the server's own log
	grep -h 'Semi-sync replication' "$1"/latest/record/us-east/*.log
	grep -qh 'Semi-sync replication switched OFF' "$1"/latest/record/us-east/*.log
}

check "semi-synchronous, and the primary's region is cut off" run_scenario semi mariadb-cut
check "the server says that it fell back" fell_back semi
verdict "what it took then is lost" semi writes.lost FAIL
verdict "two servers took writes" semi split_brain.window FAIL

SEMI_SYNC=off
export SEMI_SYNC
check "asynchronous" run_scenario async mariadb-cut
verdict "writes are lost from the first moment" async writes.lost FAIL
unset SEMI_SYNC

SEMI_SYNC_TIMEOUT=600000
export SEMI_SYNC_TIMEOUT
check "semi-synchronous without a time-out" run_scenario wait mariadb-cut
verdict "nothing is lost" wait writes.lost ok
verdict "and the old primary acknowledges nothing more" wait split_brain.window ok
for name in semi async wait; do
	echo "# $name: $(measured $name writes.lost) lost, failover $(measured $name "failover.rto in cut") s"
done
done_testing
