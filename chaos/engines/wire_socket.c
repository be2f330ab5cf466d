#include "chaos/engines/wire_socket.h"
#include "fixtures/base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TAG 4 /* bytes of a VLAN tag, kept free in front of every frame received */
#define FRAME_MAX (WIRE_HEADER + 14 + TAG + 65536)
#define BLOCK (sizeof(struct wire_frame) + TAG + FRAME_MAX)
#define COPY_MAX 2048 /* up to here a copy is cheaper than giving the block away */
/* Bytes of a batch, by the mean of the one before. A frame is read into our memory, from there into the
 * kernel's: with 256 KB at a time, and not 32 frames of 64 KB, forwarders with 1 ms each way need
 * 0.75 s of processor for a gigabyte and not 0.86 (second-level caches of 512 KB). */
#define BATCH_BYTES (256 << 10)
#define RECEIVE_BUFFER (32 << 20)
#define SEND_BUFFER (8 << 20)

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

static int set_option(int fd, int option, const char *name, struct err *err)
{
	int one = 1;

	if (setsockopt(fd, SOL_PACKET, option, &one, sizeof(one)))
		return err_sys(err, "set %s on a packet socket", name);
	return 0;
}

/* The FORCE forms are refused in an unprivileged user namespace; then net.core.rmem_max is the
 * limit, and what overflows is counted. */
static void set_buffers(int fd)
{
	int receive = RECEIVE_BUFFER, send = SEND_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive, sizeof(receive)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive, sizeof(receive));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &send, sizeof(send)))
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send, sizeof(send));
}

static int set_up_receive(int fd, int ifindex, struct err *err)
{
	struct packet_mreq promiscuous = {.mr_ifindex = ifindex, .mr_type = PACKET_MR_PROMISC};
	int one = 1;

	if (set_option(fd, PACKET_AUXDATA, "PACKET_AUXDATA", err) ||
		set_option(fd, PACKET_IGNORE_OUTGOING, "PACKET_IGNORE_OUTGOING", err))
		return -1;
	if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof(promiscuous)))
		return err_sys(err, "make interface %d promiscuous", ifindex);
	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one)))
		return err_sys(err, "set SO_TIMESTAMPNS on a packet socket");
	return 0;
}

/* Protocol 0 receives nothing. */
static int set_up(int fd, int ifindex, bool receive, struct err *err)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_protocol = receive ? htons(ETH_P_ALL) : 0,
		.sll_ifindex = ifindex,
	};

	if (set_option(fd, PACKET_VNET_HDR, "PACKET_VNET_HDR", err) ||
		(receive && set_up_receive(fd, ifindex, err)))
		return -1;
	set_buffers(fd);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)))
		return err_sys(err, "bind a packet socket to interface %d", ifindex);
	return 0;
}

/* Protocol 0 until bind: nothing of other interfaces arrives in between. */
int wire_socket_open(int ifindex, bool receive, struct err *err)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return err_sys(err, "open a packet socket");
	if (!set_up(fd, ifindex, receive, err))
		return fd;
	close(fd);
	return -1;
}

struct wire_inbox {
	struct wire_frame *frames[WIRE_BATCH];
	struct mmsghdr messages[WIRE_BATCH];
	struct iovec vectors[WIRE_BATCH];
	union {
		char data[CMSG_SPACE(sizeof(struct tpacket_auxdata)) +
			CMSG_SPACE(sizeof(struct timespec))];
		size_t align;
	} control[WIRE_BATCH];
	uint64_t stamps_ns[WIRE_BATCH]; /* of arrival, on CLOCK_REALTIME; 0: none */
	uint64_t received_ns;           /* of the batch, on the same clock */
	size_t n, wanted; /* frames of the last batch, and how many it could have had */
	size_t want;      /* of the next one */
};

static struct wire_frame *block_new(void)
{
	struct wire_frame *frame = malloc(BLOCK);

	if (!frame)
		abort(); /* 2 MB are not there: see buf.h */
	return frame;
}

struct wire_inbox *wire_inbox_new(void)
{
	struct wire_inbox *inbox = calloc(1, sizeof(*inbox));

	if (!inbox)
		abort();
	for (size_t i = 0; i < WIRE_BATCH; i++)
		inbox->frames[i] = block_new();
	inbox->want = WIRE_BATCH;
	return inbox;
}

void wire_inbox_free(struct wire_inbox *inbox)
{
	for (size_t i = 0; i < WIRE_BATCH; i++)
		free(inbox->frames[i]);
	free(inbox);
}

static void prepare(struct wire_inbox *inbox)
{
	inbox->wanted = inbox->want;
	for (size_t i = 0; i < inbox->wanted; i++) {
		inbox->vectors[i] = (struct iovec){inbox->frames[i]->data + TAG, FRAME_MAX};
		inbox->messages[i].msg_hdr = (struct msghdr){
			.msg_iov = &inbox->vectors[i],
			.msg_iovlen = 1,
			.msg_control = inbox->control[i].data,
			.msg_controllen = sizeof(inbox->control[i].data),
		};
	}
}

/* The tag goes between the addresses and the type: header and addresses move down to make room, and
 * offsets in the header count from the start of the frame. */
