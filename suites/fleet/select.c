/* Which containers, on which network; everything that is wrong with them is said before anything is done. */
#include "fixtures/base/buf.h"
#include "fixtures/containers/engine_api.h"
#include "fixtures/json/jv.h"
#include "fixtures/net/link.h"
#include "fixtures/net/netns.h"
#include "suites/fleet/fleet.h"

#include <arpa/inet.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int region_of(const struct fleet *fleet, const struct container *container)
{
	const char *label = container_label(container, fleet->spec.region_label);

	for (unsigned i = 0; i < fleet->n_regions; i++) {
		if (!strcmp(fleet->regions[i], label))
			return (int)i;
	}
	return -1;
}

/* "name=value" or "name". */
static bool carries(const struct container *container, const char *label)
{
	const char *equals = strchr(label, '=');
	char name[128];

	if (!equals)
		return *container_label(container, label);
	snprintf(name, sizeof(name), "%.*s", (int)(equals - label), label);
	return !strcmp(container_label(container, name), equals + 1);
}

static int take_members(struct fleet *fleet, struct container *list, size_t n, struct err *err)
{
	fleet->members = calloc(n + 1, sizeof(*fleet->members));
	if (!fleet->members)
		abort();
	for (size_t i = 0; i < n; i++) {
		int region = region_of(fleet, &list[i]);

		if (region < 0 || (fleet->spec.name && fnmatch(fleet->spec.name, list[i].name, 0)))
			continue;
		if (!carries(&list[i], fleet->spec.allow_label))
			return err_exit(err, EXIT_MACHINE,
				"container %s is of region %s but does not carry the label %s; "
				"nothing is touched",
				list[i].name, fleet->regions[region], fleet->spec.allow_label);
		if (list[i].host_network)
			return err_exit(err, EXIT_MACHINE,
				"container %s uses the network of the host itself, which is never "
				"touched; give it a bridge network",
				list[i].name);
		fleet->members[fleet->n++] =
			(struct fleet_member){.container = list[i], .region = (unsigned)region};
		list[i] = (struct container){0};
	}
	return 0;
}

static int list(struct fleet *fleet, struct err *err)
{
	struct container_filter filter = {.labels = {fleet->spec.region_label}};
	struct container *found;
	char project[160], service[160];
	size_t n, k = 1;
	int rc;

	snprintf(project, sizeof(project), "com.docker.compose.project=%s",
		fleet->spec.project ? fleet->spec.project : "");
	snprintf(service, sizeof(service), "com.docker.compose.service=%s",
		fleet->spec.service ? fleet->spec.service : "");
	if (fleet->spec.project)
		filter.labels[k++] = project;
	if (fleet->spec.service)
		filter.labels[k++] = service;
	if (containers_list(fleet->api, &filter, &found, &n, err)) {
		err->code = EXIT_MACHINE;
		return -1;
	}
	rc = take_members(fleet, found, n, err);
	containers_free(found, n);
	return rc;
}

/* " in the project shop, of the service db, named x-*" */
static const char *narrowed(const struct fleet_spec *spec, char *text, size_t size)
{
	snprintf(text, size, "%s%s%s%s%s%s", spec->project ? " in the project " : "",
		spec->project ? spec->project : "", spec->service ? " of the service " : "",
		spec->service ? spec->service : "", spec->name ? " with a name like " : "",
		spec->name ? spec->name : "");
	return text;
}

static int check_regions(const struct fleet *fleet, struct err *err)
{
	char text[300];

	for (unsigned r = 0; r < fleet->n_regions; r++) {
		size_t i = 0;

		while (i < fleet->n && fleet->members[i].region != r)
			i++;
		if (i == fleet->n)
			return err_exit(err, EXIT_MACHINE,
				"no running container of %s has the label %s=%s%s",
				engine_api_name(fleet->api), fleet->spec.region_label,
				fleet->regions[r], narrowed(&fleet->spec, text, sizeof(text)));
	}
	return 0;
}

static const struct fleet_member *not_on(const struct fleet *fleet, const char *network)
{
	for (size_t i = 0; i < fleet->n; i++) {
		if (!container_on(&fleet->members[i].container, network))
			return &fleet->members[i];
	}
	return NULL;
}

