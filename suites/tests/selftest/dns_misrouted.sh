#!/bin/sh
# runner: alone, long, timeout 200
# A map that sends everybody to the first region is caught, though failover by it works.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without gdnsd gdnsdctl unbound dnsmasq bash

DNS_MAP=first
export DNS_MAP
check "everybody is led to the first region" run_scenario dns dns-failover
verdict "which is not the nearest one for all" dns "routing.nearest_share in steady" FAIL
verdict "the failover is in time all the same" dns "dns.switch_time for via-unbound in death" ok
done_testing
