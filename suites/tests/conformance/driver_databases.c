/*
 * The drivers of databases against the real thing: MariaDB and PostgreSQL with replicas.
 *
 * runner: timeout 200, alone, long
 */
#include "suites/tests/helpers/prober_trio.h"
#include "suites/tests/helpers/server.h"
#include "suites/tests/helpers/talk.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define NODES 3
#define UP_NS (60 * NSEC_PER_SEC)

/* Scripts of bash, in a directory of the node's own. They find $PORT and $PRIMARY, the primary's port; on the
 * primary both are the same. The server ends with its shell. Probers of three regions and their sweeps have
 * more connections to a primary than servers take by themselves. */
struct database {
	const char *driver;
	const char *needs; /* fails where a program is missing */
	const char *start;
	const char *up; /* true when the node is what it shall be */
	int stop;       /* the signal that leaves no process behind */
};

static const struct database mariadb = {
	.driver = "mysql",
	.needs = "command -v mariadbd && command -v mariadb-install-db && command -v mariadb",
	.start =
		"[ -d ../made ] || mariadb-install-db --no-defaults --datadir=$PWD/../made "
		"--user=$(id -un) --auth-root-authentication-method=normal --skip-test-db;"
		"cp -r ../made data;"
		"exec mariadbd --no-defaults --user=$(id -un) --datadir=$PWD/data --socket=s --pid-file=p "
		"--bind-address=127.0.0.1 --port=$PORT --skip-name-resolve --server-id=$PORT "
		"--log-bin=b --log-slave-updates --innodb-buffer-pool-size=16M --performance-schema=off "
		"--innodb-flush-log-at-trx-commit=2 --read-only=$((PORT != PRIMARY)) "
		"--max-connections=300",
	.up = "own() { mariadb --no-defaults -S data/s -u root -N -B -e \"$1\"; };"
	      "if [ $PORT = $PRIMARY ]; then own \"create database if not exists test;"
	      "create user if not exists app@'%'; grant all on test.* to app@'%';"
	      "grant slave monitor, replication slave on *.* to app@'%';"
	      "create table if not exists test.kv (k varchar(64) primary key, v text, ver bigint not "
	      "null)\"; else own \"change master to master_host = '127.0.0.1', master_port = $PRIMARY, "
	      "master_user = 'app', master_connect_retry = 1, master_use_gtid = slave_pos; "
	      "start slave\"; sleep 0.3; own 'select count(*) from test.kv'; fi",
	.stop = SIGKILL,
};

/* PostgreSQL refuses to run as root. */
#define BIN "PATH=/usr/lib/postgresql/15/bin:$PATH; "
static const struct database postgres = {
	.driver = "postgres",
	.needs = BIN "command -v postgres && command -v unshare",
	.start =
		"exec unshare --user --map-user=daemon --map-group=daemon --ipc bash -c '" BIN
		"if [ $PORT = $PRIMARY ]; then initdb -A trust -N -E UTF8 -U postgres -D data "
		"--no-instructions; else "
		"pg_basebackup -h 127.0.0.1 -p $PRIMARY -U postgres -D data -R -X stream -c fast; fi;"
		"exec postgres -D data -h 127.0.0.1 -p $PORT -c unix_socket_directories= -c fsync=off "
		"-c dynamic_shared_memory_type=mmap -c max_connections=300'",
	.up = BIN
	"psql -qAtX -h 127.0.0.1 -p $PORT -U postgres -d postgres -c \"$([ $PORT = $PRIMARY ] && "
	"echo 'create table if not exists kv (k text primary key, v text, ver bigint not null);') "
	"select count(*) from kv\"",
	.stop = SIGINT,
};

struct cluster {
	const struct database *database;
	char dir[32];
	uint16_t ports[NODES];
	pid_t pids[NODES];
};

/* A script in the directory of a node, started or run to its end. */
static pid_t script(const struct cluster *c, int node, const char *text, bool wait)
{
	char whole[4096];
	const char *argv[] = {"bash", "-c", whole, NULL};
	int status = 0;
	pid_t pid;

	snprintf(whole, sizeof(whole),
		"cd %s && mkdir -p %d && cd %d && export PORT=%u PRIMARY=%u; %s", c->dir, node,
		node, c->ports[node], c->ports[0], text);
	pid = server_spawn(argv);
	if (!wait || pid < 0)
		return pid;
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && !WEXITSTATUS(status) ? pid
											    : -1;
}

static void cluster_start_node(struct cluster *c, int node)
{
	uint64_t deadline = clock_now_ns() + UP_NS;

	c->ports[node] = server_free_port();
	c->pids[node] = script(c, node, c->database->start, false);
	while (script(c, node, c->database->up, true) < 0) {
		if (clock_now_ns() > deadline)
			fail_msg("node %d of %s did not come up", node, c->database->driver);
		clock_sleep_until_ns(clock_now_ns() + 200 * NSEC_PER_MSEC);
	}
}

