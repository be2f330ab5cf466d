#include "suites/agent/outpost.h"
#include "fixtures/containers/container.h"
#include "fixtures/containers/engine_api.h"
#include "fixtures/json/jv.h"
#include "fixtures/net/link.h"
#include "fixtures/net/site.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

struct outpost {
	struct engine_api *api;
	struct container container;
	char address[16];
	unsigned prefix;
	bool killed, paused; /* by us */
};

struct outpost *outpost_new(const struct jv *from, struct err *err)
{
	struct outpost *outpost = calloc(1, sizeof(*outpost));

	if (!outpost)
		abort();
	snprintf(outpost->container.id, sizeof(outpost->container.id), "%s",
		jv_str(jv_get(from, "id"), ""));
	snprintf(outpost->container.name, sizeof(outpost->container.name), "%s",
		jv_str(jv_get(from, "name"), ""));
	snprintf(outpost->address, sizeof(outpost->address), "%s",
		jv_str(jv_get(from, "address"), ""));
	outpost->prefix = (unsigned)jv_int(jv_get(from, "prefix"), 0);
	outpost->api = engine_api_open(
		jv_str(jv_get(from, "runtime"), ""), jv_str(jv_get(from, "socket"), NULL), err);
	if (outpost->api)
		return outpost;
	outpost_free(outpost);
	return NULL;
}

void outpost_free(struct outpost *outpost)
{
	if (!outpost)
		return;
	engine_api_close(outpost->api);
	container_release(&outpost->container);
	free(outpost);
}

int outpost_settle(const struct outpost *outpost, int prober_netns, struct err *err)
{
	struct netlink *nl = netlink_open_in(prober_netns, err);
	uint8_t ip[4];
	int rc = nl ? 0 : -1;

	if (!rc && inet_pton(AF_INET, outpost->address, ip) != 1)
		rc = err_set(err, "\"%s\" is no IPv4 address for clients", outpost->address);
	if (!rc) {
		link_add_ip4(nl, SITE_IFINDEX_ETH0, ip, outpost->prefix);
		rc = netlink_commit(nl, err);
	}
	netlink_close(nl);
	return rc;
}

static int ask(struct outpost *outpost, const char *verb, struct err *err)
{
	return container_do(outpost->api, &outpost->container, verb, err)
		? err_prefix(err, "container %s", outpost->container.name)
		: 0;
}

int outpost_act(struct outpost *outpost, enum node_action action, bool undo, struct err *err)
{
	switch (action) {
	case NODE_NONE:
		return 0;
	case NODE_KILL:
		if (ask(outpost, undo ? "start" : "kill", err))
			return -1;
		outpost->killed = !undo;
		return 0;
	case NODE_PAUSE:
		if (ask(outpost, undo ? "unpause" : "pause", err))
			return -1;
		outpost->paused = !undo;
		return 0;
	case NODE_RESTART:
		return undo ? 0 : ask(outpost, "restart?t=2", err);
	case NODE_UNPLUG:
		return err_set(err, "container %s has a network of its runtime's; its plug stays",
			outpost->container.name);
	}
	return 0;
}

int outpost_heal(struct outpost *outpost, struct err *err)
{
	int rc = 0;

	if (outpost->paused)
		rc |= outpost_act(outpost, NODE_PAUSE, true, err);
	if (outpost->killed)
		rc |= outpost_act(outpost, NODE_KILL, true, err);
	return rc;
}
