#include "chaos/engines/wire_edit.h"
#include "chaos/engines/wire_socket.h"
#include "fixtures/net/packet.h"

#include <linux/if_ether.h>
#include <linux/virtio_net.h>
#include <stdlib.h>
#include <string.h>

#define ECN_MASK 3
#define ECN_CE 3
#define IPV4_CHECKSUM 10

struct wire_frame *wire_frame_copy(const struct wire_frame *frame)
{
	struct wire_frame *copy = malloc(sizeof(*copy) + frame->len);

	if (!copy)
		abort(); /* see buf.h */
	*copy = (struct wire_frame){.len = frame->len, .to = frame->to, .lane = frame->lane};
	memcpy(copy->data, frame->data + frame->start, frame->len);
	return copy;
}

static uint8_t *data_of(struct wire_frame *frame)
{
	return frame->data + frame->start + WIRE_HEADER;
}

static void mark_ipv4(uint8_t *ip, size_t header)
{
	uint16_t sum;

	ip[1] |= ECN_CE;
	memset(ip + IPV4_CHECKSUM, 0, 2);
	sum = packet_sum_end(packet_sum_add(0, ip, header));
	memcpy(ip + IPV4_CHECKSUM, &sum, 2);
}

/* IPv6 has the bits in the low half of the traffic class, across two bytes. */
bool wire_frame_mark(struct wire_frame *frame)
{
	size_t len = wire_frame_len(frame), header;
	struct packet packet;
	uint8_t *ip;

	if (!packet_parse(wire_frame_data(frame), len, &packet))
		return false;
	ip = data_of(frame) + packet.network;
	header = (size_t)(ip[0] & 15) * 4;
	if (packet.version == 4) {
		if (!(ip[1] & ECN_MASK) || packet.network + header > len)
			return false;
		mark_ipv4(ip, header);
		return true;
	}
	if (!(ip[1] >> 4 & ECN_MASK))
		return false;
	ip[1] |= ECN_CE << 4;
	return true;
}

/* From csum_start to the end; the field holds the sum of the pseudo header so far. */
static void complete_checksum(struct wire_frame *frame, struct virtio_net_hdr *header)
{
	size_t len = wire_frame_len(frame), at = header->csum_start;
	uint16_t sum;

	if (at + header->csum_offset + 2 > len)
		return;
	sum = packet_sum_end(packet_sum_add(0, data_of(frame) + at, len - at));
	if (!sum)
		sum = 0xffff; /* 0 means "none" to UDP */
	memcpy(data_of(frame) + at + header->csum_offset, &sum, 2);
}

bool wire_frame_corrupt(struct wire_frame *frame, uint64_t bit)
{
	struct virtio_net_hdr header;
	size_t len = wire_frame_len(frame), bits;

	memcpy(&header, frame->data + frame->start, sizeof(header));
	if (header.gso_type != VIRTIO_NET_HDR_GSO_NONE || len <= ETH_HLEN)
		return false;
	if (header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		complete_checksum(frame, &header);
	header = (struct virtio_net_hdr){0};
	memcpy(frame->data + frame->start, &header, sizeof(header));
	bits = (len - ETH_HLEN) * 8;
	data_of(frame)[ETH_HLEN + bit % bits / 8] ^= (uint8_t)(1u << bit % 8);
	return true;
}
