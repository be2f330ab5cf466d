#include "chaos/engines/wire_forwarder.h"
#include "chaos/engines/decisions.h"
#include "chaos/engines/fate.h"
#include "chaos/engines/frame.h"
#include "chaos/engines/wire_edit.h"
#include "chaos/engines/wire_socket.h"
#include "fixtures/base/clock.h"
#include "fixtures/net/addr.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_MAX (sizeof(struct wire_request) + ADDR_REGIONS_MAX * sizeof(struct engine_change))
/* Batches from one socket before the other, the queue and the commands have their turn. */
#define TURN 4

struct link {
	struct fate_link fate;
	uint64_t last_ns; /* release of the frame before, where order is kept */
	struct slot {
		uint64_t open_ns, packets, bytes; /* 0: any number */
	} slot;
	size_t waiting; /* of its frames in the queue */
	uint16_t changes;
	struct engine_counters counters;
};

struct forwarder {
	struct wire_config config;
	struct link links[ADDR_REGIONS_MAX];
	struct wire_queue queue;
	struct wire_inbox *inbox;
	struct wire_request *pending; /* an apply that waits for its time, or NULL */
	struct wire_request *request; /* REQUEST_MAX bytes */
	struct decision_log decisions;
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
		struct engine_counters *counters = &f->links[f->out[i]->to].counters;

		if (sent[i])
			counters->passed_packets++;
		else
			counters->overflow_packets++;
	}
	f->n_out = 0;
}

