/*
 * The process: sockets, tapes and capture are opened, privileges dropped, threads started; then it
 * waits for frames.
 *
 * Order at the end: the sender stops first; the receiver goes on for the longest delay seen and a
 * little more, and until nothing has come for a while (at most 5 s), since the other regions'
 * packets and those in the delay lines are still on their way; then everything is written out and
 * "done" is sent. When the agent is gone (end of file) nobody waits for us and there is no drain.
 */
#include "probes/beacon.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/log.h"
#include "fixtures/frame.h"
#include "fixtures/json/jv.h"
#include "fixtures/net/addr.h"
#include "probes/beacon_packet.h"
#include "probes/beacon_seconds.h"
#include "probes/beacon_threads.h"
#include "probes/capture.h"
#include "probes/confine.h"
#include "probes/pressure.h"
#include "probes/stall.h"
#include "probes/tape.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PACKETS_PER_SECOND_MAX 4000
#define PERIOD_MIN_NS (5 * NSEC_PER_MSEC)
#define QUEUE_BYTES (8 << 20)
#define BIND_LIMIT_NS (2 * NSEC_PER_SEC)
#define LOOK_NS (200 * NSEC_PER_MSEC)
#define DRAIN_MAX_NS (5 * NSEC_PER_SEC)
#define DRAIN_ROOM_NS (50 * NSEC_PER_MSEC)

enum { SENDER, RECEIVER, STALL_WATCH, PRESSURE_WATCH, N_THREADS };

struct beacon {
	struct beacon_config config; /* a copy: "start" may fix its epoch */
	int sockets[BEACON_FAMILIES];
	struct beacon_thread threads[N_THREADS];
	struct beacon_seconds *seconds;
	struct capture *capture;
	struct err no_capture; /* why there is none */
	uint64_t capture_dropped;
};

uint64_t beacon_period_ns(unsigned n_regions)
{
	uint64_t a_slot = n_regions > 1 ? (uint64_t)(n_regions - 1) * BEACON_FAMILIES : 1;
	uint64_t needed = a_slot * NSEC_PER_SEC / PACKETS_PER_SECOND_MAX;

	return needed > PERIOD_MIN_NS ? needed : PERIOD_MIN_NS;
}

int beacon_thread_start(struct beacon_thread *thread, void *(*run)(void *), struct err *err)
{
	int rc = pthread_create(&thread->id, NULL, run, thread);

	if (rc) {
		errno = rc;
		return err_sys(err, "cannot start a thread");
	}
	thread->running = true;
	return 0;
}

void beacon_thread_end(struct beacon_thread *thread)
{
	atomic_store(&thread->stop, true);
	if (thread->running)
		pthread_join(thread->id, NULL);
	thread->running = false;
}

void *beacon_thread_fail(struct beacon_thread *thread)
{
	atomic_store(&thread->failed, true);
	return NULL;
}

static socklen_t own_address(
	const struct addr *addr, enum beacon_family family, struct sockaddr_storage *out)
{
	struct sockaddr_in *in4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (family == BEACON_IP4) {
		in4->sin_family = AF_INET;
		in4->sin_port = htons(BEACON_PORT);
		memcpy(&in4->sin_addr, addr->ip4, sizeof(addr->ip4));
		return sizeof(*in4);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(BEACON_PORT);
	memcpy(&in6->sin6_addr, addr->ip6, sizeof(addr->ip6));
	return sizeof(*in6);
}

/* An address that was just given to an interface may take a moment until it can be bound. */
static int bind_with_patience(int fd, const struct sockaddr_storage *to, socklen_t len)
{
	uint64_t deadline = clock_now_ns() + BIND_LIMIT_NS;

	while (bind(fd, (const struct sockaddr *)to, len) < 0) {
		if (errno != EADDRNOTAVAIL || clock_now_ns() > deadline)
			return -1;
		clock_sleep_until_ns(clock_now_ns() + 5 * NSEC_PER_MSEC);
	}
	return 0;
}

static int open_socket(
	const struct beacon_config *config, enum beacon_family family, struct err *err)
{
	struct addr addr = addr_of(config->region, ADDR_HOST_BEACON);
	struct sockaddr_storage own;
	socklen_t len = own_address(&addr, family, &own);
	int fd = socket(own.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), bytes = QUEUE_BYTES, on = 1;

	if (fd < 0)
		return err_sys(err, "cannot open the beacon's socket");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0 ||
		bind_with_patience(fd, &own, len) < 0) {
		err_sys(err, "cannot bind the beacon to %s port %d",
			family == BEACON_IP4 ? addr.ip4_text : addr.ip6_text, BEACON_PORT);
		close(fd);
		return -1;
	}
	return fd;
}

