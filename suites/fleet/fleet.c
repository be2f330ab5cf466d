#include "suites/fleet/fleet.h"
#include "chaos/restore.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/log.h"
#include "fixtures/containers/engine_api.h"
#include "fixtures/net/link.h"
#include "fixtures/net/netns.h"
#include "fixtures/net/pin.h"
#include "suites/fleet/watch.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLLOW_LIMIT_MS 100 /* whoever follows has other things to do */

static unsigned long long inode_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? 0 : st.st_ino;
}

int fleet_guard(
	struct fleet *fleet, const struct guardian *guardian, const char *run, struct err *err)
{
	char line[64];

	fleet->guardian = guardian;
	snprintf(fleet->run, sizeof(fleet->run), "%s", run);
	restore_tag(run, fleet->tag);
	fleet->book = book_new(err);
	if (!fleet->book || fleet_watch_open(fleet, err))
		return -1;
	snprintf(line, sizeof(line), "netns %llu\n", inode_of(fleet->host_fd));
	return guardian_note(guardian, line, err);
}

/* A name for d that no other run has: the journal's path is unique among those that live. */
static void name_uplink(const struct fleet *fleet, unsigned region, char name[16])
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (const char *c = fleet->run; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 16777619u;
	snprintf(name, 16, "rp%07xd%u", hash & 0xfffffff, region);
}

int fleet_ground(struct fleet *fleet, unsigned region, struct site_ground *out, struct err *err)
{
	struct journal_site *site = &fleet->sites[region].site;
	struct buf line = {0};
	int fd, rc;

	name_uplink(fleet, region, site->d_name);
	snprintf(site->path, sizeof(site->path), "%.200s.site%u", fleet->guardian->journal, region);
	journal_format_site(&line, site);
	fd = site_new_netns(err);
	rc = fd < 0 || guardian_note(fleet->guardian, buf_str(&line), err) ||
		pin_make(site->path, fd, err);
	buf_release(&line);
	if (rc) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	fleet->sites[region].fd = fd;
	*out = (struct site_ground){.site_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3),
		.backbone_fd = fleet->host_fd,
		.bridge = fleet->bridge_ifindex,
		.mtu = fleet->mtu,
		.book = fleet->book};
	memcpy(out->d_name, site->d_name, sizeof(out->d_name));
	return fleet_watch_site(fleet, region, err);
}

static int attach_end(struct fleet *fleet, struct fleet_member *member, const struct veth_end *end,
	struct err *err)
{
	struct journal_port entry = {.site = member->region};
	struct buf line = {0};
	int rc;

	if (adopt_look(fleet->host_fd, end, &entry.port, err))
		return -1;
	journal_format_port(&line, &entry);
	rc = guardian_note(fleet->guardian, buf_str(&line), err);
	buf_release(&line);
	if (rc || book_add(fleet->book, end->mac, member->region, err))
		return -1;
	member->ports[member->n_ports++] = entry.port;
	return adopt_attach(
		&entry.port, fleet->host_fd, fleet->sites[member->region].fd, fleet->tag, err);
}

/* What a member sent that is back. */
static uint64_t count_stray(const struct fleet *fleet, const struct fleet_member *member,
	const struct veth_end *ends, int n)
{
	uint64_t all = 0;

	if (!fleet->stray)
		return STRAY_UNKNOWN;
	for (int i = 0; i < n; i++) {
		uint64_t one = stray_missed(fleet->stray, ends[i].outer)
			? STRAY_UNKNOWN
			: stray_count(fleet->stray, ends[i].mac, member->region, fleet->book);

		if (one == STRAY_UNKNOWN)
			return one;
		all += one;
	}
	return all;
}

/* 1: attached; 0: it has no interface on the bridge (yet). */
static int attach(struct fleet *fleet, struct fleet_member *member, struct err *err)
{
	struct veth_end ends[VETH_ENDS_MAX];
	int fd = container_netns(&member->container, err), n;

	n = fd < 0 ? -1 : veth_find(fd, fleet->host_fd, fleet->bridge_ifindex, ends, err);
	member->n_ports = 0;
	for (int i = 0; i < n; i++) {
		if (attach_end(fleet, member, &ends[i], err))
			n = -1;
	}
	if (n > 0) {
		member->attached = true;
		member->netns = inode_of(fd);
		member->stray = count_stray(fleet, member, ends, n);
	}
	if (fd >= 0)
		close(fd);
	return n < 0 ? -1 : n > 0;
}

int fleet_attach(struct fleet *fleet, struct err *err)
{
	for (size_t i = 0; i < fleet->n; i++) {
		struct fleet_member *member = &fleet->members[i];
		int rc = attach(fleet, member, err);

		if (rc == 0)
			err_exit(err, EXIT_MACHINE, "it is on %s no more", fleet->bridge.name);
		if (rc <= 0)
			return err_prefix(err, "container %s", member->container.name);
	}
	return 0;
}

