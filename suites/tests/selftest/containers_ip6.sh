#!/bin/sh
# runner: alone, long, timeout 240
# Clients reach containers over IPv4 or over IPv6, as the scenario says, and the faults hold for both.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/containers.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/containers_watch.sh"
docker_skip
command -v python3 >/dev/null || skip_all "python3 is not installed"

# Of the packets that the run captured: those between clients and Redis, by IP version.
count_packets() { # RUN
	addresses=$(for name in eu us ap by; do docker_ip $name; docker_ip6 $name; done |
		paste -sd,)
	python3 "$REGIONPROOF_ROOT/suites/tests/helpers/packets.py" 6379 "$addresses" \
		"$1"/latest/record/*/*.pcap >"$1/packets"
	echo "# $1: packets of clients, IPv4 and IPv6: $(cat "$1/packets")"
}

all_on() { # RUN 4|6
	cat "$1/packets"
	read -r four six <"$1/packets"
	if [ "$2" = 6 ]; then
		[ "$six" -gt 200 ] && [ "$four" = 0 ]
	else
		[ "$four" -gt 200 ] && [ "$six" = 0 ]
	fi
}

in_force() {
	cat "$1/out"
	grep -q ' cut  *in force ' "$1/out" && ! grep -q 'fault cut:' "$1/out"
}

over() { # RUN 4|6|auto 4|6
	IP=$2
	export IP
	check "a region is cut off while clients speak IPv$3 (ip: $2)" \
		run_scenario "$1" ../tests/selftest/containers
	check "which the certificate says of both families" in_force "$1"
	count_packets "$1"
	check "every packet of theirs went over IPv$3" all_on "$1" "$3"
	verdict "writes from the other side fail meanwhile" "$1" \
		"availability for writes in cut at us" ok
	verdict "and succeed afterwards" "$1" "availability for writes in recovery at us" ok
	check "nothing of the run is left" watch_nothing_left
}

docker_up || skip_all "no Docker daemon comes up here: $(tail -n 1 docker.log)"
check "three containers and a bystander run" docker_three
over six 6 6
over some auto 4
docker_down
done_testing