static struct tape *open_tape(const struct beacon_config *config, const char *suffix,
	const char *magic, size_t record_size, struct err *err)
{
	struct tape_label label = {
		.magic = magic,
		.record_size = record_size,
		.region = config->region,
		.n_regions = config->n_regions,
		.period_ns = config->period_ns,
		.epoch_ns = config->epoch_ns,
	};
	struct buf name = {0};
	struct tape *tape;

	buf_printf(&name, "%u%s", config->region, suffix);
	tape = tape_create(config->dir, name.data, &label, err);
	buf_release(&name);
	return tape;
}

static int open_files(struct beacon *beacon, struct err *err)
{
	const struct beacon_config *config = &beacon->config;
	struct beacon_thread *threads = beacon->threads;

	threads[SENDER].tape = open_tape(
		config, BEACON_SENT_SUFFIX, BEACON_SENT_MAGIC, sizeof(struct beacon_sent), err);
	if (!threads[SENDER].tape)
		return -1;
	threads[RECEIVER].tape = open_tape(config, BEACON_RECEIVED_SUFFIX, BEACON_RECEIVED_MAGIC,
		sizeof(struct beacon_received), err);
	if (!threads[RECEIVER].tape)
		return -1;
	threads[STALL_WATCH].tape = stall_tape_create(config->dir, STALLS_SUFFIX, config->region,
		config->n_regions, config->epoch_ns, err);
	if (!threads[STALL_WATCH].tape)
		return -1;
	threads[PRESSURE_WATCH].pressure_fd = pressure_open();
	threads[PRESSURE_WATCH].tape = pressure_tape_create(
		config->dir, config->region, config->n_regions, config->epoch_ns, err);
	if (!threads[PRESSURE_WATCH].tape)
		return -1;
	for (int i = 0; i < N_THREADS && config->forget; i++)
		tape_forget(threads[i].tape);
	return 0;
}

static void open_capture(struct beacon *beacon)
{
	const struct beacon_config *config = &beacon->config;
	struct capture_start start;

	if (config->forget) {
		err_set(&beacon->no_capture, "no record is kept");
		return;
	}
	if (config->site_netns_fd < 0 || !config->uplink) {
		err_set(&beacon->no_capture, "no uplink was given");
		return;
	}
	start = (struct capture_start){.log = &config->log,
		.site_netns_fd = config->site_netns_fd,
		.uplink = config->uplink,
		.region = config->region,
		.n_regions = config->n_regions,
		.book = config->book,
		.epoch_ns = config->epoch_ns,
		.dir = config->dir,
		.wish = config->wish};
	beacon->capture = capture_open(&start, &beacon->no_capture);
	if (!beacon->capture)
		log_warn("no capture: %s", beacon->no_capture.text);
}

/* Whatever writes times: once the run's zero is known. */
static int begin(struct beacon *beacon, struct err *err)
{
	struct beacon_thread *threads = beacon->threads;

	if (beacon_thread_start(&threads[RECEIVER], beacon_receive_run, err) < 0)
		return -1;
	if (beacon_thread_start(&threads[STALL_WATCH], stall_watch_run, err) < 0)
		return -1;
	return beacon_thread_start(&threads[PRESSURE_WATCH], pressure_watch_run, err);
}