/* Is it still the one that was attached? A container that was started again has a namespace anew. */
static bool is_attached(const struct fleet_member *member)
{
	struct err gone;
	int fd = member->container.running ? container_netns(&member->container, &gone) : -1;
	bool same = fd >= 0 && member->attached && inode_of(fd) == member->netns;

	if (fd >= 0)
		close(fd);
	return same;
}

/* Seen without asking the runtime, which answers only when it is done with the container. */
static bool ports_stand(const struct fleet *fleet, const struct fleet_member *member)
{
	for (unsigned k = 0; k < member->n_ports; k++) {
		if (!adopt_stands(&member->ports[k], fleet->sites[member->region].fd, fleet->tag))
			return false;
	}
	return true;
}

static void let_go(struct fleet *fleet, struct fleet_member *member,
	void (*told)(void *arg, const struct fleet_member *member, enum fleet_change change),
	void *arg)
{
	struct err err;

	member->attached = false;
	if (!fleet->stray) {
		fleet->stray = stray_open(fleet->host_fd, &err);
		if (!fleet->stray)
			log_info("%s", err.text);
	}
	told(arg, member, FLEET_GONE);
}

/* False: it cannot be said now, since the runtime is busy with it. */
static bool look_again(struct fleet *fleet, struct fleet_member *member)
{
	struct err err;

	if (!container_inspect(fleet->api, &member->container, &err))
		return true;
	log_info("%s", err.text);
	if (!engine_api_status(fleet->api))
		return false;
	member->container.running = false; /* removed */
	return true;
}

/* True where the member is as it should be. */
static bool follow(struct fleet *fleet, struct fleet_member *member,
	void (*told)(void *arg, const struct fleet_member *member, enum fleet_change change),
	void *arg)
{
	struct err err;

	if (member->attached && !ports_stand(fleet, member))
		let_go(fleet, member, told, arg);
	if (!look_again(fleet, member))
		return false;
	if (is_attached(member))
		return true;
	if (member->attached)
		let_go(fleet, member, told, arg);
	if (!member->container.running || member->container.pid <= 0)
		return false;
	if (attach(fleet, member, &err) <= 0)
		return false; /* its network is not laid yet */
	told(arg, member, FLEET_BACK);
	return true;
}

int fleet_follow(struct fleet *fleet,
	void (*told)(void *arg, const struct fleet_member *member, enum fleet_change change),
	void *arg, struct err *err)
{
	bool all = true;

	engine_api_limit(fleet->api, FOLLOW_LIMIT_MS);
	fleet_watch_drain(fleet);
	if (fleet->stray)
		stray_read(fleet->stray);
	for (size_t i = 0; i < fleet->n; i++)
		all = follow(fleet, &fleet->members[i], told, arg) && all;
	if (all) {
		stray_close(fleet->stray);
		fleet->stray = NULL;
	}
	return fleet_watch_again(fleet, !all, err);
}

static unsigned count(int rc, const struct err *why, unsigned left, struct err *err)
{
	if (rc && !left)
		*err = *why;
	return left + (rc ? 1 : 0);
}

unsigned fleet_detach(struct fleet *fleet, struct err *err)
{
	unsigned left = 0;

	for (size_t i = 0; i < fleet->n; i++) {
		struct fleet_member *member = &fleet->members[i];
		struct err why;

		for (unsigned k = 0; k < member->n_ports; k++)
			left = count(
				adopt_detach(&member->ports[k], fleet->sites[member->region].fd,
					fleet->host_fd, fleet->tag, &why),
				&why, left, err);
		member->attached = false;
	}
	return left;
}

unsigned fleet_raze(struct fleet *fleet, struct err *err)
{
	unsigned left = 0;

	for (unsigned r = 0; r < fleet->n_regions; r++) {
		const struct journal_site *site = &fleet->sites[r].site;
		struct err why;

		if (!site->path[0])
			continue;
		left = count(restore_uplink(site->d_name, fleet->host_fd, &why), &why, left, err);
		left = count(pin_remove(site->path, &why), &why, left, err);
	}
	return left;
}

void fleet_release(struct fleet *fleet)
{
	fleet_watch_close(fleet);
	stray_close(fleet->stray);
	for (unsigned r = 0; r < fleet->n_regions; r++) {
		if (fleet->sites[r].fd >= 0)
			close(fleet->sites[r].fd);
	}
	for (size_t i = 0; i < fleet->n; i++)
		container_release(&fleet->members[i].container);
	free(fleet->members);
	if (fleet->host_fd >= 0)
		close(fleet->host_fd);
	book_free(fleet->book);
	engine_api_close(fleet->api);
	*fleet = (struct fleet)FLEET_INIT;
}
