/*
 * dns: a read looks a name up at one server; c-ares.
 *
 * One question for the A record, one packet, no retry, no search list, no hosts file: what that
 * server says within the time-out is the outcome. Of several addresses the first counts, as it does
 * for most clients. The answer names the node that has the address; its TTL comes out as age_ms,
 * without the claim of an age. A name without an address is an answer too, and names no node.
 *
 * Nothing of a lookup is a value: it reads as an absent key, which no checker of data looks at.
 */
#include "probes/drivers/dns.h"
#include "fixtures/base/clock.h"
#include "probes/drivers/driver.h"
#include "probes/drivers/drivers.h"

#include <ares.h>
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESSES_MAX 32
#define OWN_LIMIT_MS 60000 /* of c-ares: longer than any time-out, ours counts */

static const struct param dns_params[] = {
	{.name = "authority",
		.type = PARAM_BOOL,
		.fallback = "no",
		.offset = offsetof(struct dns_options, authority),
		.help = "its answers are what those of resolvers are compared with"},
	PARAM_END,
};

struct dns_driver {
	struct driver base;
	struct driver_target target;
	ares_channel channel;
	char server[80]; /* the one that is set */
	/* The answer under way. */
	struct driver_call *call;
	bool done;
};

static uint8_t node_at(const struct driver_target *target, const struct ares_addrttl *address)
{
	char text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &address->ipaddr, text, sizeof(text));
	for (size_t i = 0; i < target->n_endpoints; i++) {
		if (!strcmp(target->endpoints[i].host, text))
			return target->endpoints[i].node;
	}
	return OP_NODE_UNKNOWN;
}

/* How a status of c-ares ends a lookup; others are unknown. */
static const struct {
	int status;
	enum op_state state;
	enum op_error error;
} outcomes[] = {
	{ARES_SUCCESS, OP_OK, OP_ERROR_NONE},
	{ARES_ENODATA, OP_OK, OP_ERROR_NONE},
	{ARES_ENOTFOUND, OP_OK, OP_ERROR_NONE},
	{ARES_ESERVFAIL, OP_FAIL, OP_ERROR_UNAVAILABLE},
	{ARES_EREFUSED, OP_FAIL, OP_ERROR_REJECTED},
	{ARES_ENOTIMP, OP_FAIL, OP_ERROR_REJECTED},
	{ARES_EFORMERR, OP_FAIL, OP_ERROR_REJECTED},
	{ARES_ECONNREFUSED, OP_FAIL, OP_ERROR_REFUSED},
	{ARES_ETIMEOUT, OP_UNKNOWN, OP_ERROR_TIMEOUT},
	{ARES_ECANCELLED, OP_UNKNOWN, OP_ERROR_TIMEOUT},
	{ARES_EBADRESP, OP_UNKNOWN, OP_ERROR_GARBAGE},
};

static void take_status(struct driver_call *call, int status)
{
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(*outcomes); i++) {
		if (outcomes[i].status != status)
			continue;
		if (outcomes[i].state != OP_OK) {
			driver_fail(call, outcomes[i].state, outcomes[i].error, "%s",
				ares_strerror(status));
			return;
		}
		call->state = OP_OK;
		call->error = OP_ERROR_NONE;
		call->flags = OP_ABSENT;
		return;
	}
	driver_fail(call, OP_UNKNOWN, OP_ERROR_OTHER, "%s", ares_strerror(status));
}

static void on_answer(void *arg, int status, int timeouts, unsigned char *packet, int length)
{
	struct dns_driver *dns = arg;
	struct ares_addrttl addresses[ADDRESSES_MAX];
	int n = ADDRESSES_MAX;

	(void)timeouts;
	dns->done = true;
	if (status == ARES_SUCCESS)
		status = ares_parse_a_reply(packet, length, NULL, addresses, &n);
	take_status(dns->call, status);
	if (status != ARES_SUCCESS || n < 1)
		return;
	dns->call->node = node_at(&dns->target, &addresses[0]);
	dns->call->age_ms = addresses[0].ttl > 0 ? (uint32_t)addresses[0].ttl * 1000u : 0;
}