static int begin_at(struct beacon *beacon, uint64_t epoch_ns, struct err *err)
{
	beacon->config.epoch_ns = epoch_ns;
	for (int i = 0; i < N_THREADS; i++) {
		if (tape_set_epoch(beacon->threads[i].tape, epoch_ns, err) < 0)
			return -1;
	}
	if (beacon->capture && capture_begin(beacon->capture, epoch_ns, err) < 0)
		return -1;
	return begin(beacon, err);
}

static int beacon_open(struct beacon *beacon, struct err *err)
{
	beacon->seconds = beacon_seconds_new(beacon->config.n_regions);
	for (int i = 0; i < N_THREADS; i++) {
		beacon->threads[i].config = &beacon->config;
		beacon->threads[i].sockets = beacon->sockets;
		beacon->threads[i].seconds = beacon->seconds;
		beacon->threads[i].pressure_fd = -1;
	}
	for (int family = 0; family < BEACON_FAMILIES; family++) {
		beacon->sockets[family] = open_socket(&beacon->config, family, err);
		if (beacon->sockets[family] < 0)
			return -1;
	}
	if (open_files(beacon, err) < 0)
		return -1;
	open_capture(beacon);
	if (confine_thread(err) < 0)
		return -1;
	return beacon->config.epoch_ns ? begin(beacon, err) : 0;
}

static int send_ready(struct beacon *beacon, int socket_fd, struct err *err)
{
	struct jv *message = jv_new_object();

	jv_set(message, "type", jv_new_string("ready"));
	jv_set(message, "capture", jv_new_bool(beacon->capture != NULL));
	if (!beacon->capture)
		jv_set(message, "sentence", jv_new_string(beacon->no_capture.text));
	return frame_send(socket_fd, message, err);
}

static int send_done(const struct beacon *beacon, int socket_fd, struct err *err)
{
	const struct beacon_thread *sender = &beacon->threads[SENDER];
	const struct beacon_thread *receiver = &beacon->threads[RECEIVER];
	struct jv *message = jv_new_object();

	jv_set(message, "type", jv_new_string("done"));
	jv_set(message, "sent", jv_new_int((int64_t)sender->packets));
	jv_set(message, "not_sent", jv_new_int((int64_t)sender->not_sent));
	jv_set(message, "received", jv_new_int((int64_t)receiver->packets));
	jv_set(message, "foreign", jv_new_int((int64_t)receiver->foreign));
	jv_set(message, "capture_dropped", jv_new_int((int64_t)beacon->capture_dropped));
	return frame_send(socket_fd, message, err);
}

static void send_error(int socket_fd, const struct err *what)
{
	struct jv *message = jv_new_object();
	struct err err;

	jv_set(message, "type", jv_new_string("error"));
	jv_set(message, "sentence", jv_new_string(what->text));
	if (frame_send(socket_fd, message, &err) < 0)
		log_warn("%s; meanwhile: %s", what->text, err.text);
}

static int find_failure(const struct beacon *beacon, struct err *err)
{
	for (int i = 0; i < N_THREADS; i++) {
		if (atomic_load(&beacon->threads[i].failed)) {
			*err = beacon->threads[i].err;
			return -1;
		}
	}
	return 0;
}

/* The zero of the run may still be to come; what is before it has no time on a tape. */
static uint64_t start_ns(const struct beacon_config *config)
{
	uint64_t now = clock_now_ns();

	return now > config->epoch_ns ? now : config->epoch_ns;
}

static int start(struct beacon *beacon, const struct jv *message, struct err *err)
{
	struct beacon_thread *sender = &beacon->threads[SENDER];
	uint64_t at_ns = (uint64_t)jv_int(jv_get(message, "at_ns"), 0);

	if (sender->running)
		return 0;
	if (!beacon->config.epoch_ns && begin_at(beacon, at_ns ? at_ns : clock_now_ns(), err) < 0)
		return -1;
	sender->start_ns = start_ns(&beacon->config);
	return beacon_thread_start(sender, beacon_send_run, err);
}

