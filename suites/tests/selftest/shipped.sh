#!/bin/sh
# runner: alone, long, timeout 600
# Every scenario that we ship is run by a test, and the long one of the manual by this one.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without

tests=$REGIONPROOF_ROOT/suites/tests
is_run() {
	grep -qrwe "$1" "$tests/selftest" "$tests/helpers/redis_run.sh" \
		"$tests/unit/commands" "$tests/unit/explore_test.c"
}

for file in "$REGIONPROOF_ROOT"/suites/scenarios/*.yaml; do
	name=$(basename "$file" .yaml)
	check "$name is run by a test" is_run "$name"
done
check "the primary of a hybrid is cut off" run_scenario hybrid primary-partition-hybrid
verdict "another one takes writes in time" hybrid "failover.rto" ok
verdict "what only the old one had acknowledged is lost, and that is found" hybrid "writes.lost" FAIL
done_testing
