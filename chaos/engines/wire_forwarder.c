#include "chaos/engines/wire_forwarder.h"
#include "chaos/engines/decisions.h"
#include "chaos/engines/frame.h"
#include "chaos/engines/wire_edit.h"
#include "chaos/engines/wire_lane.h"
#include "chaos/engines/wire_refuse.h"
#include "chaos/engines/wire_socket.h"
#include "fixtures/base/clock.h"
#include "fixtures/net/addr.h"
#include "fixtures/net/book.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_MAX                                                                                \
	(sizeof(struct wire_request) + ADDR_REGIONS_MAX * sizeof(struct engine_change) +           \
		WIRE_RULES_MAX * sizeof(struct engine_rule))
/* Batches before the commands have their turn. */
#define TURN 16

struct link {
	struct wire_lane lanes[WIRE_LANES];
	unsigned n_rules;
	uint16_t changes;
	struct engine_counters counters; /* of all lanes */
};

struct forwarder {
	struct wire_config config;
	struct link links[ADDR_REGIONS_MAX];
	struct wire_queue queue;
	struct wire_inbox *inbox;
	struct wire_request *pending; /* an apply that waits for its time, or NULL */
	struct wire_request *request; /* REQUEST_MAX bytes */
	struct decision_log decisions;
	struct wire_frame *answer; /* of a cut that refuses */
	/* Frames that leave together on c. */
	struct wire_frame *out[WIRE_BATCH];
	size_t n_out;
};

static struct engine_counters *own_counters(struct forwarder *f)
{
	return &f->links[f->config.own].counters;
}

static void flush(struct forwarder *f)
{
	bool sent[WIRE_BATCH];

	if (!f->n_out)
		return;
	wire_socket_send(f->config.c_fd, f->out, f->n_out, sent);
	for (size_t i = 0; i < f->n_out; i++) {
		struct link *link = &f->links[f->out[i]->to];

		if (sent[i]) {
			link->counters.passed_packets++;
			link->lanes[f->out[i]->lane].counters.passed_packets++;
		} else {
			link->counters.overflow_packets++;
		}
	}
	f->n_out = 0;
}

static void send_due(struct forwarder *f, struct wire_frame *frame)
{
	f->links[frame->to].lanes[frame->lane].waiting--;
	f->out[f->n_out++] = frame;
}

static void release_due(struct forwarder *f, uint64_t now_ns)
{
	struct wire_frame *due[WIRE_BATCH];
	size_t n;

	do {
		for (n = 0; n < WIRE_BATCH && (due[n] = wire_queue_pop(&f->queue, now_ns)); n++)
			send_due(f, due[n]);
		flush(f);
		for (size_t i = 0; i < n; i++)
			free(due[i]);
	} while (n == WIRE_BATCH);
}

static void push(struct forwarder *f, struct link *link, uint64_t at_ns, struct wire_frame *frame)
{
	wire_queue_push(&f->queue, at_ns, frame);
	link->lanes[frame->lane].waiting++;
}

static void send_copy(struct forwarder *f, struct link *link, const struct wire_frame *frame,
	struct fate fate, uint64_t at_ns)
{
	fate.delay_ns = fate.copy_delay_ns;
	if (wire_lane_schedule(&link->lanes[frame->lane], &fate, wire_frame_len(frame), &at_ns) &&
		wire_queue_fits(&f->queue, frame->len)) {
		link->counters.duplicated_packets++;
		push(f, link, at_ns, wire_frame_copy(frame));
	} else {
		link->counters.overflow_packets++;
	}
}

/* What a cut that refuses says goes back into the region at once. */
static void refuse(struct forwarder *f, struct link *link, const struct wire_frame *frame)
{
	struct wire_lane *lane = &link->lanes[frame->lane];
	struct wire_frame *answer = f->answer;
	uint8_t *data = answer->data + WIRE_HEADER;
	size_t len = wire_refuse(wire_frame_data(frame), wire_frame_len(frame), frame->to,
		(enum reject)lane->fate.impairment.reject, data);
	bool sent = false;

	if (!len)
		return;
	memset(answer->data, 0, WIRE_HEADER);
	answer->len = (uint32_t)(WIRE_HEADER + len);
	wire_socket_send(f->config.b_fd, &answer, 1, &sent);
	link->counters.refused_packets += sent;
	lane->counters.refused_packets += sent;
}

/* False: lost. Otherwise the frame may be another one now. */
static bool survives(
	struct forwarder *f, struct link *link, struct wire_frame *frame, const struct fate *fate)
{
	struct wire_lane *lane = &link->lanes[frame->lane];

