#include "chaos/faults/node_setting.h"
#include "fixtures/base/buf.h"

#include <stddef.h>
#include <string.h>

/* The kernel takes no quota below 1 ms in a period of at most 100 ms used here. */
#define CAP_MIN_PPM 10000
#define CAP_MAX_PPM 1000000
#define DISK_MIN (UINT64_C(1) << 20)
#define DISK_MAX (UINT64_C(16) << 30)
/* A file system with a journal needs some room. */
#define SLOW_DISK_MIN (UINT64_C(16) << 20)
/* The proof waits for two requests, several times, and the agent's lease is 5 s. */
#define IO_DELAY_MAX_NS UINT64_C(500000000)
#define IO_BYTES_MAX (UINT64_C(1) << 30)
/* Ten years: dates stay dates. */
#define OFFSET_MAX_NS UINT64_C(315360000000000000)

const struct param slow_cpu_params[] = {
	{.name = "cap",
		.type = PARAM_SHARE,
		.fallback = "10%",
		.min = CAP_MIN_PPM,
		.max = CAP_MAX_PPM,
		.help = "share of one processor that all programs of the node together get",
		.offset = offsetof(struct node_setting, cap_ppm)},
	PARAM_END,
};

const struct param disk_full_params[] = {
	{.name = "disk",
		.type = PARAM_SIZE,
		.fallback = "256mb",
		.min = DISK_MIN,
		.max = DISK_MAX,
		.help = "size of the node's own disk, a tmpfs, for the whole run",
		.offset = offsetof(struct node_setting, disk_bytes)},
	{.name = "left",
		.type = PARAM_SIZE,
		.fallback = "0b",
		.max = DISK_MAX,
		.help = "room that is left on it while the fault lasts",
		.offset = offsetof(struct node_setting, left_bytes)},
	PARAM_END,
};

const struct param slow_disk_params[] = {
	{.name = "delay",
		.type = PARAM_DURATION,
		.fallback = "0s",
		.max = IO_DELAY_MAX_NS,
		.help = "how much longer each read, write and flush of the disk takes; an fsync is "
			"several of them",
		.offset = offsetof(struct node_setting, io_delay_ns)},
	{.name = "throughput",
		.type = PARAM_SIZE,
		.fallback = "0b",
		.max = IO_BYTES_MAX,
		.help = "bytes that the disk reads and writes in a second, at most; one of the two "
			"or both",
		.offset = offsetof(struct node_setting, io_bytes)},
	{.name = "disk",
		.type = PARAM_SIZE,
		.fallback = "256mb",
		.min = SLOW_DISK_MIN,
		.max = DISK_MAX,
		.help = "size of the node's own disk, in memory, for the whole run",
		.offset = offsetof(struct node_setting, disk_bytes)},
	PARAM_END,
};

const struct param clock_offset_params[] = {
	{.name = "ahead",
		.type = PARAM_DURATION,
		.fallback = "0s",
		.max = OFFSET_MAX_NS,
		.help = "how far the node's wall clock is ahead",
		.offset = offsetof(struct node_setting, ahead_ns)},
	{.name = "behind",
		.type = PARAM_DURATION,
		.fallback = "0s",
		.max = OFFSET_MAX_NS,
		.help = "how far it is behind; one of the two",
		.offset = offsetof(struct node_setting, behind_ns)},
	PARAM_END,
};

static const char *const answer_choices[] = {[ORDER_TRUE] = "true",
	[ORDER_NXDOMAIN] = "nxdomain",
	[ORDER_SERVFAIL] = "servfail",
	[ORDER_SLOW] = "slow",
	[ORDER_STALE] = "stale",
	[ORDER_ELSEWHERE] = "elsewhere",
	NULL};

const struct param dns_lie_params[] = {
	{.name = "answer",
		.type = PARAM_CHOICE,
		.choices = answer_choices,
		.help = "what it says: no such name, failure, the truth but late, the answer from "
			"before the fault, or another region's address",
		.offset = offsetof(struct node_setting, answer)},
	{.name = "answer-delay",
		.type = PARAM_DURATION,
		.fallback = "0s",
		.max = UINT64_C(60000000000),
		.help = "slow: how late",
		.offset = offsetof(struct node_setting, answer_delay_ns)},
	{.name = "to",
		.type = PARAM_STRING,
		.help = "elsewhere: the region whose address every answer has, such as the failed one",
		.offset = offsetof(struct node_setting, to)},
	PARAM_END,
};

void node_setting_print(
	struct buf *out, const struct param *rows, const struct node_setting *setting)
{
	const char *comma = "";

	for (const struct param *row = rows; row && row->name; row++) {
		uint64_t value;

		memcpy(&value, (const char *)setting + row->offset, sizeof(value));
		if (!value)
			continue;
		buf_printf(out, "%s%s ", comma, row->name);
		param_print_row(out, row, setting);
		comma = ", ";
	}
}

int64_t node_setting_offset_ns(const struct node_setting *setting)
{
	return (int64_t)setting->ahead_ns - (int64_t)setting->behind_ns;
}
