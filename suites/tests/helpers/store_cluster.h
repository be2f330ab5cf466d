/*
 * store_cluster: three region-stores on loopback addresses, and what a client can ask of them.
 *
 * Node i is "rI/store" on 127.0.0.(i+1). They die with the test. Timings are shorter than the
 * defaults (lease 1 s), so that a failover takes a second. Anything that a test waits for has a
 * deadline of several seconds; running into it fails the test.
 */
#ifndef TESTS_HELPERS_STORE_CLUSTER_H
#define TESTS_HELPERS_STORE_CLUSTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define STORE_NODES 3

struct store_cluster {
	char dir[64]; /* scratch, removed with the cluster */
	uint16_t port;
	pid_t pid[STORE_NODES];  /* 0: not running */
	const char *options[16]; /* for every node, beside name and addresses; NULL-terminated */
	bool journal;
};

struct store_answer {
	int status; /* 0: none came */
	char body[128];
	uint64_t version, epoch, age_ms, applied;
	bool has_version, has_age, stale, fallback, not_done;
	char node[64], writer[64], primary[64], value[64];
};

/* Start all three and wait until they are ready. options: NULL-terminated, at most 15. */
void cluster_up(struct store_cluster *cluster, const char *const *options);
/* The same with a journal each, which survives a kill. */
void cluster_up_journal(struct store_cluster *cluster, const char *const *options);
void cluster_down(struct store_cluster *cluster);
/* For cmocka: *state is a cluster that is not up yet; down and gone. */
int cluster_set_up(void **state);
int cluster_tear_down(void **state);

void cluster_start(struct store_cluster *cluster, unsigned node);
void cluster_kill(struct store_cluster *cluster, unsigned node);
void cluster_pause(struct store_cluster *cluster, unsigned node);
void cluster_resume(struct store_cluster *cluster, unsigned node);
/* SIGTERM; how long it took to end, and its exit status. */
uint64_t cluster_terminate(struct store_cluster *cluster, unsigned node, int *status);

void cluster_await_ready(struct store_cluster *cluster, unsigned node);
/* Until node says that it is primary / that it is not. */
void cluster_await_role(struct store_cluster *cluster, unsigned node, const char *role);
/* Until one of those that run, other than `except`, is primary; which. */
unsigned cluster_await_other_primary(struct store_cluster *cluster, unsigned except);
/* Until a read of key at node gives that status. */
void cluster_await_status(
	struct store_cluster *cluster, unsigned node, const char *key, int status);
/* Until node has applied what `than` has. */
void cluster_await_caught_up(struct store_cluster *cluster, unsigned node, unsigned than);

struct store_answer cluster_request(const struct store_cluster *cluster, unsigned node,
	const char *method, const char *path, const char *body, const char *header);
struct store_answer cluster_get(
	const struct store_cluster *cluster, unsigned node, const char *key);
struct store_answer cluster_get_at_least(
	const struct store_cluster *cluster, unsigned node, const char *key, uint64_t version);
struct store_answer cluster_put(
	const struct store_cluster *cluster, unsigned node, const char *key, const char *value);
struct store_answer cluster_delete(
	const struct store_cluster *cluster, unsigned node, const char *key);

#endif
