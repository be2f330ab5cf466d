# containers: a Docker daemon of the test's own, an image of what is installed here, and three regions
# with Redis beside a bystander. Source it after tap.sh.
#
#	docker_skip                     skip all where no daemon can run
#	docker_up                       the daemon and an image with Redis; DOCKER_HOST is exported
#	docker_image NAME PROGRAM...    another image
#	docker_three                    the network "wan" (IPv4 and IPv6), containers eu, us, ap and "by"
#	docker_down                     containers first, then the daemon
#	docker_in NAME COMMAND...       in the network namespace of a container
#	docker_ip NAME / docker_ip6 NAME
#
# The runner's cage has process, mount and network namespaces of its own, so the daemon shares nothing
# with one of this machine, and what is left goes with the cage. Nothing is pulled: the image is made of
# the programs of this machine and the libraries that ldd names, which takes a second.

docker_skip() {
	for program in dockerd containerd runc docker ping redis-server redis-cli nsenter bash; do
		command -v $program >/dev/null || skip_all "$program is not installed"
	done
	[ "$(id -u)" = 0 ] && [ -w /proc/sys/net/ipv4/ip_forward ] ||
		skip_all "a Docker daemon needs root and namespaces of its own"
	docker_host_netns=$(readlink /proc/self/ns/net)
}

docker_tree() { # DIRECTORY PROGRAM...
	tree=$1
	shift
	mkdir -p "$tree/usr/bin" "$tree/tmp" "$tree/data" "$tree/proc" "$tree/etc"
	ln -s usr/bin "$tree/bin"
	for program; do
		path=$(command -v "$program")
		cp -L "$path" "$tree/usr/bin/"
		ldd "$path" | sed -n 's/ (0x.*//; s/.*=> //; s/^[[:space:]]*//; /^\//p'
	done | sort -u | while read -r library; do
		mkdir -p "$tree${library%/*}"
		cp -L "$library" "$tree$library"
	done
}

# In a mount of memory with a short name (containerd gives up on sockets of long ones): image layers are
# copied whole by the one driver that needs no file system of its own. /run is one as well, so that the
# journals there are those of the test alone.
docker_up() {
	mount -t tmpfs -o mode=755,size=64m regionproof-run /run || return 1
	docker_dir=$(mktemp -d /tmp/rpd.XXXXXX) || return 1
	mount -t tmpfs -o size=1g regionproof-docker "$docker_dir" || return 1
	echo 1 >/proc/sys/net/ipv4/ip_forward
	export DOCKER_HOST="unix://$docker_dir/sock" XDG_RUNTIME_DIR="$docker_dir/run"
	mkdir -m 700 "$docker_dir/run"
	dockerd --data-root "$docker_dir/data" --exec-root "$docker_dir/exec" --storage-driver vfs \
		--pidfile "$docker_dir/pid" -H "$DOCKER_HOST" --bip 10.213.0.1/24 \
		--iptables=false --ip6tables=false >docker.log 2>&1 &
	docker_pid=$!
	docker_await 600 docker info >/dev/null 2>&1 || { tail -n 5 docker.log; return 1; }
	docker_image regionproof-test redis-server redis-cli sh sleep
}

docker_image() { # NAME PROGRAM...
	image=$1
	shift
	docker_tree "$docker_dir/tree" "$@" || return 1
	tar -C "$docker_dir/tree" -c . | docker import - "$image" >/dev/null
	rm -rf "$docker_dir/tree"
}

docker_await() { # TIMES COMMAND...: every 50 ms until it succeeds
	tries=$1
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] && kill -0 "$docker_pid" 2>/dev/null || return 1
		sleep 0.05
	done
}

docker_network() { # NAME THIRD-BYTE [MTU]
	docker network create --ipv6 --subnet "10.214.$2.0/24" --subnet "fd52:$2::/64" \
		-o com.docker.network.driver.mtu="${3:-1500}" "$1" >/dev/null
}

docker_redis() { # NAME NETWORK DOCKER-OPTION...
	name=$1
	network=$2
	shift 2
	role=
	[ "$name" = eu ] || [ "$name" = by ] || role="--replicaof eu 6379"
	# shellcheck disable=SC2086 # words on purpose
	docker run -d --name "$name" --network "$network" "$@" regionproof-test redis-server \
		--bind 0.0.0.0 :: --protected-mode no --save '' --dir /data $role >/dev/null
}

docker_state() { # NAME: "running", "paused", "exited"
	docker inspect -f '{{.State.Status}}' "$1"
}

docker_region() { # NAME NETWORK DOCKER-OPTION...: its region is its name
	docker_redis "$@" --label regionproof.region="$1" --label regionproof.allow=true
}

docker_three() {
	docker_network wan 1 "$@" || return 1
	for region in eu us ap; do
		docker_region $region wan || return 1
	done
	docker_redis by wan || return 1
	docker_await 400 docker_in_sync
}

docker_in_sync() {
	docker_in eu redis-cli INFO replication | grep -q '^connected_slaves:2'
}

docker_pid_of() {
	docker inspect -f '{{.State.Pid}}' "$1"
}

docker_in() { # NAME COMMAND...
	pid=$(docker_pid_of "$1")
	shift
	nsenter -t "$pid" -n "$@"
}

docker_ip() {
	docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{"\n"}}{{end}}' "$1" |
		head -n 1
}

docker_ip6() {
	docker inspect -f '{{range .NetworkSettings.Networks}}{{.GlobalIPv6Address}}{{"\n"}}{{end}}' \
		"$1" | head -n 1
}

docker_down() {
	docker ps -aq | xargs -r docker rm -f >/dev/null 2>&1
	kill "$docker_pid" 2>/dev/null
	wait "$docker_pid"
	awk -v dir="$docker_dir/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo |
		sort -r | xargs -r umount -l
	umount -l "$docker_dir" && rmdir "$docker_dir"
}
