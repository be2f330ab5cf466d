#!/bin/sh
# runner: alone, long, timeout 120
# A system that no driver of ours knows, by a program in shell: what memcached had acknowledged before a
# restart is found to be lost.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without memcached bash timeout

check "memcached is restarted" run_scenario cache memcached-restart
verdict "what it had acknowledged is lost, and that is caught" cache "writes.lost" FAIL
verdict "it serves before" cache "availability in steady" ok
verdict "and again behind" cache "availability in recovery" ok
# A program that is not there is this machine's matter, and told before anybody works.
sed 's/command: bash -c/command: no-such-program -c/' "$REGIONPROOF_ROOT/fixtures/systems/memcached.yaml" \
	>memcached.yaml
mkdir -p share/systems share/links
mv memcached.yaml share/systems
missing() {
	"$REGIONPROOF_BUILD/regionproof" run --share=share --runs=missing \
		"$REGIONPROOF_ROOT/suites/scenarios/memcached-restart.yaml" >missing.out 2>&1
	code=$?
	cat missing.out
	echo "exit $code"
	[ $code = 4 ] && grep -q 'driver exec: "no-such-program -c": the program ended' missing.out
}
check "a program that cannot be started ends in 4" missing
done_testing
