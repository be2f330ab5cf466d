#!/bin/sh
# runner: steady, timeout 120
# Faults of nodes are proven where they act, and are gone when all of ours is killed.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without

tool=$REGIONPROOF_BUILD/regionproof
scenario=$REGIONPROOF_ROOT/suites/tests/selftest/node-faults.yaml
$tool doctor --json >doctor 2>&1
groups=$(sed -n 's/.*"result": "\([^"]*\)".*/\1/p;s/.*"check": "processor caps".*/here/p' doctor |
	sed -n '/^here$/{n;p;}')
grep -A1 '"check": "processor caps"' doctor | grep -q '"ok": true' ||
	skip_all "no control groups with the cpu controller here"
grep -A1 '"check": "libfaketime"' doctor | grep -q '"ok": true' ||
	skip_all "libfaketime is not installed"

runs() {
	"$tool" run --quiet --runs=runs "$scenario" >out 2>err
	status=$?
	cat out err
	[ $status -le 2 ]
}

in_force() { # FAULT PROOF
	cat out
	grep -q "  $1  *in force .*$2" out
}

# Killed while the cap is on: the guardian has nothing of it left within two seconds.
killed_in_mid_fault() {
	"$tool" run --runs=killed "$scenario" >out 2>err &
	controller=$!
	for i in $(seq 100); do
		grep -q "slow-cpu us-east" err && break
		sleep 0.1
	done
	sleep 0.3
	name=$(readlink killed/latest)
	ls -d "$groups/regionproof-$name"-* || return 1 # else nothing was there to undo
	kill -9 $controller
	wait $controller 2>/dev/null
	for i in $(seq 20); do
		ls -d "$groups/regionproof-$name"-* >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	ls -d "$groups/regionproof-$name"-*
	return 1
}

check "a node is slow, has a wrong clock and a full disk" runs
check "its cap is proven" in_force slow "held them back"
check "so is its clock" in_force wrong "told the wrong time"
check "and its full disk" in_force full "no space left on device"
check "before that it works" grep -q "^  ok    errors for writes in steady" out
check "a store whose disk is full takes no writes" grep -q "^  ok    errors for writes in full" out
check "nothing is left when all is killed in mid-fault" killed_in_mid_fault
done_testing
