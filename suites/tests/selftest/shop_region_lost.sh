#!/bin/sh
# runner: alone, long, timeout 600
# A shop in three regions loses the one that takes writes: the time of its failover by DNS, load balancer and
# database. About 150 s a run.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without patroni etcd /usr/lib/postgresql/15/bin/postgres haproxy varnishd gdnsd unbound bash unshare
[ -x "$REGIONPROOF_BUILD/region-shop" ] || skip_all "built without libpq"

# "= database 23.21 s + load balancer 0.05 s + DNS 0.00 s + clients 0.14 s" under the line of the RTO
parts() { # LINE
	awk -v line="$1" 'index($0, line) { found = 1; next } found && /^ *= / { print; exit }' lost/out
}

has_parts() { # LINE: each layer is named, and the parts come to the whole
	parts "$1"
	parts "$1" | grep -q 'database .*load balancer .*DNS .*clients' || return 1
	whole=$(measured lost "$1")
	parts "$1" | awk -v whole="$whole" '{ for (i = 2; i <= NF; i++) if ($i == "s") sum += $(i - 1) }
		END { print "sum", sum, "of", whole; exit !(sum > whole - 0.5 && sum < whole + 0.5) }'
}

check "the region that takes writes is lost" run_scenario lost shop-region-lost
for region in us-east us-central us-west; do
	verdict "$region answers within 100 ms before" lost "latency.p99 for users in steady at $region" ok
done
verdict "names lead to the nearest region" lost "routing.nearest_share in steady" ok
verdict "the database fails over in time" lost "failover.layer for database in lost" ok
verdict "load balancers find it" lost "failover.layer for balancer in lost" ok
verdict "names lead elsewhere" lost "failover.layer for names in lost at us-east" ok
verdict "and back when the region is" lost "dns.return_time for names in lost" ok
verdict "the other regions can write again" lost "failover.rto in lost" ok
verdict "so can the customers of the lost one" lost "failover.rto in lost at us-east" ok
verdict "who could read before" lost "failover.rto for reads in lost at us-east" ok
for rto in "failover.rto in lost" "failover.rto in lost at us-east" "failover.rto for reads in lost at us-east"; do
	check "$rto is split over the layers" has_parts "$rto"
done
verdict "no acknowledged write is lost" lost writes.lost ok
verdict "no two databases take writes" lost "split_brain.window in lost" ok
verdict "all regions agree when it is back" lost divergence.keys ok
for rto in "failover.rto in lost at us-east" "failover.rto for reads in lost at us-east"; do
	echo "# $rto: $(measured lost "$rto") s $(parts "$rto")"
done
done_testing
