/*
 * The driver dns against a server that answers, refuses, lies, is silent and is not there.
 *
 * runner: timeout 30
 */
#include "fixtures/base/clock.h"
#include "probes/drivers/driver.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#define TIMEOUT_NS (300 * NSEC_PER_MSEC)
#define LIMIT_NS (TIMEOUT_NS + 250 * NSEC_PER_MSEC)
#define PACKET_MAX 512
#define HEADER 12

/* How the server answers: a code, and addresses with their TTL. */
struct answer {
	uint8_t rcode;
	const char *addresses[3];
	uint32_t ttl;
	bool silent, garbage;
};

static struct server {
	int fd;
	uint16_t port;
	struct answer answer;
	bool stop;
	unsigned n_asked;
	pthread_t thread;
} server;

static size_t put_address(uint8_t *at, const char *address, uint32_t ttl)
{
	const uint8_t head[] = {0xc0, HEADER, 0, 1, 0, 1, (uint8_t)(ttl >> 24),
		(uint8_t)(ttl >> 16), (uint8_t)(ttl >> 8), (uint8_t)ttl, 0, 4};

	memcpy(at, head, sizeof(head));
	assert_int_equal(inet_pton(AF_INET, address, at + sizeof(head)), 1);
	return sizeof(head) + 4;
}

/* The question comes back with flags, code and answers behind it. */
static size_t reply(const struct answer *answer, uint8_t *packet, size_t n)
{
	size_t end = HEADER;

	while (end < n && packet[end])
		end += packet[end] + 1u;
	end += 5;
	packet[2] = 0x81;
	packet[3] = 0x80 | answer->rcode;
	packet[7] = 0;
	memset(packet + 8, 0, 4);
	for (int i = 0; answer->addresses[i]; i++, packet[7]++)
		end += put_address(packet + end, answer->addresses[i], answer->ttl);
	if (answer->garbage)
		memset(packet + HEADER, 0xff, end - HEADER);
	return end;
}

static void *serve(void *arg)
{
	(void)arg;
	while (!__atomic_load_n(&server.stop, __ATOMIC_RELAXED)) {
		struct pollfd p = {.fd = server.fd, .events = POLLIN};
		uint8_t packet[PACKET_MAX];
		struct sockaddr_in from;
		socklen_t length = sizeof(from);
		ssize_t n;

		if (poll(&p, 1, 20) <= 0)
			continue;
		n = recvfrom(server.fd, packet, 200, 0, (struct sockaddr *)&from, &length);
		__atomic_fetch_add(&server.n_asked, 1, __ATOMIC_RELAXED);
		if (n < HEADER || server.answer.silent)
			continue;
		sendto(server.fd, packet, reply(&server.answer, packet, (size_t)n), 0,
			(struct sockaddr *)&from, length);
	}
	return NULL;
}

static void server_start(const struct answer *answer)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(at);

	server = (struct server){.answer = *answer};
	server.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(server.fd >= 0);
	assert_int_equal(bind(server.fd, (struct sockaddr *)&at, length), 0);
	assert_int_equal(getsockname(server.fd, (struct sockaddr *)&at, &length), 0);
	server.port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&server.thread, NULL, serve, NULL), 0);
}

static void server_stop(void)
{
	__atomic_store_n(&server.stop, true, __ATOMIC_RELAXED);
	pthread_join(server.thread, NULL);
	close(server.fd);
}

static struct driver_call ask(uint16_t port, enum op_kind kind)
{
	static const struct endpoint nodes[] = {{.name = "a", .host = "198.18.0.10"},
		{.name = "b", .host = "198.18.1.10", .node = 1}};
	const struct driver_target target = {
		.endpoints = nodes, .n_endpoints = 2, .lookup = "app.example.test"};
	const struct endpoint at = {.name = "resolver", .host = "127.0.0.1", .port = port};
	struct driver_call call = {.kind = kind, .timeout_ns = TIMEOUT_NS};
	const struct driver_ops *dns = driver_find("dns");
	uint64_t start;
	struct err err;
	struct driver *driver;

	if (!dns)
		skip();
	driver = dns->open(&target, &err);
	assert_non_null(driver);
	start = clock_now_ns();
	dns->invoke(driver, &at, &call);
	assert_true(clock_now_ns() - start < LIMIT_NS);
	dns->close(driver);
	return call;
}

static struct driver_call ask_one_that(const struct answer *answer)
{
	struct driver_call call;

	server_start(answer);
	call = ask(server.port, OP_READ);
	server_stop();
	return call;
}

static void the_first_address_names_the_node_and_its_ttl(void **state)
{
	const struct answer answer = {.addresses = {"198.18.1.10", "198.18.0.10"}, .ttl = 7};
	struct driver_call call = ask_one_that(&answer);

	(void)state;
	assert_int_equal(call.state, OP_OK);
	assert_int_equal(call.node, 1);
	assert_int_equal(call.age_ms, 7000);
	assert_int_equal(call.flags, OP_ABSENT);
}

static void answers_without_a_node_name_none(void **state)
{
	static const struct answer answers[] = {
		{.addresses = {"192.0.2.1"}, .ttl = 7}, {.rcode = 0}, {.rcode = 3}};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct driver_call call = ask_one_that(&answers[i]);

		assert_int_equal(call.state, OP_OK);
		assert_int_equal(call.node, OP_NODE_UNKNOWN);
	}
}

static void refusals_are_sure_failures_and_asked_once(void **state)
{
	static const uint8_t codes[] = {1, 2, 4, 5};

	(void)state;
	for (size_t i = 0; i < sizeof(codes); i++) {
		const struct answer answer = {.rcode = codes[i]};

		assert_int_equal(ask_one_that(&answer).state, OP_FAIL);
		assert_int_equal(server.n_asked, 1);
	}
}

static void silence_is_unknown_and_asked_once(void **state)
{
	const struct answer answer = {.silent = true};
	struct driver_call call = ask_one_that(&answer);

	(void)state;
	assert_int_equal(call.state, OP_UNKNOWN);
	assert_int_equal(call.error, OP_ERROR_TIMEOUT);
	assert_int_equal(server.n_asked, 1);
}

static void garbage_is_never_an_answer(void **state)
{
	const struct answer answer = {.addresses = {"198.18.1.10"}, .ttl = 7, .garbage = true};

	(void)state;
	assert_int_equal(ask_one_that(&answer).state, OP_UNKNOWN);
}

static void nobody_there_is_refused(void **state)
{
	const struct answer answer = {.silent = true};
	struct driver_call call;

	(void)state;
	server_start(&answer);
	server_stop();
	call = ask(server.port, OP_READ);
	assert_int_equal(call.state, OP_FAIL);
	assert_int_equal(call.error, OP_ERROR_REFUSED);
}

static void writes_are_refused_without_asking(void **state)
{
	(void)state;
	assert_int_equal(ask(1, OP_WRITE).state, OP_FAIL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_address_names_the_node_and_its_ttl),
		cmocka_unit_test(answers_without_a_node_name_none),
		cmocka_unit_test(refusals_are_sure_failures_and_asked_once),
		cmocka_unit_test(silence_is_unknown_and_asked_once),
		cmocka_unit_test(garbage_is_never_an_answer),
		cmocka_unit_test(nobody_there_is_refused),
		cmocka_unit_test(writes_are_refused_without_asking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
