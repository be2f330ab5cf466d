#!/bin/sh
# runner: long, timeout 120
# region-shop before two servers that do not replicate: what it does when its own copy is behind, when the primary
# is behind as well, and when the primary is gone.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"

shop=$REGIONPROOF_BUILD/region-shop
postgres=/usr/lib/postgresql/15/bin
[ -x "$shop" ] || skip_all "built without libpq"
[ -x "$postgres/postgres" ] || skip_all "PostgreSQL is not installed"
command -v bash >/dev/null || skip_all "bash is not installed"
unshare --user --map-user=daemon --map-group=daemon true 2>/dev/null || skip_all "no user namespaces here"

# PostgreSQL refuses to run as root: in a user namespace of its own it is somebody else.
database() { # NAME HOST
	cat >"$1.sh" <<END
initdb() { $postgres/initdb -A trust -N -U postgres -D $1 --no-instructions; }
LC_ALL=C initdb >/dev/null && exec $postgres/postgres -D $1 -h $2 -p 7001 -c fsync=off \
	-c unix_socket_directories= -c shared_buffers=16MB -c dynamic_shared_memory_type=mmap
END
	unshare --user --map-user=daemon --map-group=daemon --ipc sh "$1.sh" >"$1.log" 2>&1 &
	eval "$1_pid=$!"
}

sql() { # HOST STATEMENT
	psql -qAtX -h "$1" -p 7001 -U postgres -d postgres -c "$2"
}

wait_for() { # COMMAND...
	for try in $(seq 100); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.2
	done
	return 1
}

instance() { # PORT COMPARE
	"$shop" --node=west/web --listen=127.0.0.1:"$1" --local=127.0.0.1:7001 --primary=127.0.0.2:7001 \
		--databases=west/postgres=127.0.0.1:7001,east/postgres=127.0.0.2:7001 --compare="$2" --patience=1s --stale-after=1h 2>>shop.log &
	instances="$instances $!"
}

ask() { # PORT METHOD KEY [VERSION [BODY]]: status, the headers that matter, and the body, in one line
	bash -c 'exec 3<>/dev/tcp/127.0.0.1/$1
		printf "%s /kv/%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n" "$2" "$3" "${#5}" >&3
		[ -z "$4" ] || printf "X-Min-Version: %s\r\n" "$4" >&3
		printf "\r\n%s" "$5" >&3
		cat <&3' ask "$@" | tr -d '\r' |
		awk 'NR == 1 { line = $2 } !body && /^X-(Version|Fallback|Stale|Not-Done|Node):/ { line = line " " tolower($1) $2 }
			body { line = line " " $0 } /^$/ { body = 1 } END { print line }'
}

says() { # ANSWER ask...
	want=$1
	shift
	got=$("$@")
	echo "got: $got"
	[ "$got" = "$want" ]
}

database local 127.0.0.1
database primary 127.0.0.2
check "two servers come up" wait_for sh -c 'for host in 127.0.0.1 127.0.0.2; do
	psql -qAtX -h $host -p 7001 -U postgres -d postgres -c "create table if not exists shop
		(k text primary key, v text, ver bigint not null, modified bigint not null)" || exit 1; done'
instance 8001 version
instance 8002 none
check "so do two instances" wait_for ask 8002 GET a

check "a write goes to the primary" says "200 x-version:1 x-node:east/web" ask 8001 PUT a "" one
check "which the local copy does not have" says "404 x-version:0 x-node:west/web" ask 8001 GET a
check "a session that wrote it is answered by the primary" \
	says "200 x-version:1 x-fallback:1 x-node:east/web one" ask 8001 GET a 1
sql 127.0.0.1 "insert into shop values ('a', 'old', 1, 0)"
ask 8001 PUT a "" two >/dev/null
check "so is one that wrote a later version than the copy has" \
	says "200 x-version:2 x-fallback:1 x-node:east/web two" ask 8001 GET a 2
check "one that wrote what the copy has is answered by it" \
	says "200 x-version:1 x-node:west/web old" ask 8001 GET a 1
check "and so is everybody where nothing is compared" \
	says "200 x-version:1 x-node:west/web old" ask 8002 GET a 2
check "a primary that was promoted without the write is behind, and marked" \
	says "200 x-version:2 x-fallback:1 x-stale:1 x-node:east/web two" ask 8001 GET a 3

kill -INT "$primary_pid"
wait "$primary_pid"
check "without a primary the copy is served, and marked" \
	says "200 x-version:1 x-stale:1 x-node:west/web old" ask 8001 GET a 2
check "unless it is new enough" says "200 x-version:1 x-node:west/web old" ask 8001 GET a 1
check "where nothing is compared nothing is marked" \
	says "200 x-version:1 x-node:west/web old" ask 8002 GET a 2
check "a write is surely not done" says "503 x-not-done:1 no primary takes it" ask 8001 PUT a "" three
kill -INT "$local_pid"
wait "$local_pid"
check "without any database there is no answer" says "503 x-not-done:1 no database answers" ask 8001 GET a
kill $instances
wait
done_testing
