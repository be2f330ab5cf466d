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
done_testing
