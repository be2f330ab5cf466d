#!/bin/sh
# runner: alone, timeout 180
# A region of running containers is cut off and comes back: judged, not restarted, not noticed by open
# connections nor by a bystander on the same network.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/containers.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/containers_watch.sh"
docker_skip

program=$REGIONPROOF_BUILD/regionproof

facts() {
	for container in eu us ap by; do watch_facts $container; done
}

same_facts() {
	diff before after && [ "$(grep -c '^veth' before)" = 4 ]
}

flows_on() { # LABEL
	cat "$1.state"
	echo "$(wc -l <"$1.replies") answers, at most $(watch_longest "$1") ms apart"
	grep -q open "$1.state" && [ "$(wc -l <"$1.replies")" -gt 20 ]
}

# Answers came after the run as well, on the same socket.
flows_after_the_run() { # LABEL
	flows_on "$1" && awk -v end="$ended" 'END { exit !($1 > end) }' "$1.replies"
}

# No more than the half of the shortest delay laid (10 ms) may show, and no more pings be lost than
# given: a container that is moved has no carrier for some milliseconds, once there and once back.
undisturbed() { # LABEL LOST
	tail -n 3 "$1.ping"
	[ "$(watch_lost "$1")" -le "$2" ] && [ "$(watch_median "$1")" -lt 10000 ]
}

in_vain() { # SENTENCE OPTION...: exit 4, that sentence, and nothing happened
	sentence=$1
	shift
	"$program" inject --between eu,us --delay 10ms --for 1s "$@" >vain 2>&1
	code=$?
	cat vain
	echo "exit $code"
	[ $code = 4 ] && grep -q "$sentence" vain && ! grep -q 'in force' vain && watch_nothing_left
}

docker_up || skip_all "no Docker daemon comes up here: $(tail -n 1 docker.log)"
check "three containers and a bystander run" docker_three

# --- what is refused ---
docker_redis unlabelled wan --label regionproof.region=zz
docker_redis hosted host --label regionproof.region=hh --label regionproof.allow=true
docker_network lan 2
docker_region alone lan
check "no container of that region is an error" \
	in_vain "no running container .* has the label regionproof.region=mars" --between eu,mars
check "a container without the allow label is not touched" \
	in_vain "unlabelled .* does not carry the label regionproof.allow=true" --between eu,zz
check "a container on the host's network is not touched" \
	in_vain "hosted uses the network of the host itself" --between eu,hh
check "a network on which a container is not is an error" \
	in_vain "is not on the network lan" --network lan
check "containers that share no network are an error" \
	in_vain "share no network" --between eu,alone
check "a runtime that is not there is an error" \
	in_vain "no container runtime \"docker\" answers" --socket "$PWD/nobody"
docker network connect lan eu
docker network connect lan us
check "of several shared networks none is guessed" \
	in_vain 'share 2 networks (lan, wan): say which one joins the regions'
check "one that is named is taken" sh -c "'$program' inject --between eu,us --delay 10ms --for 200ms \
	--network wan | grep 'on network wan'"
docker network disconnect lan eu
docker network disconnect lan us
check "a name that fits nobody is no match" in_vain "with a name like e\[xyz\]" --name 'e[xyz]'
check "another compose service is no match" in_vain "of the service db" --service db
check "another compose project is no match" \
	in_vain "in the project other" --project other
docker rm -f unlabelled hosted alone >/dev/null

# --- a run ---
facts >before
watch_connect local by "$(docker_ip eu)"
watch_connect across us "$(docker_ip eu)"
watch_connect local6 by "$(docker_ip6 us)"
watch_ping gateway by 10.214.1.1
watch_ping member by "$(docker_ip us)"
watch_ping member6 by "$(docker_ip6 ap)"
sleep 1
check "a region of containers is cut off" run_scenario run ../tests/selftest/containers
ended=$(date +%s.%N)
sleep 1
watch_stop
facts >after
images_told() { # of three containers
	n=$(grep -A 1 '"name": "image of ' run/latest/run.json | grep -c 'sha256:[0-9a-f]\{64\}')
	echo "$n images"
	[ "$n" = 3 ]
}
check "which image each of them ran is in the result" images_told
verdict "no acknowledged write is lost" run "writes.lost" ok
verdict "reads go on in the cut-off region" run "availability for reads in cut at eu" ok
verdict "writes from the other side fail meanwhile" run "availability for writes in cut at us" ok
verdict "and succeed afterwards" run "availability for writes in recovery at us" ok
check "start, interfaces, addresses, routes and ports are what they were" same_facts
check "nothing of the run is left" watch_nothing_left
check "an open connection within a region goes on" flows_after_the_run local
check "the same over IPv6" flows_after_the_run local6
check "an open connection across the cut survives it" flows_after_the_run across
check "a bystander's pings of the gateway notice nothing" undisturbed gateway 0
check "those of a container in the run miss its two moves at most" undisturbed member 2
check "the same over IPv6" undisturbed member6 2
for label in gateway member member6; do
	echo "# pings, $label: median $(watch_median $label) us, $(watch_lost $label) lost"
done
for label in local local6 across; do
	echo "# connection, $label: $(wc -l <$label.replies) answers, at most" \
		"$(watch_longest $label) ms apart"
done

docker_down
done_testing
