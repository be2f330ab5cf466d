#!/bin/sh
# runner: steady, timeout 200
# DNS failover through honest resolvers holds; a resolver that keeps answers beyond the TTL is caught.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/dns_verdicts.sh"
skip_without gdnsd gdnsdctl unbound dnsmasq bash

# Nothing sees the failover before the authority does.
in_order() {
	authority=$(measured dns "dns.switch_time for authority in death")
	for resolver in unbound dnsmasq; do
		later=$(measured dns "dns.switch_time for via-$resolver in death")
		echo "authority $authority s, $resolver $later s"
		awk "BEGIN { exit !($later + 0.1 >= $authority && $authority > 0) }" || return 1
	done
}

check "an application dies and its region's clients are led to another" run_scenario dns dns-failover
dns_failover_verdicts dns
check "resolvers see it after the authority" in_order
dns_switch_times dns
done_testing
