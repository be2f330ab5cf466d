#include "suites/tests/helpers/store_cluster.h"
#include "fixtures/base/clock.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suites/tests/helpers/server.h"

#include <cmocka.h>

#define PATIENCE_NS (8 * NSEC_PER_SEC)
#define POLL_NS (10 * NSEC_PER_MSEC)

/* ---- requests ---------------------------------------------------------------------------- */

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct store_answer *answer = arg;
	size_t len = strlen(answer->body), room = sizeof(answer->body) - 1 - len;

	strncat(answer->body, data, size * n < room ? size * n : room);
	return size * n;
}

static bool header_is(const char *line, const char *name, const char **value)
{
	size_t len = strlen(name);

	if (strncasecmp(line, name, len) || line[len] != ':')
		return false;
	*value = line + len + 1 + strspn(line + len + 1, " ");
	return true;
}

static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	struct store_answer *answer = arg;
	char line[256];
	const char *v;

	snprintf(line, sizeof(line), "%.*s", (int)(size * n), data);
	line[strcspn(line, "\r\n")] = '\0';
	if (header_is(line, "X-Version", &v)) {
		answer->version = strtoull(v, NULL, 10);
		answer->has_version = true;
	} else if (header_is(line, "X-Data-Age", &v)) {
		answer->age_ms = strtoull(v, NULL, 10);
		answer->has_age = true;
	} else if (header_is(line, "X-Epoch", &v)) {
		answer->epoch = strtoull(v, NULL, 10);
	} else if (header_is(line, "X-Applied", &v)) {
		answer->applied = strtoull(v, NULL, 10);
	} else if (header_is(line, "X-Node", &v)) {
		snprintf(answer->node, sizeof(answer->node), "%s", v);
	} else if (header_is(line, "X-Value", &v)) {
		snprintf(answer->value, sizeof(answer->value), "%s", v);
	} else if (header_is(line, "X-Writer", &v)) {
		snprintf(answer->writer, sizeof(answer->writer), "%s", v);
	} else if (header_is(line, "X-Primary", &v)) {
		snprintf(answer->primary, sizeof(answer->primary), "%s", v);
	}
	answer->stale |= header_is(line, "X-Stale", &v);
	answer->fallback |= header_is(line, "X-Fallback", &v);
	answer->not_done |= header_is(line, "X-Not-Done", &v);
	return size * n;
}

struct store_answer cluster_request(const struct store_cluster *cluster, unsigned node,
	const char *method, const char *path, const char *body, const char *header)
{
	struct curl_slist *headers = header ? curl_slist_append(NULL, header) : NULL;
	struct store_answer answer = {0};
	CURL *easy = curl_easy_init();
	char url[2048];
	long status = 0;

	snprintf(url, sizeof(url), "http://127.0.0.%u:%u%s", node + 1, cluster->port, path);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	if (body)
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 5000L);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, &answer);
	if (curl_easy_perform(easy) == CURLE_OK)
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(easy);
	curl_slist_free_all(headers);
	answer.status = (int)status;
	return answer;
}

static struct store_answer on_key(const struct store_cluster *cluster, unsigned node,
	const char *method, const char *key, const char *body, const char *header)
{
	char path[1024];

	snprintf(path, sizeof(path), "/kv/%s", key);
	return cluster_request(cluster, node, method, path, body, header);
}

struct store_answer cluster_get(const struct store_cluster *cluster, unsigned node, const char *key)
{
	return on_key(cluster, node, "GET", key, NULL, NULL);
}

struct store_answer cluster_get_at_least(
	const struct store_cluster *cluster, unsigned node, const char *key, uint64_t version)
{
	char header[64];

	snprintf(header, sizeof(header), "X-Min-Version: %llu", (unsigned long long)version);
	return on_key(cluster, node, "GET", key, NULL, header);
}

struct store_answer cluster_put(
	const struct store_cluster *cluster, unsigned node, const char *key, const char *value)
{
	return on_key(cluster, node, "PUT", key, value, NULL);
}

struct store_answer cluster_delete(
	const struct store_cluster *cluster, unsigned node, const char *key)
{
	return on_key(cluster, node, "DELETE", key, NULL, NULL);
}

/* ---- waiting ----------------------------------------------------------------------------- */

static void pause_until(uint64_t deadline_ns, const char *what)
{
	if (clock_now_ns() > deadline_ns)
		fail_msg("waited in vain: %s", what);
	clock_sleep_until_ns(clock_now_ns() + POLL_NS);
}

void cluster_await_ready(struct store_cluster *cluster, unsigned node)
{
	uint64_t deadline_ns = clock_now_ns() + PATIENCE_NS;

	while (cluster_request(cluster, node, "GET", "/health", NULL, NULL).status != 200)
		pause_until(deadline_ns, "a node to be ready");
}

static bool has_role(struct store_cluster *cluster, unsigned node, const char *role)
{
	struct store_answer answer = cluster_request(cluster, node, "GET", "/role", NULL, NULL);

	return answer.status == 200 && !strcmp(answer.body, role);
}

void cluster_await_role(struct store_cluster *cluster, unsigned node, const char *role)
{
	uint64_t deadline_ns = clock_now_ns() + PATIENCE_NS;

	while (!has_role(cluster, node, role))
		pause_until(deadline_ns, role);
}

