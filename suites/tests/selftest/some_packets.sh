#!/bin/sh
# runner: steady, timeout 200
# Faults on some packets of a link: proven by these packets, found by the judge, refused where an engine
# cannot tell them apart.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
here=$REGIONPROOF_ROOT/suites/tests/selftest
skip_without

proven() { # NAME FAULT: packets that were meant were sent and none of them crossed
	cat "$1/out"
	sed -n "s/^ .*  $2  *in force .* \([0-9]*\) of the system's \([0-9]*\) packets did not cross/\1 \2/p" "$1/out" |
		while read -r stopped sent; do
			[ "$sent" -gt 2 ] && [ "$stopped" = "$sent" ] && echo yes
		done | grep -q yes
}

refused() { # WORD FILE
	"$REGIONPROOF_BUILD/regionproof" check --engine netem "$2" >out 2>err
	status=$?
	cat err
	[ "$status" = 3 ] && grep -q "$1" err
}

check "replication is cut, clients go on" run_scenario cut replication-cut
check "that is proven by its packets" proven cut cut
verdict "clients reach every region" cut "availability for reads in cut at eu-west" ok
verdict "acknowledged writes that nobody had a copy of are found lost" cut "writes.lost" FAIL
check "three faults on packets of clients run" run_file some "$here/some_packets.yaml"
for fault in no-new forgotten black-hole; do
	check "$fault is proven by its packets" proven some $fault
done
verdict "who is connected goes on" some "availability for writes in no-new" ok
verdict "large writes hang in a black hole" some "availability for writes in black-hole" ok
check "netem refuses established connections" refused "memory of connections" "$here/some_packets.yaml"
check "and says where" refused "some_packets.yaml:[0-9]*:[0-9]*: fault 'forgotten'" "$here/some_packets.yaml"
check "it can cut replication" "$REGIONPROOF_BUILD/regionproof" check --engine netem \
	"$REGIONPROOF_ROOT/suites/scenarios/replication-cut.yaml"
done_testing
