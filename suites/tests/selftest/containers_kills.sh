#!/bin/sh
# runner: alone, timeout 1200
# Processes of ours are killed by SIGKILL at random instants while containers are adopted, impaired or put
# back. Two seconds later nothing is left where the guardian lives, after `clean` where all died at once;
# containers keep interface, MAC, addresses, routes and one open TCP connection through all of it.
#
# Each shot is an `inject` of its own, which is what moves the containers; kills_test.c does the same to whole
# runs, and containers_deaths.sh to one that has killed and paused containers as well. Instants come from a
# seed, which is printed (REGIONPROOF_SEED repeats them). `make check-long` kills two hundred times, otherwise it
# is as often as ten seconds allow; REGIONPROOF_SHOTS=N says how often instead.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/containers.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/containers_watch.sh"
docker_skip

program=$REGIONPROOF_BUILD/regionproof
seed=${REGIONPROOF_SEED:-$(date +%s)}
[ -n "$REGIONPROOF_LONG" ] && wanted=200 seconds=900 || wanted=1000 seconds=10
[ -n "$REGIONPROOF_SHOTS" ] && wanted=$REGIONPROOF_SHOTS seconds=900
echo "# REGIONPROOF_SEED=$seed"

random() { # BELOW: the next number, in $number
	seed=$(((seed * 1103515245 + 12345) % 2147483648))
	number=$((seed / 1024 % $1))
}

facts() {
	for container in eu us ap; do watch_facts $container; done | sed 's/ tentative / /'
}

# Cheap, and asked again and again: all three are ports of their bridge, and nothing of ours is there.
is_undone() {
	[ "$(ip -o link show master "$bridge" | grep -c ': veth')" = 4 ] && watch_nothing_left
}

pids_of() { # VICTIM
	case $1 in
	controller) echo "$pid" ;;
	guardian) pgrep -x rp-guardian ;;
	forwarder) pgrep -x rp-wire | sed -n "$((which + 1))p" ;;
	all) echo "$pid"; pgrep rp- ;;
	esac
}

shoot() { # VICTIM WAIT-MS
	"$program" inject --between eu,us,ap --delay 20ms --loss 1% --for 1s >inject.out 2>&1 &
	pid=$!
	sleep "$(printf '0.%03d' "$2")"
	# shellcheck disable=SC2046 # words on purpose
	kill -KILL $(pids_of "$1") 2>/dev/null && fired=$((fired + 1))
	wait $pid
	status=$?
	[ "$1" = all ] && all=$((all + 1)) && { "$program" clean >clean.out 2>&1 || return 1; }
	docker_await 40 is_undone
}

tell_shot() {
	echo "$victim killed $wait_ms ms after the start, exit $status"
	cat inject.out clean.out 2>/dev/null
	ip -o link show
	find /run/regionproof -type f -exec cat {} +
	pgrep -l 'rp-'
}

fire_all() {
	fired=0 shots=0 bad=0 all=0
	until [ $fired -ge $wanted ] || [ "$(date +%s)" -ge "$end" ]; do
		random 4
		victim=$(echo controller guardian forwarder all | cut -d' ' -f$((number + 1)))
		random 3
		which=$number
		random 900
		wait_ms=$number
		shots=$((shots + 1))
		shoot $victim $wait_ms || { bad=$((bad + 1)); tell_shot; "$program" clean; }
		[ $((shots % 25)) != 0 ] || facts | diff before - || bad=$((bad + 1))
		rm -f clean.out
	done
	echo "$bad of $shots left something"
	[ $bad = 0 ]
}

flows() { # LABEL: answers come on the same socket
	n=$(wc -l <"$1.replies")
	cat "$1.state"
	docker_await 200 sh -c "[ \$(wc -l <$1.replies) -gt $n ] && grep -q open $1.state"
}

still_detects() { # the control: a shot after which nobody cleans is seen as left over
	"$program" inject --between eu,us,ap --delay 20ms --for 20s >inject.out 2>&1 &
	pid=$!
	docker_await 100 grep -q 'in force' inject.out
	# shellcheck disable=SC2046
	kill -KILL $(pids_of all)
	wait $pid
	sleep 1
	! is_undone && "$program" clean && docker_await 40 is_undone
}

docker_up || skip_all "no Docker daemon comes up here: $(tail -n 1 docker.log)"
check "three containers and a bystander run" docker_three
bridge=br-$(docker network inspect -f '{{.Id}}' wan | cut -c1-12)
facts >before
watch_connect local by "$(docker_ip eu)"
watch_connect across us "$(docker_ip ap)"
watch_connect six by "$(docker_ip6 us)"
began=$(date +%s)
end=$((began + seconds))
check "what nobody cleans is seen" still_detects
check "random kills leave nothing" fire_all
echo "# => $shots injections into containers, $fired kills, $(($(date +%s) - began)) s; $bad left something after 2 s" \
	"or after \`clean\` ($all where all of ours died at once)"
facts >after
check "interface, MAC, addresses, routes and ports are what they were" diff before after
for label in local across six; do
	check "the open connection '$label' lives through all of them" flows $label
	echo "# connection, $label: $(wc -l <$label.replies) answers, at most $(watch_longest $label) ms apart"
done
watch_stop
docker_down
done_testing
