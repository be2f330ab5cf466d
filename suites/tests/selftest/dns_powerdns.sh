#!/bin/sh
# runner: alone, long, timeout 200
# DNS failover by PowerDNS's LUA records, judged like that of gdnsd: honest resolvers hold, and one that keeps
# answers beyond the TTL is caught.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/dns_verdicts.sh"
skip_without pdns_server unbound dnsmasq bash
[ -e /usr/lib/"$(uname -m)"-linux-gnu/pdns/libbindbackend.so ] ||
	skip_all "pdns-backend-bind is not installed"

check "an application dies and its region's clients are led to another" \
	run_scenario dns dns-failover-powerdns
dns_failover_verdicts dns
dns_switch_times dns
done_testing
