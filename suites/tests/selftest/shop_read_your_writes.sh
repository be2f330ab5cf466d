#!/bin/sh
# runner: alone, long, timeout 420
# A web application before PostgreSQL, over HTTP by templates: the one that compares versions and falls back
# on the primary keeps read-your-writes and pays for it; the one that does not look is caught, and the one
# that believes clocks is as soon as one of them is behind.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without /usr/lib/postgresql/15/bin/postgres bash unshare
[ -x "$REGIONPROOF_BUILD/region-shop" ] || skip_all "built without libpq"
ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || skip_all "libfaketime is not installed"

check "versions are compared" run_scenario version shop-read-your-writes
verdict "sessions read their writes" version "read_your_writes.violations in steady" ok
verdict "whatever the clocks" version "read_your_writes.violations in skewed" ok
verdict "some reads pay the trip to the primary" version "fallback.share in steady .*> " ok
verdict "and most do not" version "fallback.share in steady .*< " ok
verdict "what is stale while the primary is away is marked" version "stale_reads.unflagged in cut" ok
verdict "no acknowledged write is lost" version writes.lost ok

COMPARE=none
export COMPARE
check "nothing is compared" run_scenario none shop-read-your-writes
verdict "sessions miss their writes, and are heard" none "read_your_writes.violations in steady" FAIL
verdict "nobody pays the trip" none "fallback.share in steady .*> " FAIL
verdict "nothing is marked" none "stale_reads.unflagged in cut" FAIL

COMPARE=time
check "times are compared" run_scenario time shop-read-your-writes
verdict "which holds while clocks agree" time "read_your_writes.violations in steady" ok
verdict "and not when one is behind" time "read_your_writes.violations in skewed" FAIL

SKEW=1ms
export SKEW
check "times are compared, and the clock is as good as true" run_scenario true shop-read-your-writes
verdict "sessions read their writes" true "read_your_writes.violations in skewed" ok
for name in version none time; do
	echo "# $name: fallback $(measured $name 'fallback.share in steady') %, steady" \
		"$(measured $name 'read_your_writes.violations in steady'), skewed" \
		"$(measured $name 'read_your_writes.violations in skewed') violations"
done
done_testing