	if (!fate->lost)
		return true;
	if (lane->fate.impairment.ecn && wire_frame_mark(frame)) {
		link->counters.marked_packets++;
		return true;
	}
	link->counters.dropped_packets++;
	lane->counters.dropped_packets++;
	if (lane->fate.impairment.reject)
		refuse(f, link, frame);
	return false;
}

/* What becomes of frame i in the inbox: it leaves at once, later, or never. */
static void impair(struct forwarder *f, size_t i, struct link *link, uint64_t now_ns)
{
	struct wire_frame *frame = wire_inbox_frame(f->inbox, i);
	uint64_t arrived_ns = wire_inbox_arrival_ns(f->inbox, i, now_ns), at_ns = arrived_ns;
	struct wire_lane *lane = &link->lanes[frame->lane];
	struct fate fate = fate_next(&lane->fate);

	decision_log_add(&f->decisions, frame->to, frame->lane, link->changes, &fate);
	lane->counters.packets++;
	if (!survives(f, link, frame, &fate))
		return;
	if (fate.duplicated)
		send_copy(f, link, frame, fate, arrived_ns);
	if (fate.corrupt && wire_frame_corrupt(frame, fate.bit))
		link->counters.corrupted_packets++;
	if (!wire_lane_schedule(lane, &fate, wire_frame_len(frame), &at_ns)) {
		link->counters.overflow_packets++;
		return;
	}
	link->counters.overtaken_packets += fate.overtakes;
	if (at_ns <= now_ns)
		f->out[f->n_out++] = frame;
	else if (wire_queue_fits(&f->queue, frame->len))
		push(f, link, at_ns, wire_inbox_take(f->inbox, i));
	else
		link->counters.overflow_packets++;
}

/* Rules are few and most links have none: only then is the frame looked at more closely. */
static unsigned lane_of(
	const struct forwarder *f, struct link *link, const struct wire_frame *frame)
{
	const uint8_t *data = wire_frame_data(frame);
	unsigned hosts[2] = {0, 0}, region;

	if (!link->n_rules)
		return 0;
	book_find(f->config.book, data + 6, &region, &hosts[0]);
	book_find(f->config.book, data, &region, &hosts[1]);
	return wire_lanes_pick(link->lanes, data, wire_frame_len(frame), hosts);
}

static void leave(struct forwarder *f, size_t i, uint64_t now_ns)
{
	struct wire_frame *frame = wire_inbox_frame(f->inbox, i);
	unsigned to = 0;
	struct link *link;

	if (frame->len < WIRE_HEADER)
		return;
	frame->lane = 0;
	switch (frame_classify(f->config.book, wire_frame_data(frame), wire_frame_len(frame),
		f->config.own, f->config.n_regions, &to)) {
	case FRAME_NEUTRAL:
		frame->to = f->config.own;
		own_counters(f)->neutral_packets++;
		f->out[f->n_out++] = frame;
		return;
	case FRAME_EXEMPT:
		frame->to = to;
		f->links[to].counters.exempt_packets++;
		f->out[f->n_out++] = frame;
		return;
	case FRAME_LINK:
		break;
	}
	link = &f->links[to];
	frame->to = to;
	frame->lane = lane_of(f, link, frame);
	link->counters.packets++;
	link->counters.bytes += wire_frame_len(frame);
	impair(f, i, link, now_ns);
}

/* One batch; false where no more waits. */
static bool outward(struct forwarder *f)
{
	size_t n = wire_inbox_receive(f->inbox, f->config.b_fd, &own_counters(f)->overflow_packets);
	uint64_t now_ns = clock_now_ns();

	for (size_t i = 0; i < n; i++)
		leave(f, i, now_ns);
	flush(f);
	return wire_inbox_was_full(f->inbox);
}

static void reply(struct forwarder *f, const struct wire_reply *what)
{
	send(f->config.command_fd, what, sizeof(*what), MSG_NOSIGNAL);
}

static void carry_out(struct forwarder *f, const struct wire_request *request)
{
	const struct engine_rule *rules =
		(const struct engine_rule *)&request->changes[request->n]; /* of all changes */
	struct wire_reply out = {.ack.sent_ns = clock_now_ns()};

	for (uint32_t i = 0; i < request->n; i++) {
		const struct engine_change *change = &request->changes[i];
		struct link *link = &f->links[change->to];

		wire_lanes_set(link->lanes, &change->impairment, rules, change->n_rules);
		link->n_rules = change->n_rules;
		link->changes++;
		rules += change->n_rules;
	}
	out.ack.acked_ns = clock_now_ns();
	reply(f, &out);
}