/* Those that all share, "a, b"; returns how many. */
static unsigned list_shared(const struct fleet *fleet, struct buf *names)
{
	const struct container *first = &fleet->members[0].container;
	unsigned n = 0;

	for (unsigned i = 0; i < first->n_networks; i++) {
		if (!not_on(fleet, first->networks[i].name))
			buf_printf(names, "%s%s", n++ ? ", " : "", first->networks[i].name);
	}
	return n;
}

/* Which of several is meant is never guessed. */
static int choose_shared(struct fleet *fleet, struct err *err)
{
	struct buf names = {0};
	unsigned n = list_shared(fleet, &names);
	int rc = 0;

	if (n == 0)
		rc = err_exit(err, EXIT_MACHINE,
			"the %zu containers share no network: regions are joined by one", fleet->n);
	else if (n > 1)
		rc = err_exit(err, EXIT_MACHINE,
			"the %zu containers share %u networks (%s): say which one joins the regions, by "
			"\"network:\" or --network",
			fleet->n, n, buf_str(&names));
	else
		snprintf(fleet->network, sizeof(fleet->network), "%s", buf_str(&names));
	buf_release(&names);
	return rc;
}

static int choose_network(struct fleet *fleet, struct err *err)
{
	const char *asked = fleet->spec.network;

	if (!asked)
		return choose_shared(fleet, err);
	if (not_on(fleet, asked))
		return err_exit(err, EXIT_MACHINE, "container %s is not on the network %s",
			not_on(fleet, asked)->container.name, asked);
	snprintf(fleet->network, sizeof(fleet->network), "%s", asked);
	return 0;
}

static int find_bridge(struct fleet *fleet, struct err *err)
{
	struct netlink *nl = NULL;
	struct link_info info;

	if (container_network_bridge(fleet->api,
		    container_on(&fleet->members[0].container, fleet->network), &fleet->bridge,
		    err))
		return -1;
	if (!fleet->bridge.is_bridge)
		return err_set(err,
			"network %s is not of driver bridge: its links cannot be adopted",
			fleet->network);
	fleet->host_fd = netns_current(err);
	if (fleet->host_fd >= 0)
		nl = netlink_open_in(fleet->host_fd, err);
	if (!nl)
		return -1;
	if (link_find(nl, fleet->bridge.name, &info, err) || strcmp(info.kind, "bridge")) {
		netlink_close(nl);
		return err_set(err,
			"the bridge %s of network %s is not in this network namespace: the runtime "
			"runs elsewhere (rootless, or in a virtual machine)",
			fleet->bridge.name, fleet->network);
	}
	netlink_close(nl);
	fleet->bridge_ifindex = info.ifindex;
	fleet->mtu = info.mtu;
	return 0;
}

/* Every container has an interface that passes the proof. */
static int check_veths(const struct fleet *fleet, struct err *err)
{
	for (size_t i = 0; i < fleet->n; i++) {
		const struct container *container = &fleet->members[i].container;
		struct veth_end ends[VETH_ENDS_MAX];
		int fd = container_netns(container, err), n;

		n = fd < 0 ? -1 : veth_find(fd, fleet->host_fd, fleet->bridge_ifindex, ends, err);
		if (fd >= 0)
			close(fd);
		if (n == 0)
			err_set(err, "it has no interface on %s (is another run at work on it?)",
				fleet->bridge.name);
		if (n <= 0)
			return err_prefix(err, "container %s", container->name);
	}
	return 0;
}

const struct fleet_member *fleet_endpoint(const struct fleet *fleet, unsigned region)
{
	const struct fleet_member *first = NULL;

	for (size_t i = 0; i < fleet->n; i++) {
		const struct fleet_member *member = &fleet->members[i];

		if (member->region != region)
			continue;
		if (*container_label(&member->container, FLEET_ENDPOINT))
			return member;
		first = first ? first : member;
	}
	return first;
}

/* Is it the address of a container of that network, ours or not? [{IPv4Address: "172.18.0.2/16"}] */
static bool is_taken(const struct jv *containers, const char *key, const char *address)
{
	size_t len = strlen(address);

	for (size_t i = 0; i < jv_count(containers); i++) {
		const struct jv *container;
		const char *theirs;

		jv_key_at(containers, i, &container);
		theirs = jv_str(jv_get(container, key), "");
		if (!strncmp(theirs, address, len) && (theirs[len] == '/' || !theirs[len]))
			return true;
	}
	return false;
}