static void cluster_start(struct cluster *c, const struct database *database, int nodes)
{
	*c = (struct cluster){.database = database, .dir = "databases-XXXXXX"};
	if (!driver_find(database->driver)) {
		print_message("built without the driver %s\n", database->driver);
		skip();
	}
	assert_non_null(mkdtemp(c->dir));
	if (script(c, 0, database->needs, true) < 0) {
		print_message("the servers of driver %s are not installed\n", database->driver);
		skip();
	}
	for (int i = 0; i < nodes; i++)
		cluster_start_node(c, i);
}

static void cluster_stop(struct cluster *c)
{
	for (int i = 0; i < NODES; i++) {
		if (c->pids[i] <= 0)
			continue;
		kill(c->pids[i], c->database->stop);
		waitpid(c->pids[i], NULL, 0);
	}
}

static void versions_count_up(struct talk *talk)
{
	struct driver_call first = talk_ask(talk, 0, OP_WRITE, op_value(3, 99)),
			   second = talk_ask(talk, 0, OP_WRITE, op_value(3, 100)), read;

	assert_true(first.flags & OP_HAS_VERSION);
	assert_int_equal(second.version, first.version + 1);
	assert_int_equal(talk_ask(talk, 0, OP_DELETE, 0).version, second.version + 1);
	assert_int_equal(talk_ask(talk, 0, OP_WRITE, op_value(3, 101)).version, second.version + 2);
	read = talk_ask(talk, 0, OP_READ, 0);
	assert_int_equal(read.read_value, op_value(3, 101));
	assert_int_equal(read.version, second.version + 2);
}

static void a_replica_says_that_it_is_one(struct talk *talk)
{
	uint64_t deadline = clock_now_ns() + TALK_SOON_NS;
	struct driver_call call = talk_ask(talk, 1, OP_WRITE, 1);

	if (call.state != OP_FAIL || call.error != OP_ERROR_NOT_PRIMARY)
		fail_msg("a write at the replica: %s, %s (%s)", op_state_name(call.state),
			op_error_name(call.error), call.text);
	assert_int_equal(talk_role(talk, 0).role, ROLE_PRIMARY);
	assert_int_equal(talk_role(talk, 0).believed_primary, 0);
	assert_int_equal(talk_role(talk, 1).role, ROLE_REPLICA);
	assert_int_equal(talk_role(talk, 1).believed_primary, 0);
	while (talk_ask(talk, 1, OP_READ, 0).read_value != op_value(3, 101))
		assert_true(clock_now_ns() < deadline);
}

/* It took the statement or not: nobody can say. Its answer, which comes late, is not taken for another's. */
static void a_frozen_server_leaves_a_write_unknown(struct talk *talk, pid_t primary)
{
	struct driver_call call;

	kill(primary, SIGSTOP);
	call = talk_ask(talk, 0, OP_WRITE, op_value(3, 102));
	kill(primary, SIGCONT);
	assert_int_equal(call.state, OP_UNKNOWN);
	assert_int_equal(call.error, OP_ERROR_TIMEOUT);
	call = talk_ask(talk, 0, OP_WRITE, op_value(3, 103));
	assert_int_equal(call.state, OP_OK);
	call = talk_ask(talk, 0, OP_READ, 0);
	assert_true(call.read_value == op_value(3, 103) || call.read_value == op_value(3, 102));
}

static void a_dead_server_refuses_surely(struct talk *talk, struct cluster *c)
{
	struct driver_call call;

	kill(c->pids[0], c->database->stop);
	waitpid(c->pids[0], NULL, 0);
	c->pids[0] = -1;
	call = talk_ask(talk, 0, OP_WRITE, op_value(3, 104));
	assert_int_equal(call.state, OP_FAIL);
	assert_int_equal(call.error, OP_ERROR_REFUSED);
	assert_int_equal(talk_role(talk, 0).role, ROLE_UNKNOWN);
}

static void answers_its_driver(const struct database *database)
{
	struct cluster cluster;
	struct talk talk;

	cluster_start(&cluster, database, 2);
	talk_begin(&talk, database->driver, cluster.ports, 2);
	talk_writes_can_be_read_and_deleted(&talk, 0);
	versions_count_up(&talk);
	a_replica_says_that_it_is_one(&talk);
	if (database->stop == SIGKILL) /* one process, which can be frozen as a whole */
		a_frozen_server_leaves_a_write_unknown(&talk, cluster.pids[0]);
	a_dead_server_refuses_surely(&talk, &cluster);
	talk_end(&talk);
	cluster_stop(&cluster);
}

static void mariadb_answers_its_driver(void **state)
{
	(void)state;
	answers_its_driver(&mariadb);
}

static void postgres_answers_its_driver(void **state)
{
	(void)state;
	answers_its_driver(&postgres);
}

static void probers_work_on(const struct database *database)
{
	struct cluster cluster;

	cluster_start(&cluster, database, NODES);
	prober_trio_works_and_agrees(database->driver, cluster.ports, 0);
	cluster_stop(&cluster);
}

static void probers_work_on_mariadb(void **state)
{
	(void)state;
	probers_work_on(&mariadb);
}

static void probers_work_on_postgres(void **state)
{
	(void)state;
	probers_work_on(&postgres);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mariadb_answers_its_driver),
		cmocka_unit_test(postgres_answers_its_driver),
		cmocka_unit_test(probers_work_on_mariadb),
		cmocka_unit_test(probers_work_on_postgres),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