static int set_server(struct dns_driver *dns, const struct endpoint *at)
{
	char server[sizeof(dns->server)];
	bool ip6 = strchr(at->host, ':') != NULL;

	snprintf(server, sizeof(server), "%s%s%s:%u", ip6 ? "[" : "", at->host, ip6 ? "]" : "",
		at->port);
	if (!strcmp(server, dns->server))
		return 0;
	if (ares_set_servers_ports_csv(dns->channel, server) != ARES_SUCCESS)
		return -1;
	memcpy(dns->server, server, sizeof(server));
	return 0;
}

/* Serve c-ares' sockets until it has an outcome, or the deadline: then it gives up. */
static void wait_for_answer(struct dns_driver *dns, uint64_t deadline_ns)
{
	while (!dns->done) {
		ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
		struct pollfd polls[ARES_GETSOCK_MAXNUM];
		int bits = ares_getsock(dns->channel, sockets, ARES_GETSOCK_MAXNUM);
		uint64_t now = clock_now_ns();
		nfds_t n = 0;

		if (now >= deadline_ns) {
			ares_cancel(dns->channel);
			return;
		}
		for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
			short events = (ARES_GETSOCK_READABLE(bits, i) ? POLLIN : 0) |
				(ARES_GETSOCK_WRITABLE(bits, i) ? POLLOUT : 0);

			if (events)
				polls[n++] = (struct pollfd){.fd = sockets[i], .events = events};
		}
		poll(polls, n, (int)((deadline_ns - now) / NSEC_PER_MSEC) + 1);
		for (nfds_t i = 0; i < n; i++)
			ares_process_fd(dns->channel,
				polls[i].revents & ~POLLOUT ? polls[i].fd : ARES_SOCKET_BAD,
				polls[i].revents & POLLOUT ? polls[i].fd : ARES_SOCKET_BAD);
	}
}

static void dns_invoke(struct driver *driver, const struct endpoint *at, struct driver_call *call)
{
	struct dns_driver *dns = (struct dns_driver *)driver;
	uint64_t deadline = clock_now_ns() + call->timeout_ns;

	driver_call_clear(call);
	if (call->kind != OP_READ) {
		driver_fail(call, OP_FAIL, OP_ERROR_REJECTED, "names are only looked up");
		return;
	}
	if (!dns->target.lookup || set_server(dns, at)) {
		driver_fail(call, OP_FAIL, OP_ERROR_NO_ROUTE, "no name, or no address of a server");
		return;
	}
	dns->call = call;
	dns->done = false;
	ares_query(dns->channel, dns->target.lookup, 1 /* IN */, 1 /* A */, on_answer, dns);
	wait_for_answer(dns, deadline);
	dns->call = NULL;
}

static void dns_role(struct driver *driver, const struct endpoint *at, uint64_t timeout_ns,
	struct driver_role *out)
{
	(void)driver;
	(void)at;
	(void)timeout_ns;
	*out = (struct driver_role){.believed_primary = OP_NODE_UNKNOWN};
}

static void init_library(void)
{
	ares_library_init(ARES_LIB_INIT_ALL);
}

static struct driver *dns_open(const struct driver_target *target, struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct ares_options options = {.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES |
			ARES_FLAG_NOCHECKRESP | ARES_FLAG_STAYOPEN,
		.timeout = OWN_LIMIT_MS,
		.tries = 1,
		.lookups = (char[]){"b"}};
	struct dns_driver *dns = calloc(1, sizeof(*dns));
	int rc;

	if (!dns)
		abort();
	pthread_once(&once, init_library);
	dns->base.ops = &driver_dns;
	dns->target = *target;
	rc = ares_init_options(&dns->channel, &options,
		ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS);
	if (rc != ARES_SUCCESS) {
		err_set(err, "cannot set up c-ares: %s", ares_strerror(rc));
		free(dns);
		return NULL;
	}
	return &dns->base;
}

static void dns_close(struct driver *driver)
{
	struct dns_driver *dns = (struct dns_driver *)driver;

	ares_destroy(dns->channel);
	free(dns);
}

const struct driver_ops driver_dns = {
	.name = "dns",
	.help = "looks a name up at a resolver or an authoritative server: reads with from: node",
	.can = DRIVER_LOOKUPS | DRIVER_NAMES_NODE,
	.default_port = 53,
	.params = dns_params,
	.options_size = sizeof(struct dns_options),
	.open = dns_open,
	.invoke = dns_invoke,
	.role = dns_role,
	.close = dns_close,
};
