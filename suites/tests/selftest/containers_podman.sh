#!/bin/sh
# runner: alone, long, timeout 180
# The same on Podman: an injection by hand, and a scenario that cuts a region off.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/containers.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/containers_watch.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/podman.sh"
podman_skip

program=$REGIONPROOF_BUILD/regionproof

facts() {
	for container in eu us ap by; do watch_facts $container; done | sed 's/ tentative / /'
}

rtt() { # FROM ADDRESS: median in us
	docker_in "$1" ping -c 20 -i 0.02 "$2" >rtt.ping && watch_median rtt
}

injects() { # the delay is there in both families, the bystander's way is not touched
	"$program" inject --runtime podman --between eu,us --delay 20ms --for 20s >inject.out 2>&1 &
	pid=$!
	docker_await 100 grep -q 'in force' inject.out || { cat inject.out; return 1; }
	four=$(rtt us "$(docker_ip eu)") six=$(rtt us "$(docker_ip6 eu)") by=$(rtt by "$(docker_ip eu)")
	kill -INT $pid
	wait $pid
	cat inject.out
	echo "# round trips: $four us, IPv6 $six us, a bystander's $by us" | tee rtts
	[ "$four" -gt 39000 ] && [ "$four" -lt 60000 ] && [ "$six" -gt 39000 ] && [ "$by" -lt 10000 ]
}

podman_up || skip_all "no Podman service comes up here: $(tail -n 1 podman.log)"
check "three containers and a bystander run" podman_three
facts >before
watch_connect local by "$(docker_ip eu)"
watch_connect across us "$(docker_ip eu)"
check "an injection delays both families and no bystander" injects
cat rtts
mkdir scenario
sed 's/runtime: docker/runtime: podman/' "$REGIONPROOF_ROOT/suites/tests/selftest/containers.yaml" \
	>scenario/podman.yaml
check "a region of containers is cut off" run_scenario run \
	"../..${PWD#"$REGIONPROOF_ROOT"}/scenario/podman"
verdict "no acknowledged write is lost" run "writes.lost" ok
verdict "reads go on in the cut-off region" run "availability for reads in cut at eu" ok
verdict "writes from the other side fail meanwhile" run "availability for writes in cut at us" ok
verdict "and succeed afterwards" run "availability for writes in recovery at us" ok
watch_stop
facts >after
check "start, interfaces, addresses, routes and ports are what they were" diff before after
check "nothing is left" watch_nothing_left
check "open connections live through both" sh -c 'cat *.state; [ "$(cat *.state)" = "open
open" ]'
podman_down
done_testing