static void put_tag_back(struct wire_frame *frame, uint16_t tpid, uint16_t tci)
{
	uint8_t *from = frame->data + TAG, *to = frame->data;
	uint16_t tag[2] = {htons(tpid), htons(tci)};
	struct virtio_net_hdr header;

	memmove(to, from, WIRE_HEADER + 12);
	memcpy(to + WIRE_HEADER + 12, tag, TAG);
	memcpy(&header, to, sizeof(header));
	if (header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		header.csum_start = (uint16_t)(header.csum_start + TAG);
	if (header.gso_type != VIRTIO_NET_HDR_GSO_NONE)
		header.hdr_len = (uint16_t)(header.hdr_len + TAG);
	memcpy(to, &header, sizeof(header));
	frame->start = 0;
	frame->len += TAG;
}

static uint64_t to_ns(struct timespec ts)
{
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

static void finish(struct wire_inbox *inbox, size_t i)
{
	struct wire_frame *frame = inbox->frames[i];
	struct msghdr *msg = &inbox->messages[i].msg_hdr;
	struct tpacket_auxdata aux = {0};
	struct timespec stamp = {0};

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA)
			memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS)
			memcpy(&stamp, CMSG_DATA(c), sizeof(stamp));
	}
	frame->start = TAG;
	frame->len = inbox->messages[i].msg_len;
	inbox->stamps_ns[i] = to_ns(stamp);
	if ((aux.tp_status & TP_STATUS_VLAN_VALID) && frame->len >= WIRE_HEADER + 14)
		put_tag_back(frame,
			aux.tp_status & TP_STATUS_VLAN_TPID_VALID ? aux.tp_vlan_tpid : ETH_P_8021Q,
			aux.tp_vlan_tci);
}

static size_t frames_of_batch(const struct wire_inbox *inbox, size_t n)
{
	size_t bytes = 1, frames;

	for (size_t i = 0; i < n; i++)
		bytes += inbox->frames[i]->len;
	frames = n * BATCH_BYTES / bytes;
	return frames < WIRE_BATCH ? frames + !frames : WIRE_BATCH;
}

size_t wire_inbox_receive(struct wire_inbox *inbox, int fd, uint64_t *bad)
{
	int n;

	prepare(inbox);
	inbox->n = 0;
	n = recvmmsg(fd, inbox->messages, (unsigned)inbox->wanted, MSG_DONTWAIT, NULL);
	if (n < 0) {
		if (errno == EINVAL) /* a kind of segmentation that the header cannot say */
			(*bad)++;
		return 0;
	}
	if (!n)
		return 0;
	inbox->received_ns = clock_wall_ns();
	for (int i = 0; i < n; i++)
		finish(inbox, (size_t)i);
	inbox->want = frames_of_batch(inbox, (size_t)n);
	inbox->n = (size_t)n;
	return inbox->n;
}

bool wire_inbox_was_full(const struct wire_inbox *inbox)
{
	return inbox->n == inbox->wanted;
}

/* Both instants are on the wall clock and microseconds apart; only their difference is used, and not
 * where the clock was set in between. */
uint64_t wire_inbox_arrival_ns(const struct wire_inbox *inbox, size_t i, uint64_t now_ns)
{
	uint64_t waited_ns = inbox->received_ns - inbox->stamps_ns[i];

	return waited_ns < NSEC_PER_SEC ? now_ns - waited_ns : now_ns;
}

struct wire_frame *wire_inbox_frame(struct wire_inbox *inbox, size_t i)
{
	return inbox->frames[i];
}

struct wire_frame *wire_inbox_take(struct wire_inbox *inbox, size_t i)
{
	struct wire_frame *frame = inbox->frames[i];
	size_t used = sizeof(*frame) + frame->start + frame->len;
	struct wire_frame *own;

	if (used > COPY_MAX) {
		inbox->frames[i] = block_new();
		own = realloc(frame, used); /* shrinks in place */
		if (!own)
			own = frame;
		return own;
	}
	own = malloc(used);
	if (!own)
		abort();
	memcpy(own, frame, used);
	return own;
}

void wire_socket_send(int fd, struct wire_frame *const *frames, size_t n, bool *sent)
{
	struct mmsghdr messages[WIRE_BATCH];
	struct iovec vectors[WIRE_BATCH];

	for (size_t i = 0; i < n; i++) {
		vectors[i] = (struct iovec){
			(void *)(frames[i]->data + frames[i]->start), frames[i]->len};
		messages[i] =
			(struct mmsghdr){.msg_hdr = {.msg_iov = &vectors[i], .msg_iovlen = 1}};
		sent[i] = false;
	}
	for (size_t i = 0; i < n;) {
		int done = sendmmsg(fd, messages + i, (unsigned)(n - i), MSG_DONTWAIT);

		for (int k = 0; k < done; k++)
			sent[i + (size_t)k] = true;
		i += done > 0 ? (size_t)done : 1; /* the first one was refused: leave it out */
	}
}

uint64_t wire_socket_lost(int fd)
{
	struct tpacket_stats stats = {0};
	socklen_t len = sizeof(stats);

	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len))
		return 0;
	return stats.tp_drops;
}
