# doctor_driver: memcached, and what `doctor --driver` says of the driver of its recipe and of changed copies of
# it. Source it after tap.sh.
#
#	examine NAME SED            the driver with a mistake; NAME/out is what is said of it
#	ends NAME STATUS, says NAME TEXT
command -v memcached >/dev/null || skip_all "memcached is not installed"
command -v bash >/dev/null || skip_all "bash is not installed"

program=$REGIONPROOF_BUILD/regionproof
scenario=$REGIONPROOF_ROOT/suites/scenarios/memcached-restart.yaml
# A port of our own namespace.
ip link set lo up 2>/dev/null || :
port=21211
memcached -u nobody -l 127.0.0.1 -p $port -U 0 &
server=$!
trap 'kill $server; wait $server 2>/dev/null || :' EXIT
i=0
until (exec bash -c "exec 3<>/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
	i=$((i + 1))
	[ $i -lt 100 ] || { check "memcached answers" false; done_testing; }
	sleep 0.05
done

examine() {
	mkdir -p "$1/systems"
	sed "$2" "$REGIONPROOF_ROOT/fixtures/systems/memcached.yaml" >"$1/systems/memcached.yaml"
	"$program" doctor --share="$1" --driver "$scenario" --url 127.0.0.1:$port >"$1/out" 2>"$1/err"
	echo $? >"$1/status"
}
ends() { # NAME STATUS
	cat "$1/out" "$1/err"
	[ "$(cat "$1/status")" = "$2" ]
}
says() { # NAME TEXT
	cat "$1/out"
	grep -q "$2" "$1/out"
}