static void send_due(struct forwarder *f, struct wire_frame *frame)
{
	f->links[frame->to].waiting--;
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

/* Behind the frame before, then its time on the wire. false: the link's own queue is full. */
static bool take_turn(struct link *link, size_t len, uint64_t *at_ns)
{
	const struct impairment *imp = &link->fate.impairment;

	if (!imp->rate_bps && (!imp->jitter_ns || imp->reorder))
		return true;
	if (link->last_ns > *at_ns) {
		double waiting = (double)(link->last_ns - *at_ns) / 1e9 * (double)imp->rate_bps / 8;

		if (!imp->limit && waiting > (double)impairment_queue_bytes(imp))
			return false;
		*at_ns = link->last_ns;
	}
	*at_ns += impairment_wire_ns(imp, len);
	link->last_ns = *at_ns;
	return true;
}

static void open_slot(struct link *link, uint64_t from_ns, uint64_t index)
{
	const struct impairment *imp = &link->fate.impairment;

	link->slot = (struct slot){.open_ns = from_ns + fate_slot_ns(&link->fate, index),
		.packets = imp->slot_packets,
		.bytes = imp->slot_bytes};
}

/* A frame that is ready leaves with the next slot to open; a slot that is used up is followed by
 * another. As netem does it, which also lets the frame that exceeds the bytes go. */
static void take_slot(struct link *link, uint64_t index, size_t len, uint64_t *at_ns)
{
	struct slot *slot = &link->slot;

	if (!link->fate.impairment.slot_max_ns)
		return;
	if (slot->open_ns < *at_ns)
		open_slot(link, *at_ns, index);
	*at_ns = slot->open_ns;
	if ((slot->packets && !--slot->packets) || (slot->bytes && slot->bytes <= len))
		open_slot(link, slot->open_ns, index);
	else if (slot->bytes)
		slot->bytes -= len;
}

/* When does a frame leave? The order of things is netem's: the delay, its turn, a slot. */
static bool schedule(struct link *link, const struct fate *fate, size_t len, uint64_t *at_ns)
{
	const struct impairment *imp = &link->fate.impairment;

	if (imp->limit && link->waiting >= imp->limit)
		return false;
	if (!fate->overtakes) {
		*at_ns += fate->delay_ns;
		if (!take_turn(link, len, at_ns))
			return false;
	}
	take_slot(link, fate->index, len, at_ns);
	return true;
}

static void push(struct forwarder *f, struct link *link, uint64_t at_ns, struct wire_frame *frame)
{
	wire_queue_push(&f->queue, at_ns, frame);
	link->waiting++;
}

static void send_copy(struct forwarder *f, struct link *link, const struct wire_frame *frame,
	struct fate fate, uint64_t at_ns)
{
	fate.delay_ns = fate.copy_delay_ns;
	if (schedule(link, &fate, wire_frame_len(frame), &at_ns) &&
		wire_queue_fits(&f->queue, frame->len)) {
		link->counters.duplicated_packets++;
		push(f, link, at_ns, wire_frame_copy(frame));
	} else {
		link->counters.overflow_packets++;
	}
}

/* False: lost. Otherwise the frame may be another one now. */
static bool survives(struct link *link, struct wire_frame *frame, const struct fate *fate)
{
	if (fate->lost) {
		if (!link->fate.impairment.ecn || !wire_frame_mark(frame)) {
			link->counters.dropped_packets++;
			return false;
		}
		link->counters.marked_packets++;
	}
	return true;
}

/* What becomes of frame i in the inbox: it leaves at once, later, or never. */
static void impair(struct forwarder *f, size_t i, struct link *link, uint64_t now_ns)
{
	struct wire_frame *frame = wire_inbox_frame(f->inbox, i);
	uint64_t arrived_ns = wire_inbox_arrival_ns(f->inbox, i, now_ns), at_ns = arrived_ns;
	struct fate fate = fate_next(&link->fate);

	decision_log_add(&f->decisions, frame->to, link->changes, &fate);
	if (!survives(link, frame, &fate))
		return;
	if (fate.duplicated)
		send_copy(f, link, frame, fate, arrived_ns);
	if (fate.corrupt && wire_frame_corrupt(frame, fate.bit))
		link->counters.corrupted_packets++;
	if (!schedule(link, &fate, wire_frame_len(frame), &at_ns)) {
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

static void leave(struct forwarder *f, size_t i, uint64_t now_ns)
{
	struct wire_frame *frame = wire_inbox_frame(f->inbox, i);
	unsigned to = 0;
	struct link *link;

	if (frame->len < WIRE_HEADER)
		return;
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
	link->counters.packets++;
	link->counters.bytes += wire_frame_len(frame);
	impair(f, i, link, now_ns);
}

static void outward(struct forwarder *f)
{
	for (int turn = 0; turn < TURN; turn++) {
		size_t n = wire_inbox_receive(
			f->inbox, f->config.b_fd, &own_counters(f)->overflow_packets);
		uint64_t now_ns = clock_now_ns();

		for (size_t i = 0; i < n; i++)
			leave(f, i, now_ns);
		flush(f);
		if (n < WIRE_BATCH)
			return;
	}
}

static void reply(struct forwarder *f, const struct wire_reply *what)
{
	send(f->config.command_fd, what, sizeof(*what), MSG_NOSIGNAL);
}

static void carry_out(struct forwarder *f, const struct wire_request *request)
{
	struct wire_reply out = {.ack.sent_ns = clock_now_ns()};

	for (uint32_t i = 0; i < request->n; i++) {
		struct link *link = &f->links[request->changes[i].to];

		fate_link_set(&link->fate, &request->changes[i].impairment);
		link->slot = (struct slot){0};
		link->changes++;
	}
	out.ack.acked_ns = clock_now_ns();
	reply(f, &out);
}

static void tell_counters(struct forwarder *f, unsigned to)
{
	struct wire_reply out = {0};

	own_counters(f)->overflow_packets += wire_socket_lost(f->config.b_fd);
	out.counters = f->links[to].counters;
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
		out.impairment = f->links[f->request->to].fate.impairment;
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

	if (!f || !(f->request = malloc(REQUEST_MAX)))
		abort();
	f->config = *config;
	f->inbox = wire_inbox_new();
	wire_queue_init(&f->queue, WIRE_QUEUE_BYTES);
	for (unsigned i = 0; i < config->n_regions; i++)
		fate_link_init(&f->links[i].fate, config->seed, config->own, i);
	prctl(PR_SET_TIMERSLACK, 1);
	mallopt(M_TRIM_THRESHOLD, (int)WIRE_QUEUE_BYTES);
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
	for (;;) {
		wait_for_work(f, fds);
		apply_if_due(f);
		release_due(f, clock_now_ns());
		if (fds[1].revents)
			outward(f);
		if (fds[0].revents)
			command(f);
	}
}
