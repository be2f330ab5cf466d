# containers_watch: what is true of containers before and after, and connections and pings that go on
# meanwhile. Source it after containers.sh.
#
#	watch_facts NAME                 what must stay: start, interfaces, addresses, routes, the port
#	watch_connect LABEL FROM ADDRESS one TCP connection from a container to a Redis, a PING 20 times a
#	                                 second; LABEL.replies: the time of each answer
#	watch_ping LABEL FROM ADDRESS    20 times a second; LABEL.ping
#	watch_stop                       ends both
#	watch_nothing_left               neither process, journal, mount nor interface of ours
#	watch_longest LABEL              the longest time between two answers, ms
#	watch_median LABEL               median RTT in us;  watch_lost LABEL: how many were not answered

watch_facts() {
	docker inspect -f '{{.State.StartedAt}} {{.RestartCount}}' "$1"
	docker_in "$1" ip -o -d address show
	docker_in "$1" ip route
	docker_in "$1" ip -6 route
	docker_in "$1" tc qdisc show
	# Its end on the host, but for its index, the number of its port (each the kernel's next free one)
	# and the bridge's timers. (/sys would show the host's own interfaces in here.)
	outer=$(docker_in "$1" ip -o link show eth0 | sed 's/.*eth0@if\([0-9]*\):.*/\1/')
	ip -d -o link show | grep "^$outer: veth" |
		sed 's/^[0-9]*: *//; s/_timer *[0-9.]*//g
			s/ port_id [^ ]* port_no [^ ]* designated_port [^ ]*//' || echo "no end on the host"
}

watch_connect() { # LABEL FROM ADDRESS
	docker_in "$2" bash -c 'exec 3<>"/dev/tcp/$0/6379" && echo open >"$1.state" || exit 1
		while [ ! -e stop ]; do
			printf "PING\r\n" >&3 && read -r -t 60 -u 3 answer && [ "${answer%?}" = +PONG ] ||
				{ echo broken >"$1.state"; exit 1; }
			echo "$EPOCHREALTIME" >>"$1.replies"
			sleep 0.05
		done' "$3" "$1" &
	watch_pids="$watch_pids $!"
}

watch_ping() { # LABEL FROM ADDRESS
	nsenter -t "$(docker_pid_of "$2")" -n ping -D -i 0.05 -W 2 "$3" >"$1.ping" 2>&1 &
	watch_pids="$watch_pids $!"
	watch_pings="$watch_pings $!"
}

watch_stop() {
	: >stop
	# shellcheck disable=SC2086 # words on purpose
	[ -z "$watch_pings" ] || kill -INT $watch_pings
	# shellcheck disable=SC2086
	wait $watch_pids
	rm stop
	watch_pids= watch_pings=
}

watch_nothing_left() {
	! ip -o link show | grep ': rp' && ! find /run/regionproof -type f 2>/dev/null | grep . &&
		! grep ' /run/regionproof/' /proc/self/mountinfo && ! pgrep -l 'rp-'
}

watch_longest() {
	awk 'NR > 1 && ($1 - last) * 1000 > most { most = ($1 - last) * 1000 } { last = $1 }
		END { printf "%d\n", most }' "$1.replies"
}

watch_median() {
	sed -n 's/.* time=\([0-9.]*\) ms/\1/p' "$1.ping" | sort -n |
		awk '{ v[NR] = $1 } END { printf "%d\n", v[int((NR + 1) / 2)] * 1000 }'
}

watch_lost() {
	awk '/packets transmitted/ { print $1 - $4 }' "$1.ping"
}
