/*
 * The mysql probe with full history against sysbench: the same MariaDB, as many connections, half reads
 * and half upserts as text, each connection on four rows of its own; interleaved pairs.
 */
#include "suites/tests/helpers/bench_pairs.h"

int main(void)
{
	return bench_pairs(&(struct bench_pair){
		.what = "mysql probe / sysbench",
		.driver = "mysql",
		.target = 0.8,
		.start =
			"mariadb-install-db --no-defaults --datadir=$PWD/data --user=$(id -un) "
			"--auth-root-authentication-method=normal --skip-test-db;"
			"exec mariadbd --no-defaults --user=$(id -un) --datadir=$PWD/data --socket=s "
			"--pid-file=p --bind-address=127.0.0.1 --port=$PORT --skip-name-resolve "
			"--innodb-flush-log-at-trx-commit=0",
		.ready =
			"command -v sysbench >/dev/null || exit 0;"
			"mariadb --no-defaults -S data/s -u root -e \"create database if not exists test;"
			"create user if not exists app@'%'; grant all on test.* to app@'%';"
			"create table if not exists test.kv (k varchar(64) primary key, v text, ver "
			"bigint not null)\" >/dev/null 2>&1",
		.peer = "cat >kv.lua <<'END'\n"
			"function thread_init()\n"
			"  con = sysbench.sql.driver():connect()\n"
			"  n = 0\n"
			"end\n"
			"function event()\n"
			"  local k = 'b-' .. (sysbench.tid * 4 + sysbench.rand.uniform(0, 3))\n"
			"  n = n + 1\n"
			"  if n % 2 == 0 then\n"
			"    con:query(\"select v, ver from kv where k = '\" .. k .. \"'\")\n"
			"  else\n"
			"    con:query(\"insert into kv values ('\" .. k .. \"', '17592186044417', 1) on "
			"duplicate key update v = values(v), ver = ver + 1 returning ver\")\n"
			"  end\n"
			"end\n"
			"END\n"
			"sysbench kv.lua --db-driver=mysql --db-ps-mode=disable --mysql-host=127.0.0.1 "
			"--mysql-port=$PORT --mysql-user=app --mysql-db=test --threads=$CONNECTIONS "
			"--time=1 run 2>/dev/null | sed -n 's/.*total number of events: *//p'",
	});
}