unsigned cluster_await_other_primary(struct store_cluster *cluster, unsigned except)
{
	uint64_t deadline_ns = clock_now_ns() + PATIENCE_NS;

	for (;;) {
		for (unsigned i = 0; i < STORE_NODES; i++) {
			if (i != except && cluster->pid[i] && has_role(cluster, i, "primary"))
				return i;
		}
		pause_until(deadline_ns, "another primary");
	}
}

void cluster_await_status(struct store_cluster *cluster, unsigned node, const char *key, int status)
{
	uint64_t deadline_ns = clock_now_ns() + PATIENCE_NS;

	while (cluster_get(cluster, node, key).status != status)
		pause_until(deadline_ns, key);
}

static uint64_t applied(struct store_cluster *cluster, unsigned node)
{
	return cluster_request(cluster, node, "GET", "/role", NULL, NULL).applied;
}

void cluster_await_caught_up(struct store_cluster *cluster, unsigned node, unsigned than)
{
	uint64_t deadline_ns = clock_now_ns() + PATIENCE_NS;

	while (applied(cluster, node) < applied(cluster, than))
		pause_until(deadline_ns, "a replica to catch up");
}

/* ---- processes --------------------------------------------------------------------------- */

/* A port that is free on all three addresses. */
static uint16_t free_port(void)
{
	for (;;) {
		uint16_t port = server_free_port();
		unsigned ok = 0;

		for (unsigned i = 1; i <= STORE_NODES; i++) {
			struct sockaddr_in sa = {.sin_family = AF_INET,
				.sin_port = htons(port),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK + i - 1)};
			int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

			ok += !bind(fd, (struct sockaddr *)&sa, sizeof(sa));
			close(fd);
		}
		if (ok == STORE_NODES)
			return port;
	}
}

static const char *program(void)
{
	const char *path = getenv("REGION_STORE");

	return path ? path : "build/region-store";
}

void cluster_start(struct store_cluster *cluster, unsigned node)
{
	char name[32], listen[64], peers[256], data[128];
	const char *argv[40] = {program(), "--node", name, "--listen", listen, "--peers", peers,
		"--lease", "1s", "--election-timeout", "150ms", "--heartbeat", "40ms", "--data",
		cluster->journal ? data : ""};
	unsigned n = 15, port = cluster->port;

	snprintf(name, sizeof(name), "r%u/store", node);
	snprintf(listen, sizeof(listen), "127.0.0.%u:%u", node + 1, port);
	snprintf(data, sizeof(data), "%s/r%u", cluster->dir, node);
	snprintf(peers, sizeof(peers),
		"r0/store=127.0.0.1:%u,r1/store=127.0.0.2:%u,r2/store=127.0.0.3:%u", port, port,
		port);
	for (unsigned i = 0; cluster->options[i]; i++)
		argv[n++] = cluster->options[i];
	cluster->pid[node] = server_spawn(argv);
	assert_true(cluster->pid[node] > 0);
}

static void up(struct store_cluster *cluster, const char *const *options, bool journal)
{
	*cluster = (struct store_cluster){.port = free_port(), .journal = journal};
	strcpy(cluster->dir, "/tmp/store_cluster.XXXXXX");
	assert_non_null(mkdtemp(cluster->dir));
	for (unsigned i = 0; options && options[i]; i++)
		cluster->options[i] = options[i];
	for (unsigned i = 0; i < STORE_NODES; i++)
		cluster_start(cluster, i);
	for (unsigned i = 0; i < STORE_NODES; i++)
		cluster_await_ready(cluster, i);
}

void cluster_up(struct store_cluster *cluster, const char *const *options)
{
	up(cluster, options, false);
}

void cluster_up_journal(struct store_cluster *cluster, const char *const *options)
{
	up(cluster, options, true);
}

void cluster_kill(struct store_cluster *cluster, unsigned node)
{
	if (!cluster->pid[node])
		return;
	kill(cluster->pid[node], SIGKILL);
	waitpid(cluster->pid[node], NULL, 0);
	cluster->pid[node] = 0;
}

void cluster_pause(struct store_cluster *cluster, unsigned node)
{
	int status;

	kill(cluster->pid[node], SIGSTOP);
	waitpid(cluster->pid[node], &status, WUNTRACED);
}

void cluster_resume(struct store_cluster *cluster, unsigned node)
{
	kill(cluster->pid[node], SIGCONT);
}

uint64_t cluster_terminate(struct store_cluster *cluster, unsigned node, int *status)
{
	uint64_t start_ns = clock_now_ns();

	kill(cluster->pid[node], SIGTERM);
	waitpid(cluster->pid[node], status, 0);
	cluster->pid[node] = 0;
	return clock_now_ns() - start_ns;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void cluster_down(struct store_cluster *cluster)
{
	for (unsigned i = 0; i < STORE_NODES; i++)
		cluster_kill(cluster, i);
	nftw(cluster->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

int cluster_set_up(void **state)
{
	*state = calloc(1, sizeof(struct store_cluster));
	return *state ? 0 : -1;
}

int cluster_tear_down(void **state)
{
	cluster_down(*state);
	free(*state);
	return 0;
}
