#!/bin/sh
# runner: steady, timeout 120
# No request fails when an application dies behind its load balancer, and what HAProxy itself says of its
# servers meanwhile is what was done to them.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without haproxy nsenter bash

balancer() { # pid of the one in us-east, of this run
	for p in /proc/[0-9]*; do
		[ "$(cat "$p/comm" 2>/dev/null)" = haproxy ] || continue
		case $(readlink "$p/cwd") in
		"$PWD/lb/"*/work/us-east/nodes/haproxy) echo "${p#/proc/}"; return ;;
		esac
	done
}

# "us-east UP" or "us-east DOWN", as its statistics have it.
state() {
	nsenter -t "$1" -n bash -c 'exec 3<>"/dev/tcp/$0/9999" && echo "show stat" >&3 &&
		timeout 2 cat <&3' "$2" | awk -F , '$1 == "apps" && $2 == "us-east" { sub(/ .*/, "", $18); print $2, $18 }'
}

# Once a quarter of a second what it says, with the time of the run's progress.
watch_states() {
	until [ -e watched ]; do
		pid=$(balancer)
		[ -z "$pid" ] || state "$pid" 198.18.0.11 >>states 2>/dev/null
		sleep 0.25
	done
}

up_down_up() {
	cat states
	uniq states | tr '\n' ' ' | grep -q 'us-east UP us-east DOWN us-east UP $'
}

: >states
watch_states &
check "an application dies behind its load balancer" run_scenario lb haproxy-failover
: >watched
wait
verdict "no request fails" lb "errors.count for users" ok
verdict "before it the local application answers" lb "latency.p50 for reads in steady at us-east" ok
verdict "then another region's does" lb "latency.p50 for reads in death at us-east" ok
verdict "the switch takes two checks" lb "availability.window for reads in death at us-east" ok
check "HAProxy says up, down and up again" up_down_up
echo "# nothing was answered in us-east for" \
	"$(measured lb 'availability.window for reads in death at us-east') s"
done_testing
