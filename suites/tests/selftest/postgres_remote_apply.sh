#!/bin/sh
# runner: alone, long, timeout 240
# PostgreSQL with remote_apply at both standbys: what is acknowledged can be read everywhere.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without /usr/lib/postgresql/15/bin/postgres bash unshare

check "a standby is cut off" run_scenario both postgres-remote-apply
verdict "who wrote reads it at any standby" both read_your_writes.violations ok
verdict "nothing acknowledged is lost" both writes.lost ok
done_testing
