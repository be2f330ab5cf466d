/*
 * decisions: what engine wire decided for every packet, kept in a file.
 *
 *   head, 64 bytes │ record, 16 bytes │ record │ ...        in the byte order of the machine
 *
 * A record is one packet of one directed link: its index there (among those that the same rule means), how often the link had been changed by
 * then, and what fate.h gave it. Whatever else happened to it (a full queue, when it left) is no
 * decision and is not here. The forwarder writes into a map of the file, which grows in steps that are
 * allocated before they are touched; where the limit or the disk is reached the rest is counted and
 * left out. So the memory and the file are bounded in bytes, and a run goes on without them.
 */
#ifndef CHAOS_ENGINES_DECISIONS_H
#define CHAOS_ENGINES_DECISIONS_H

#include "fixtures/base/err.h"

#include <stdint.h>

struct fate;

#define DECISIONS_FILE "decisions.bin"
/* Two million packets a region. */
#define DECISIONS_LIMIT (UINT64_C(32) << 20)

enum decision_bit {
	DECISION_LOST = 1,
	DECISION_DUPLICATED = 2,
	DECISION_OVERTAKES = 4,
	DECISION_CORRUPT = 8,
};

/* Above these bits stands the lane (wire_lane.h), whose packets are counted apart: 0, or a rule's. */
#define DECISION_LANE_SHIFT 4
#define DECISION_LANES 5

struct decision {
	uint32_t index;
	uint8_t to;
	uint8_t what;    /* enum decision_bit, or 0: passes */
	uint16_t change; /* 0: as opened; then the changes of that link, counted */
	uint64_t delay_ns;
};

struct decisions_head {
	char magic[8];
	uint32_t record_size, from;
	uint64_t seed;
	uint64_t kept, left_out;
	uint64_t unused[3];
};

/* Being written. */
struct decision_log {
	struct decisions_head *head; /* NULL: none is kept */
	struct decision *records;
	uint64_t limit; /* records */
	uint64_t room;  /* records that the file has space for */
	int fd;
};

/* Into an empty file of our own; takes fd. -1: an errno, and nothing is kept. */
int decision_log_open(
	struct decision_log *log, int fd, uint64_t limit_bytes, uint64_t seed, unsigned from);
void decision_log_add(struct decision_log *log, unsigned to, unsigned lane, uint16_t change,
	const struct fate *fate);

/* Being read. */
struct decisions {
	const struct decisions_head *head;
	const struct decision *records;
	uint64_t n;
	void *map;
	uint64_t map_bytes;
};

int decisions_open(struct decisions *decisions, const char *path, struct err *err);
void decisions_release(struct decisions *decisions);

#endif
