# podman: Podman's API service of the test's own, and three regions with Redis. Source it after
# containers.sh, whose docker_in, docker_ip and so on then speak to Podman: its API is Docker's as well.
#
#	podman_skip                     skip all where it cannot run
#	podman_up                       the service; DOCKER_HOST and CONTAINER_HOST are exported
#	podman_three                    the network "wan" (IPv4 and IPv6), containers eu, us, ap and "by"
#	podman_down
#
# crun refuses a machine whose cgroups are of both versions. runc does not where it sees the first alone, so
# the second is taken out of the cage's own view of mounts.

podman_skip() {
	for program in podman runc docker ping redis-server redis-cli nsenter; do
		command -v $program >/dev/null || skip_all "$program is not installed"
	done
	[ "$(id -u)" = 0 ] && [ -w /proc/sys/net/ipv4/ip_forward ] ||
		skip_all "Podman's service needs root and namespaces of its own"
}

podman_up() {
	mount -t tmpfs -o mode=755,size=64m regionproof-run /run || return 1
	! mountpoint -q /sys/fs/cgroup/unified || umount -l /sys/fs/cgroup/unified
	docker_dir=$(mktemp -d /tmp/rpp.XXXXXX) || return 1
	mount -t tmpfs -o size=1g regionproof-podman "$docker_dir" || return 1
	docker_tree "$docker_dir/tree" redis-server redis-cli sh sleep || return 1
	echo 1 >/proc/sys/net/ipv4/ip_forward
	mkdir -m 700 "$docker_dir/run"
	export XDG_RUNTIME_DIR="$docker_dir/run" CONTAINER_HOST="unix://$docker_dir/sock"
	export DOCKER_HOST="$CONTAINER_HOST"
	podman_exec system service -t 0 "$CONTAINER_HOST" >podman.log 2>&1 &
	docker_pid=$!
	docker_await 200 docker info >/dev/null 2>&1 || { tail -n 5 podman.log; return 1; }
}

podman_local() {
	(podman_exec "$@")
}

podman_exec() { # in place of the shell, whose process id is then podman's
	exec env -u CONTAINER_HOST podman --root "$docker_dir/root" --runroot "$docker_dir/runroot" \
		--storage-driver vfs --cgroup-manager cgroupfs --runtime runc \
		--network-config-dir "$docker_dir/net" "$@" 2>>podman.log
}

podman_redis() { # NAME PODMAN-OPTION...
	name=$1
	shift
	role=
	[ "$name" = eu ] || [ "$name" = by ] || role="--replicaof $(docker_ip eu) 6379"
	# shellcheck disable=SC2086 # words on purpose
	podman_local run -d --name "$name" --network wan "$@" --rootfs "$docker_dir/tree:O" redis-server \
		--bind 0.0.0.0 :: --protected-mode no --save '' --dir /tmp $role >/dev/null
}

podman_three() {
	podman_local network create --ipv6 --disable-dns --subnet 10.215.1.0/24 --subnet fd53:1::/64 \
		wan >/dev/null || return 1
	for region in eu us ap; do
		podman_redis $region --label regionproof.region=$region \
			--label regionproof.allow=true || return 1
	done
	podman_redis by || return 1
	docker_await 400 docker_in_sync
}

podman_down() {
	podman_local rm -fat 0 >/dev/null
	# Whoever watched over a container calls podman once more to clean up after it.
	docker_await 200 sh -c "! pgrep -x conmon >/dev/null && ! pgrep -f 'podman.* cleanup' >/dev/null"
	kill "$docker_pid"
	wait "$docker_pid"
	awk -v dir="$docker_dir/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo |
		sort -r | xargs -r umount -l
	umount -l "$docker_dir" && rmdir "$docker_dir"
}
