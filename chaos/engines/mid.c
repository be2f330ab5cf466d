#include "chaos/engines/mid.h"
#include "fixtures/net/link.h"
#include "fixtures/net/site.h"

#include <stddef.h>

static int with_netlink(const struct site *site,
	int (*fn)(struct netlink *nl, const struct site *site, struct err *err), struct err *err)
{
	struct netlink *nl = netlink_open_in(site->netns_fd, err);
	int rc = nl ? fn(nl, site, err) : -1;

	netlink_close(nl);
	return rc;
}

static void add_bridge(struct netlink *nl)
{
	struct link_info info;
	struct err absent;

	if (link_get(nl, SITE_IFINDEX_MID, &info, &absent))
		link_add_bridge(nl, "mid0", SITE_IFINDEX_MID);
}

static int up(struct netlink *nl, const struct site *site, struct err *err)
{
	add_bridge(nl);
	link_set_master(nl, site->ifindex_c, SITE_IFINDEX_MID);
	link_set_master(nl, site->ifindex_b, SITE_IFINDEX_MID);
	return netlink_commit(nl, err);
}

static int up_inward(struct netlink *nl, const struct site *site, struct err *err)
{
	add_bridge(nl);
	link_set_master(nl, site->ifindex_c, SITE_IFINDEX_MID);
	link_set_port_in_only(nl, site->ifindex_c);
	if (netlink_commit(nl, err)) /* in a commit of its own: a batch goes on behind an error */
		return -1;
	link_set_port_in_only(nl, site->ifindex_c); /* for a frame that was on its way meanwhile */
	link_set_master(nl, site->ifindex_b, SITE_IFINDEX_MID);
	return netlink_commit(nl, err);
}

static int down(struct netlink *nl, const struct site *site, struct err *err)
{
	struct link_info info;
	struct err absent;

	(void)site;
	if (link_get(nl, SITE_IFINDEX_MID, &info, &absent))
		return 0;
	link_del(nl, SITE_IFINDEX_MID);
	return netlink_commit(nl, err);
}

int mid_up(const struct site *site, struct err *err)
{
	return site_verify(site, err) ? -1 : with_netlink(site, up, err);
}

int mid_up_inward(const struct site *site, struct err *err)
{
	return site_verify(site, err) ? -1 : with_netlink(site, up_inward, err);
}

int mid_down(const struct site *site, struct err *err)
{
	return with_netlink(site, down, err);
}
