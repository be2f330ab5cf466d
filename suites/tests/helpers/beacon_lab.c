#include "suites/tests/helpers/beacon_lab.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/json/jv.h"
#include "fixtures/net/netns.h"
#include "probes/files.h"

#include <errno.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_NS (10 * NSEC_PER_SEC)

struct child {
	struct beacon_lab *lab;
	unsigned region;
	int socket_fd;
};

static int child_main(void *arg)
{
	struct child *child = arg;
	struct beacon_lab *lab = child->lab;
	struct err err;

	if (netns_enter(lab->leaf_fds[child->region], &err) < 0)
		return 99;
	return beacon_main(&lab->configs[child->region], child->socket_fd);
}

static void start_process(struct beacon_lab *lab, unsigned region)
{
	struct child child = {.lab = lab, .region = region};
	struct err err;
	int pair[2];

	lab->configs[region] = (struct beacon_config){
		.region = region,
		.n_regions = lab->net.n,
		.period_ns = beacon_period_ns(lab->net.n),
		.epoch_ns = lab->epoch_ns,
		.dir = lab->dir,
		.site_netns_fd = lab->net.sites[region].netns_fd,
		.uplink = "a",
	};
	assert_return_code(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), errno);
	child.socket_fd = pair[1];
	lab->sockets[region] = pair[0];
	if (process_start(&lab->processes[region], 0, child_main, &child, &err) < 0)
		fail_msg("%s", err.text);
	close(pair[1]);
}

static void say(const struct beacon_lab *lab, unsigned region, const char *type)
{
	struct jv *message = jv_new_object();
	struct err err;

	jv_set(message, "type", jv_new_string(type));
	if (frame_send(lab->sockets[region], message, &err) < 0)
		fail_msg("%s", err.text);
}

/* The next message that is not the progress of a second. */
static struct jv *next_message(struct beacon_lab *lab, unsigned region, const char *wanted)
{
	uint64_t deadline = clock_now_ns() + WAIT_NS;

	for (;;) {
		struct jv *message = NULL;
		struct err err;
		int got = frame_recv(lab->sockets[region], &lab->readers[region], deadline,
			&message, NULL, &err);

		if (got < 0)
			fail_msg("region %u: %s", region, err.text);
		if (got == 0)
			fail_msg("region %u did not answer '%s' in time", region, wanted);
		if (strcmp(jv_str(jv_get(message, "type"), ""), "progress"))
			return message;
		jv_free(message);
	}
}

static void expect(struct beacon_lab *lab, unsigned region, const char *type)
{
	struct jv *message = next_message(lab, region, type);

	if (strcmp(jv_str(jv_get(message, "type"), ""), type))
		fail_msg("region %u: %s", region, jv_str(jv_get(message, "sentence"), "?"));
	jv_free(message);
}

void beacon_lab_up(struct beacon_lab *lab, unsigned n, const struct engine_ops *ops)
{
	beacon_lab_up_early(lab, n, ops, 0);
}

void beacon_lab_up_early(
	struct beacon_lab *lab, unsigned n, const struct engine_ops *ops, unsigned zero_in_ms)
{
	struct err err;

	*lab = (struct beacon_lab){.dir = "/tmp/beacon_lab.XXXXXX"};
	if (net_lab_skip_reason()) {
		print_message("skip: %s\n", net_lab_skip_reason());
		skip();
	}
	if (net_lab_up(&lab->net, n, ops, 1, &err) < 0)
		fail_msg("%s", err.text);
	assert_non_null(mkdtemp(lab->dir));
	lab->epoch_ns = clock_now_ns() + zero_in_ms * NSEC_PER_MSEC;
	for (unsigned r = 0; r < n; r++) {
		lab->processes[r] = (struct process)PROCESS_INIT;
		lab->leaf_fds[r] = site_add_leaf(&lab->net.sites[r], ADDR_HOST_BEACON, &err);
		if (lab->leaf_fds[r] < 0)
			fail_msg("%s", err.text);
	}
	for (unsigned r = 0; r < n; r++)
		start_process(lab, r);
	for (unsigned r = 0; r < n; r++)
		expect(lab, r, "ready");
	for (unsigned r = 0; r < n; r++)
		say(lab, r, "start");
}

void beacon_lab_stop(struct beacon_lab *lab)
{
	for (unsigned r = 0; r < lab->net.n; r++)
		if (!process_wait(&lab->processes[r], 0))
			say(lab, r, "stop");
	for (unsigned r = 0; r < lab->net.n; r++) {
		struct process *process = &lab->processes[r];

		if (process->ended)
			continue;
		expect(lab, r, "done");
		assert_true(process_wait(process, clock_now_ns() + WAIT_NS));
		assert_int_equal(process->status, 0);
	}
}

void beacon_lab_load(const struct beacon_lab *lab, struct beacons *beacons)
{
	struct err err;

	if (beacons_load_dir(beacons, lab->dir, &err) < 0)
		fail_msg("%s", err.text);
}

static void remove_files(const char *dir)
{
	struct files files;
	struct err err;

	if (files_below(&files, dir, "", &err) < 0)
		return;
	for (size_t i = 0; i < files.n; i++)
		unlink(files.paths[i]);
	files_release(&files);
	rmdir(dir);
}

void beacon_lab_down(struct beacon_lab *lab)
{
	for (unsigned r = 0; r < lab->net.n; r++) {
		process_kill(&lab->processes[r]);
		close(lab->sockets[r]);
		close(lab->leaf_fds[r]);
		frame_reader_release(&lab->readers[r]);
	}
	net_lab_down(&lab->net);
	remove_files(lab->dir);
}

uint64_t beacon_lab_now_ns(const struct beacon_lab *lab)
{
	return clock_now_ns() - lab->epoch_ns;
}

void beacon_lab_run_for_ms(unsigned ms)
{
	clock_sleep_until_ns(clock_now_ns() + ms * NSEC_PER_MSEC);
}

static int set_c(void *arg, struct err *err)
{
	struct ifreq request = {.ifr_name = "c"};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc;

	if (fd < 0)
		return err_sys(err, "cannot open a socket");
	rc = ioctl(fd, SIOCGIFFLAGS, &request);
	if (*(bool *)arg)
		request.ifr_flags |= IFF_UP;
	else
		request.ifr_flags &= (short)~IFF_UP;
	if (rc == 0)
		rc = ioctl(fd, SIOCSIFFLAGS, &request);
	if (rc < 0)
		err_sys(err, "cannot switch the uplink");
	close(fd);
	return rc;
}

void beacon_lab_set_uplink(const struct beacon_lab *lab, unsigned region, bool up)
{
	struct err err;

	if (netns_run(lab->net.sites[region].netns_fd, set_c, &up, &err) < 0)
		fail_msg("%s", err.text);
}

static int disable_ip6(void *arg, struct err *err)
{
	(void)arg;
	return netns_sysctl("net/ipv6/conf/eth0/disable_ipv6", "1", err);
}

void beacon_lab_drop_ip6(const struct beacon_lab *lab, unsigned region)
{
	struct err err;

	if (netns_run(lab->leaf_fds[region], disable_ip6, NULL, &err) < 0)
		fail_msg("%s", err.text);
}