/* Region r gets the r-th free one below the broadcast address. */
static int pick4(const struct fleet *fleet, const struct jv *containers, unsigned region,
	struct fleet_way *way, struct err *err)
{
	char net[40];
	struct in_addr base;
	uint32_t last, first;

	if (sscanf(fleet->bridge.subnet4, "%39[0-9.]/%u", net, &way->prefix) != 2 ||
		inet_pton(AF_INET, net, &base) != 1 || way->prefix < 8 || way->prefix > 28)
		return err_exit(err, EXIT_MACHINE,
			"network %s has no IPv4 subnet of /8 to /28 in which clients could stand",
			fleet->network);
	first = ntohl(base.s_addr) & ~(UINT32_MAX >> way->prefix);
	last = first | (UINT32_MAX >> way->prefix);
	for (uint32_t ip = last - 1; ip > first + 1; ip--) {
		struct in_addr in = {htonl(ip)};

		inet_ntop(AF_INET, &in, way->client, sizeof(way->client));
		if (!is_taken(containers, "IPv4Address", way->client) &&
			strcmp(way->client, fleet->bridge.gateway4) != 0 && !region--)
			return 0;
	}
	return err_exit(err, EXIT_MACHINE, "network %s has no address left", fleet->network);
}

/* The same in the last 16 bits; the very last addresses of a subnet are anycast (RFC 2526). */
static int pick6(const struct fleet *fleet, const struct jv *containers, unsigned region,
	struct fleet_way *way, struct err *err)
{
	char net[64];
	struct in6_addr in;

	if (sscanf(fleet->bridge.subnet6, "%63[0-9a-fA-F:]/%u", net, &way->prefix) != 2 ||
		inet_pton(AF_INET6, net, &in) != 1 || way->prefix < 8 || way->prefix > 112)
		return err_exit(err, EXIT_MACHINE,
			"network %s has no IPv6 subnet of /8 to /112 in which clients could stand",
			fleet->network);
	for (unsigned bit = way->prefix; bit < 128; bit++)
		in.s6_addr[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	for (unsigned low = 0xff00; low > 2; low--) {
		in.s6_addr[14] = (uint8_t)(low >> 8);
		in.s6_addr[15] = (uint8_t)low;
		inet_ntop(AF_INET6, &in, way->client, sizeof(way->client));
		if (!is_taken(containers, "IPv6Address", way->client) && !region--)
			return 0;
	}
	return err_exit(err, EXIT_MACHINE, "network %s has no address left", fleet->network);
}

int fleet_find_way(
	struct fleet *fleet, unsigned region, unsigned ip, struct fleet_way *out, struct err *err)
{
	const struct container *container = &fleet_endpoint(fleet, region)->container;
	const struct container_network *network = container_on(container, fleet->network);
	char path[160];
	struct jv *json;
	int rc;

	if (!ip)
		ip = *network->ip4 ? 4 : 6;
	snprintf(out->endpoint, sizeof(out->endpoint), "%s", ip == 6 ? network->ip6 : network->ip4);
	if (!*out->endpoint)
		return err_exit(err, EXIT_MACHINE,
			"container %s has no IPv%u address on network %s", container->name, ip,
			fleet->network);
	snprintf(path, sizeof(path), "/networks/%s", *network->id ? network->id : network->name);
	json = engine_api_get(fleet->api, path, err);
	if (!json)
		return -1;
	rc = (ip == 6 ? pick6 : pick4)(fleet, jv_get(json, "Containers"), region, out, err);
	jv_free(json);
	return rc;
}

int fleet_select(struct fleet *fleet, const struct fleet_spec *spec, const char *const *regions,
	unsigned n_regions, struct err *err)
{
	*fleet = (struct fleet)FLEET_INIT;
	fleet->spec = *spec;
	fleet->regions = regions;
	fleet->n_regions = n_regions;
	for (unsigned r = 0; r < ADDR_REGIONS_MAX; r++)
		fleet->sites[r].fd = fleet->sites[r].watch_fd = -1;
	fleet->api = engine_api_open(spec->runtime, spec->socket, err);
	if (!fleet->api)
		return -1;
	if (list(fleet, err) || check_regions(fleet, err) || choose_network(fleet, err))
		return -1;
	if (find_bridge(fleet, err) || check_veths(fleet, err)) {
		err->code = EXIT_MACHINE;
		return -1;
	}
	return 0;
}
