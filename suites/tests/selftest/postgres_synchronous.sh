#!/bin/sh
# runner: alone, long, timeout 900
# Synchronous PostgreSQL that promises less than it seems: a wait for any one standby, whose stale reads
# a narrow window would hide, and commits whose wait was cancelled.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without /usr/lib/postgresql/15/bin/postgres bash unshare

STANDBYS='ANY 1 (*)'
export STANDBYS
check "commits wait for any one standby" run_scenario any postgres-remote-apply
verdict "the other one's reads are stale" any read_your_writes.violations FAIL

WARNED=ok
export WARNED
check "waiting commits are cancelled" run_scenario careless postgres-sync-cancel
verdict "who does not look at warnings loses writes" careless writes.lost FAIL
WARNED=unknown
check "again, with clients that look" run_scenario careful postgres-sync-cancel
verdict "and were not told that their writes are safe" careful writes.lost ok
echo "# $(measured any read_your_writes.violations) stale reads, $(measured careless writes.lost) writes lost"
done_testing
