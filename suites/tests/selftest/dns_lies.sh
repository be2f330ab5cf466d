#!/bin/sh
# runner: alone, long, timeout 200
# Name servers lie in five ways; each is proven by asking, and verdicts follow those that matter.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without gdnsd gdnsdctl unbound dnsmasq bash

in_force() { # LIE
	cat lies/out
	grep -q "  $1  *in force .*answered as it was told to" lies/out
}

check "a region's resolver lies" run_scenario lies dns-lies
for lie in nobody broken late misled stale; do
	check "the lie $lie is proven" in_force $lie
done
verdict "before, every answer leads to the nearest region" lies "routing.nearest_share for asking in steady" ok
verdict "an answer that leads elsewhere is caught" lies "routing.nearest_share for asking in misled" FAIL
verdict "before, nothing fails" lies "errors for asking in steady" ok
verdict "a server that fails is caught" lies "errors for asking in broken" FAIL
verdict "a late one is caught" lies "latency.p90 for asking in late" FAIL
verdict "and after the lies all is well" lies "errors for asking in after" ok
done_testing