static void tell_counters(struct forwarder *f, unsigned to)
{
	struct wire_reply out = {0};

	own_counters(f)->overflow_packets += wire_socket_lost(f->config.b_fd);
	out.counters = f->links[to].counters;
	wire_lanes_count(f->links[to].lanes, &out.counters);
	out.counters.overflow_known = 1;
	reply(f, &out);
}

static void keep_decisions(struct forwarder *f, int fd)
{
	struct wire_reply out = {0};

	if (f->decisions.head || fd < 0)
		out.failed = fd < 0 ? EBADF : EBUSY;
	else if (decision_log_open(
			 &f->decisions, fd, f->request->limit_bytes, f->config.seed, f->config.own))
		out.failed = errno;
	if (out.failed && fd >= 0)
		close(fd);
	reply(f, &out);
}

/* fd: what came with it, or -1. */
static ssize_t receive_request(struct forwarder *f, int *fd)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = {f->request, REQUEST_MAX};
	struct msghdr msg = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(f->config.command_fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;

	*fd = -1;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(c), sizeof(*fd));
	return n;
}

static void command(struct forwarder *f)
{
	int fd;
	ssize_t n = receive_request(f, &fd);
	struct wire_reply out = {0};

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < (ssize_t)sizeof(*f->request))
		_exit(0); /* the engine is closed */
	switch ((enum wire_op)f->request->op) {
	case WIRE_OP_APPLY:
		f->pending = f->request;
		break;
	case WIRE_OP_READ_BACK:
		wire_lanes_read(f->links[f->request->to].lanes, &out.link);
		reply(f, &out);
		break;
	case WIRE_OP_COUNTERS:
		tell_counters(f, f->request->to);
		break;
	case WIRE_OP_DECISIONS:
		keep_decisions(f, fd);
		break;
	}
}

static void apply_if_due(struct forwarder *f)
{
	if (!f->pending || f->pending->at_ns > clock_now_ns())
		return;
	carry_out(f, f->pending);
	f->pending = NULL;
}

/* What is due does not wait for the batches behind it. To receive in place of ppoll after a batch that was
 * not full was tried: the last receive in a row finds nothing, and is no cheaper (0-10 % more processor). */
static void carry_on(struct forwarder *f)
{
	for (int turn = 0; turn < TURN && outward(f); turn++) {
		apply_if_due(f);
		release_due(f, clock_now_ns());
	}
}

static void wait_for_work(struct forwarder *f, struct pollfd fds[2])
{
	uint64_t next_ns = wire_queue_next_ns(&f->queue), now_ns;
	struct timespec ts = {0};

	if (f->pending && f->pending->at_ns < next_ns)
		next_ns = f->pending->at_ns;
	now_ns = clock_now_ns();
	if (next_ns > now_ns && next_ns != UINT64_MAX) {
		ts.tv_sec = (time_t)((next_ns - now_ns) / NSEC_PER_SEC);
		ts.tv_nsec = (long)((next_ns - now_ns) % NSEC_PER_SEC);
	}
	if (ppoll(fds, 2, next_ns == UINT64_MAX ? NULL : &ts, NULL) <= 0)
		fds[0].revents = fds[1].revents = 0;
}

_Noreturn void wire_forwarder_run(const struct wire_config *config)
{
	struct forwarder *f = calloc(1, sizeof(*f));
	struct pollfd fds[] = {
		{.fd = config->command_fd, .events = POLLIN},
		{.fd = config->b_fd, .events = POLLIN},
	};

	if (!f || !(f->request = malloc(REQUEST_MAX)) ||
		!(f->answer = calloc(1, sizeof(*f->answer) + WIRE_HEADER + WIRE_REFUSAL_MAX)))
		abort();
	f->config = *config;
	f->inbox = wire_inbox_new();
	wire_queue_init(&f->queue, WIRE_QUEUE_BYTES);
	for (unsigned i = 0; i < config->n_regions; i++)
		wire_lanes_init(f->links[i].lanes, config->seed, config->own, i);
	prctl(PR_SET_TIMERSLACK, 1);
	mallopt(M_TRIM_THRESHOLD, (int)WIRE_QUEUE_BYTES);
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
	for (;;) {
		wait_for_work(f, fds);
		apply_if_due(f);
		release_due(f, clock_now_ns());
		if (fds[1].revents)
			carry_on(f);
		if (fds[0].revents)
			command(f);
	}
}
