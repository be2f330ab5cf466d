#include "chaos/restore.h"
#include "fixtures/cpu_cap.h"
#include "fixtures/net/link.h"
#include "fixtures/net/netns.h"
#include "fixtures/net/pin.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void restore_tag(const char *run, char tag[RESTORE_TAG_MAX])
{
	snprintf(tag, RESTORE_TAG_MAX, "regionproof %.100s", run);
}

/* Count a failure; the first sentence is kept. */
static unsigned failed(int rc, const struct err *why, unsigned so_far, struct err *err)
{
	if (rc && !so_far)
		*err = *why;
	return so_far + (rc ? 1 : 0);
}

static int put_back(const struct journal *journal, const struct journal_port *port, int host_fd,
	struct err *err)
{
	int site_fd = pin_open(journal->sites[port->site].path), rc;
	char tag[RESTORE_TAG_MAX];

	restore_tag(journal->run, tag);
	rc = adopt_detach(&port->port, site_fd, host_fd, tag, err);
	if (site_fd >= 0)
		close(site_fd);
	return rc;
}

int restore_uplink(const char *d_name, int host_fd, struct err *err)
{
	struct netlink *nl = netlink_open_in(host_fd, err);
	struct link_info d;
	struct err absent;
	int rc = nl ? 0 : -1;

	if (nl && !link_find(nl, d_name, &d, &absent) && !strcmp(d.kind, "veth")) {
		link_del(nl, d.ifindex);
		rc = netlink_commit(nl, err);
		if (rc && link_find(nl, d_name, &d, &absent))
			rc = 0; /* it went with its site meanwhile */
	}
	netlink_close(nl);
	return rc;
}

static int check_netns(const struct journal *journal, int host_fd, struct err *err)
{
	struct stat st;

	if (!fstat(host_fd, &st) && st.st_ino == journal->netns)
		return 0;
	return err_set(err,
		"the containers of %s are in another network namespace (net:[%llu]); run "
		"`regionproof clean` there",
		journal->run, journal->netns);
}

unsigned restore_network(const struct journal *journal, struct err *err)
{
	unsigned left = 0;
	struct err why;
	int host_fd;

	if (!journal->n_sites)
		return 0;
	host_fd = netns_current(err);
	if (host_fd < 0 || check_netns(journal, host_fd, err)) {
		if (host_fd >= 0)
			close(host_fd);
		return 1;
	}
	for (unsigned i = 0; i < journal->n_ports; i++)
		left = failed(
			put_back(journal, &journal->ports[i], host_fd, &why), &why, left, err);
	/* A site in which a container is left is all that container has. */
	for (unsigned i = 0; i < journal->n_sites && !left; i++) {
		const struct journal_site *site = &journal->sites[i];

		left = failed(restore_uplink(site->d_name, host_fd, &why), &why, left, err);
		left = failed(pin_remove(site->path, &why), &why, left, err);
	}
	close(host_fd);
	return left;
}

unsigned restore_halted(const struct journal *journal, struct err *err)
{
	unsigned left = 0;

	for (unsigned i = 0; i < journal->n_halts; i++) {
		struct err why;

		left = failed(halt_undo_alone(&journal->halts[i], &why), &why, left, err);
	}
	return left;
}

unsigned restore_groups(const struct journal *journal, struct err *err)
{
	unsigned left = 0;
	struct err why;

	for (unsigned i = 0; i < journal->n_groups; i++)
		left = failed(cpu_cap_remove(journal->groups[i], &why), &why, left, err);
	return left;
}
