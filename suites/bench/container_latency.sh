#!/bin/bash
# What an attached but idle site costs a running container: round trips of a bystander on the same network
# to it, before, while it is adopted and no fault lies on that way, and afterwards. Within its region nothing
# of ours but one more bridge is in between; from elsewhere its frames pass the engine, unimpaired.
#
# Needs root, dockerd, containerd, runc, docker, redis-server, ping; everything in namespaces of its own.
[ -n "$CAGED" ] || exec unshare -nmpf --mount-proc env CAGED=1 "$0" "$@"
REGIONPROOF_ROOT=$(cd "$(dirname "$0")/../.." && pwd)
REGIONPROOF_BUILD=$REGIONPROOF_ROOT/${B:-build}
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/containers.sh"
ip link set lo up
cd "$(mktemp -d)" || exit 1
docker_skip
trap 'docker_down' EXIT
docker_up || { tail -n 3 docker.log; exit 1; }
docker_network wan 1
docker_region eu wan && docker_region us wan && docker_redis by wan
docker_redis eu2 wan --label regionproof.region=eu --label regionproof.allow=true

rounds() { # FROM TO: "p50 p99" in us
	docker_in "$1" ping -q -c 50 -i 0.002 "$(docker_ip "$2")" >/dev/null # neighbours are known then
	docker_in "$1" ping -c 3000 -i 0.002 "$(docker_ip "$2")" |
		sed -n 's/.* time=\([0-9.]*\) ms/\1/p' | sort -n |
		awk '{ v[NR] = $1 * 1000 } END { printf "%d %d", v[int(NR * .5)], v[int(NR * .99)] }'
}

row() { # WHEN
	# shellcheck disable=SC2046 # words on purpose
	printf '%-26s %8d %8d %12d %8d\n' "$1" $(rounds by eu) $(rounds eu2 eu)
}

attached() { # ENGINE
	"$REGIONPROOF_BUILD/regionproof" inject --between eu,us --delay 1ms --for 5m --engine "$1" \
		>inject.out 2>&1 &
	inject=$!
	if docker_await 100 grep -q 'in force' inject.out; then
		row "attached, engine $1"
		kill -INT $inject
		wait $inject
		[ $? = 130 ]
	else
		wait $inject
	fi
}

printf '%-26s %17s %21s\n' "round trip in us" "from a bystander" "within the region"
printf '%-26s %8s %8s %12s %8s\n' "" p50 p99 p50 p99
row "before"
for engine in wire netem; do
	attached $engine || echo "engine $engine: $(tail -n 1 inject.out)"
done
row "after"
