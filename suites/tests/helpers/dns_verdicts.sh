# dns_verdicts: what a failover by DNS must show, whoever the authority is. Source it after verdicts.sh.
#
#	dns_failover_verdicts NAME    test points of a run of dns-failover, or of one like it: honest resolvers
#	                              hold, and the one that keeps answers beyond the TTL is caught
#	dns_switch_times NAME         how long names led to the dead, as a comment

dns_failover_verdicts() {
	verdict "every lookup leads to the nearest region before" "$1" "routing.nearest_share in steady" ok
	for group in authority via-unbound via-dnsmasq; do
		verdict "$group sees the failover in time" "$1" "dns.switch_time for $group in death" ok
	done
	for resolver in unbound dnsmasq; do
		verdict "$resolver keeps to the TTL" "$1" "dns.ttl_violations for via-$resolver" ok
	done
	verdict "clients that follow the name are back in time" \
		"$1" "availability.window for reads in death at us-east" ok
	verdict "the resolver that ignores the TTL is caught" "$1" "dns.ttl_violations for via-hoarder" FAIL
	verdict "and its clients stay with the dead application" \
		"$1" "dns.switch_time for via-hoarder in death" FAIL
}

dns_switch_times() {
	echo "# authority $(measured "$1" 'dns.switch_time for authority in death') s," \
		"unbound $(measured "$1" 'dns.switch_time for via-unbound in death') s," \
		"dnsmasq $(measured "$1" 'dns.switch_time for via-dnsmasq in death') s"
}
