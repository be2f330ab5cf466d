#!/bin/sh
# runner: alone, long, timeout 600
# A TTL of a minute is felt, there and back. About 180 s.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without gdnsd gdnsdctl unbound dnsmasq bash

check "an application dies for longer than the TTL" run_scenario minute dns-minute
verdict "the authority knows soon" minute "dns.switch_time for authority in death" ok
verdict "a resolver within the TTL" minute "dns.switch_time for via-unbound in death .*< " ok
verdict "and not before" minute "dns.switch_time for via-unbound in death .*> " ok
verdict "the clients with it" minute "availability.window for reads in death at us-east" ok
verdict "other regions feel nothing" minute "availability for reads in death at eu-west" ok
verdict "the way back takes as long" minute "dns.return_time for via-unbound in death" ok
verdict "nobody stays where the name no longer leads" minute "dns.overstay for users" ok
verdict "the resolver keeps to the TTL" minute "dns.ttl_violations for via-unbound" ok
verdict "one that does not is caught" minute "dns.ttl_violations for via-hoarder" FAIL
echo "# switched after $(measured minute 'dns.switch_time for via-unbound in death') s, back after" \
	"$(measured minute 'dns.return_time for via-unbound in death') s"
done_testing
