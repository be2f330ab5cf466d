#!/bin/sh
# runner: steady, timeout 120
# A slow disk is proven where it acts, and nothing is left of it when all of ours is killed.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without

tool=$REGIONPROOF_BUILD/regionproof
scenario=$REGIONPROOF_ROOT/suites/tests/selftest/slow-disk.yaml
$tool doctor --json >doctor 2>&1
grep -A1 '"check": "slow disks"' doctor | grep -q '"ok": true' ||
	skip_all "no disk can be made slow here: $(grep -A2 '"check": "slow disks"' doctor | tail -n 1)"

in_force() { # FAULT LEAST-MS MOST-MS: as long as asked, and not before it and after it
	cat run/out
	sed -n "s/^.* $1  *in force .*took \([0-9.]*\) ms (\([0-9.]*\) ms before.*/\1 \2/p" run/out >took
	sed -n "s/^.* $1  *gone .* s  *\([0-9.]*\) ms at its end, \([0-9.]*\) ms after.*/\1 \2/p" \
		run/out >>took
	awk -v least="$2" -v most="$3" \
		'{ n += $1 >= least && $1 <= most && $2 < least / 2 } END { exit n != 2 }' took
}

# The loop devices that stand on a file of ours.
devices() {
	for backing in /sys/block/loop*/loop/backing_file; do
		[ -r "$backing" ] && [ "$(cat "$backing")" = /disk ] && echo "$backing"
	done
}

killed_in_mid_fault() {
	devices >before
	"$tool" run --runs=killed "$scenario" >out 2>err &
	controller=$!
	for i in $(seq 100); do
		grep -q "slow-disk us-east" err && break
		sleep 0.1
	done
	sleep 0.5
	devices >during
	kill -9 $controller
	wait $controller 2>/dev/null
	for i in $(seq 30); do
		devices >after
		cmp -s before after && break
		sleep 0.1
	done
	cat before during after
	[ "$(wc -l <during)" -gt "$(wc -l <before)" ] && cmp before after
}

refuses() { # WHAT SENTENCE
	sed "$1" "$scenario" >wrong.yaml
	"$tool" check wrong.yaml >said 2>&1
	status=$?
	cat said
	[ $status = 3 ] && grep -q "$2" said
}

devices >at_first
check "a disk is slow" run_file run "$scenario"
check "by its delay, from beginning to end" in_force late 20 60
check "and by its throughput" in_force narrow 190 2000
verdict "a store that syncs is as fast as its disk before" run "latency.p50 for writes in steady" ok
verdict "and as slow as it then" run "latency.p50 for writes in late" FAIL
grep " in force \| gone " run/out | sed "s/^/#/"
grep "latency.p50" run/out | sed "s/^/#/"
devices >at_last
check "the disk is gone with the run" cmp at_first at_last
check "nothing is left when all is killed in mid-fault" killed_in_mid_fault
check "a disk that is as fast as ever is refused" \
	refuses "s/ delay: 10ms,//" "say how slow"
check "and one that is full as well" \
	refuses "s/slow-disk: \(.*\) throughput: 1mb,/disk-full: \1/" "either made full or made slow"
done_testing
