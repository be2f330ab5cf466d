#include "suites/agent/outpost.h"
#include "chaos/journal.h"
#include "fixtures/base/buf.h"
#include "fixtures/containers/container.h"
#include "fixtures/containers/engine_api.h"
#include "fixtures/containers/halt.h"
#include "fixtures/json/jv.h"
#include "fixtures/net/link.h"
#include "fixtures/net/site.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct outpost {
	struct engine_api *api;
	struct container container;
	char address[46];
	unsigned prefix;
	char runtime[16], journal[512];
	struct halt halts[HALT_KINDS];
	bool halted[HALT_KINDS]; /* by us */
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
	snprintf(outpost->runtime, sizeof(outpost->runtime), "%s",
		jv_str(jv_get(from, "runtime"), ""));
	snprintf(outpost->journal, sizeof(outpost->journal), "%s",
		jv_str(jv_get(from, "journal"), ""));
	outpost->prefix = (unsigned)jv_int(jv_get(from, "prefix"), 0);
	outpost->api = engine_api_open(outpost->runtime, jv_str(jv_get(from, "socket"), NULL), err);
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
	int family = strchr(outpost->address, ':') ? AF_INET6 : AF_INET;
	uint8_t ip[16];
	int rc = nl ? 0 : -1;

	if (!rc && inet_pton(family, outpost->address, ip) != 1)
		rc = err_set(err, "\"%s\" is no address for clients", outpost->address);
	if (!rc) {
		link_add_ip(nl, SITE_IFINDEX_ETH0, family, ip, outpost->prefix);
		rc = netlink_commit(nl, err);
	}
	netlink_close(nl);
	return rc;
}

/* Nothing is done that the journal cannot be told of. */
static int note(const struct outpost *outpost, const struct halt *halt, bool over, struct err *err)
{
	struct buf line = {0};
	int rc;

	journal_format_halt(&line, halt, over);
	rc = journal_append(outpost->journal, buf_str(&line), err);
	buf_release(&line);
	return rc;
}

static int begin(struct outpost *outpost, enum halt_kind kind, struct err *err)
{
	struct halt *halt = &outpost->halts[kind];

	halt_init(halt, kind, outpost->runtime, outpost->api, &outpost->container);
	if (note(outpost, halt, false, err))
		return -1;
	outpost->halted[kind] = true;
	return halt_do(halt, outpost->api, err);
}

static int end(struct outpost *outpost, enum halt_kind kind, struct err *err)
{
	const struct halt *halt = &outpost->halts[kind];

	if (!outpost->halted[kind])
		return 0;
	if (halt_undo(halt, outpost->api, err))
		return -1;
	outpost->halted[kind] = false;
	return note(outpost, halt, true, err);
}

int outpost_act(struct outpost *outpost, enum node_action action, bool undo, struct err *err)
{
	switch (action) {
	case NODE_NONE:
		return 0;
	case NODE_KILL:
		return undo ? end(outpost, HALT_KILL, err) : begin(outpost, HALT_KILL, err);
	case NODE_PAUSE:
		return undo ? end(outpost, HALT_PAUSE, err) : begin(outpost, HALT_PAUSE, err);
	case NODE_RESTART:
		if (undo)
			return 0;
		return begin(outpost, HALT_RESTART, err) ? -1 : end(outpost, HALT_RESTART, err);
	case NODE_UNPLUG:
		return err_set(err, "container %s has a network of its runtime's; its plug stays",
			outpost->container.name);
	case NODE_SLOW:
	case NODE_FILL:
	case NODE_DRAG:
	case NODE_CLOCK:
	case NODE_LIE:
		return err_set(err, "container %s is not ours to cap, fill, slow or tell the time",
			outpost->container.name);
	}
	return 0;
}

int outpost_heal(struct outpost *outpost, struct err *err)
{
	int rc = 0;

	/* A container that was killed while it was paused is thawed by that. */
	for (unsigned kind = 0; kind < HALT_KINDS; kind++)
		rc |= end(outpost, (enum halt_kind)kind, err);
	return rc ? -1 : 0;
}
