#!/bin/sh
# runner: alone, long, timeout 200
# Connections that outlive a change of the name they were made for are caught, and nobody else is.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without gdnsd gdnsdctl unbound dnsmasq bash

check "a name leads away from those who serve on" run_scenario pools dns-pools
verdict "everybody is in one region before" pools \
	"routing.share for users in steady from eu-west to us-east" ok
verdict "clients that ask the name leave" pools \
	"routing.share for users in drained from eu-west to us-east" ok
verdict "and in time" pools "dns.overstay for users" ok
verdict "connections that live for 3 s leave in time" pools "dns.overstay for short-pool" ok
verdict "those that live for an hour are caught" pools "dns.overstay for pool" FAIL
verdict "the name leads back" pools "dns.return_time for names in drained" ok
verdict "and the clients with it" pools "routing.share for users in recovery from eu-west to us-east" ok
for group in users short-pool pool; do
	echo "# $group stay $(measured pools "dns.overstay for $group") s beyond the TTL"
done
done_testing
