#!/bin/sh
# runner: alone, long, timeout 200
# DNS failover by PowerDNS's LUA records, judged like that of gdnsd: honest resolvers hold, and one that keeps
# answers beyond the TTL is caught.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without pdns_server unbound dnsmasq bash
[ -e /usr/lib/"$(uname -m)"-linux-gnu/pdns/libbindbackend.so ] ||
	skip_all "pdns-backend-bind is not installed"

check "an application dies and its region's clients are led to another" \
	run_scenario dns dns-failover-powerdns
verdict "every lookup leads to the nearest region before" dns "routing.nearest_share in steady" ok
for group in authority via-unbound via-dnsmasq; do
	verdict "$group sees the failover in time" dns "dns.switch_time for $group in death" ok
done
for resolver in unbound dnsmasq; do
	verdict "$resolver keeps to the TTL" dns "dns.ttl_violations for via-$resolver" ok
done
verdict "clients that follow the name are back in time" \
	dns "availability.window for reads in death at us-east" ok
verdict "the resolver that ignores the TTL is caught" dns "dns.ttl_violations for via-hoarder" FAIL
verdict "and its clients stay with the dead application" \
	dns "dns.switch_time for via-hoarder in death" FAIL
echo "# authority $(measured dns 'dns.switch_time for authority in death') s," \
	"unbound $(measured dns 'dns.switch_time for via-unbound in death') s," \
	"dnsmasq $(measured dns 'dns.switch_time for via-dnsmasq in death') s"
done_testing
