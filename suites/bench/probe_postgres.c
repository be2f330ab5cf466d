/*
 * The postgres probe with full history against pgbench: the same server, as many connections, simple
 * queries, half reads and half upserts, each connection on four rows of its own; interleaved pairs.
 */
#include "suites/tests/helpers/bench_pairs.h"

#define BIN "PATH=/usr/lib/postgresql/15/bin:$PATH; "
#define PSQL "psql -qAtX -h 127.0.0.1 -p $PORT -U postgres -d postgres "

int main(void)
{
	return bench_pairs(&(struct bench_pair){
		.what = "postgres probe / pgbench",
		.driver = "postgres",
		.target = 0.8,
		/* PostgreSQL refuses to run as root */
		.start =
			"exec unshare --user --map-user=daemon --map-group=daemon --ipc bash -c '" BIN
			"initdb -A trust -N -E UTF8 -U postgres -D data --no-instructions;"
			"exec postgres -D data -h 127.0.0.1 -p $PORT -c unix_socket_directories= "
			"-c fsync=off -c dynamic_shared_memory_type=mmap'",
		.ready = BIN PSQL
		"-c 'create table if not exists kv (k text primary key, v text, ver bigint "
		"not null)' >/dev/null 2>&1",
		.peer = BIN
		"k=\"\\\\set k :client_id * 4 + random(0, 3)\";"
		"printf '%s\\n' \"$k\" \"select v, ver from kv where k = 'b-:k';\" >read.sql;"
		"printf '%s\\n' \"$k\" \"insert into kv values ('b-:k', '17592186044417', 1) on "
		"conflict (k) do update set v = excluded.v, ver = kv.ver + 1 returning "
		"kv.ver;\" >write.sql;"
		"pgbench -h 127.0.0.1 -p $PORT -U postgres -n -M simple -c $CONNECTIONS -T 1 "
		"-f read.sql -f write.sql postgres 2>/dev/null | sed -n 's/^tps = \\([0-9.]*\\).*/\\1/p'",
	});
}