static int send_progress(struct beacon *beacon, int socket_fd, struct err *err)
{
	struct jv *message = beacon->threads[SENDER].running
		? beacon_seconds_report(
			  beacon->seconds, clock_since_ns(beacon->config.epoch_ns, clock_now_ns()))
		: NULL;

	return message ? frame_send(socket_fd, message, err) : 0;
}

/* 1: "stop" came; 0: the agent is gone; -1: we cannot go on. */
static int obey(struct beacon *beacon, int socket_fd, struct err *err)
{
	struct frame_reader reader = {0};
	int rc = 2;

	while (rc == 2) {
		struct jv *message = NULL;
		int eof,
			got = frame_recv(
				socket_fd, &reader, clock_now_ns() + LOOK_NS, &message, &eof, err);
		const char *type = jv_str(jv_get(message, "type"), "");

		if (got < 0)
			rc = eof ? 0 : -1;
		else if (find_failure(beacon, err) < 0)
			rc = -1;
		else if (got && !strcmp(type, "stop"))
			rc = 1;
		else if (got && strcmp(type, "start"))
			rc = err_set(err, "the beacon does not know the message '%s'", type);
		else if (got && start(beacon, message, err) < 0)
			rc = -1;
		else if (send_progress(beacon, socket_fd, err) < 0)
			rc = 0; /* nobody is there to be told */
		jv_free(message);
	}
	frame_reader_release(&reader);
	return rc;
}

static void drain(struct beacon *beacon)
{
	struct beacon_thread *receiver = &beacon->threads[RECEIVER];
	uint64_t began = clock_now_ns(), now = began;

	while (now < began + DRAIN_MAX_NS && !atomic_load(&receiver->failed)) {
		uint64_t longest = atomic_load(&receiver->longest_delay_ns);
		uint64_t last = atomic_load(&receiver->last_arrival_ns);

		if (now > began + longest + DRAIN_ROOM_NS && now > last + DRAIN_ROOM_NS)
			return;
		clock_sleep_until_ns(now + 10 * NSEC_PER_MSEC);
		now = clock_now_ns();
	}
}

/* Works from any half-opened state. */
static int beacon_close(struct beacon *beacon, bool drained, struct err *err)
{
	struct err late;
	int rc = 0;

	beacon_thread_end(&beacon->threads[SENDER]);
	if (beacon->capture)
		capture_stop(beacon->capture);
	if (drained)
		drain(beacon);
	for (int i = 0; i < N_THREADS; i++)
		beacon_thread_end(&beacon->threads[i]);
	if (find_failure(beacon, &late) < 0) {
		*err = late;
		rc = -1;
	}
	for (int i = 0; i < N_THREADS; i++) {
		if (tape_close(beacon->threads[i].tape, &late) < 0 && rc == 0) {
			*err = late;
			rc = -1;
		}
	}
	if (beacon->capture)
		beacon->capture_dropped = capture_close(beacon->capture);
	if (beacon->threads[PRESSURE_WATCH].pressure_fd >= 0)
		close(beacon->threads[PRESSURE_WATCH].pressure_fd);
	for (int family = 0; family < BEACON_FAMILIES; family++)
		if (beacon->sockets[family] >= 0)
			close(beacon->sockets[family]);
	beacon_seconds_free(beacon->seconds);
	return rc;
}

int beacon_main(const struct beacon_config *config, int socket_fd)
{
	struct beacon beacon = {.config = *config, .sockets = {-1, -1}};
	struct err err, late;
	int rc = beacon_open(&beacon, &err);

	if (rc == 0)
		rc = send_ready(&beacon, socket_fd, &err);
	if (rc == 0)
		rc = obey(&beacon, socket_fd, &err);
	if (beacon_close(&beacon, rc == 1, &late) < 0 && rc >= 0) {
		err = late;
		rc = -1;
	}
	if (rc == 1)
		rc = send_done(&beacon, socket_fd, &err);
	if (rc < 0)
		send_error(socket_fd, &err);
	return rc < 0 ? EXIT_INTERNAL : EXIT_OK;
}
