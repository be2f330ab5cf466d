#!/bin/sh
# runner: alone, long, timeout 1500
# A shop whose replication stalls before its region is lost, as two variants of one scenario: what it acknowledges
# without synchronous replication is gone after the failover, and that is found. About 150 s a variant.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without patroni etcd /usr/lib/postgresql/15/bin/postgres haproxy varnishd gdnsd unbound bash unshare
[ -x "$REGIONPROOF_BUILD/region-shop" ] || skip_all "built without libpq"

check "both variants are run" run_scenario all shop-replication-stalls
for variant in synchronous asynchronous; do
	mkdir $variant
	check "the $variant shop has a run of its own" sh -c \
		"'$REGIONPROOF_BUILD/regionproof' report all/*-shop-replication-stalls-$variant >$variant/out"
	check "its replication stalled" sh -c "cat $variant/out; grep ' stall .* in force' $variant/out"
	verdict "another region takes over" $variant "failover.rto in lost" ok
	verdict "all regions agree in the end" $variant divergence.keys ok
done
verdict "with synchronous replication nothing acknowledged is lost" synchronous writes.lost ok
verdict "without it acknowledged writes are, and that is found" asynchronous writes.lost FAIL
if grep -q "$verdicts_busy" all/out; then
	skip "the table" "this machine was too busy"
else
	check "the table says pass and fail" sh -c "tail -n 5 all/out
		grep -q '^  synchronous   pass            0 ' all/out && grep -q '^  asynchronous  fail            1 ' all/out"
fi
for variant in synchronous asynchronous; do
	echo "# $variant: $(measured $variant writes.lost) acknowledged writes lost," \
		"failover $(measured $variant "failover.rto in lost") s"
done
done_testing
