/*
 * op: one attempt of one client, as it is recorded.
 *
 * A record has 64 bytes and a fixed layout (little or big endian as the header of its file says);
 * histories of a hundred million operations are mapped, not parsed.
 *
 * The unknown outcome. An attempt ends in one of three ways, and telling the second from the third
 * is most of what makes a verdict honest:
 *   ok       the system said that it happened
 *   fail     it surely did not happen: the driver has an allow-list of answers that say so
 *            ("not the primary", "connection refused before anything was sent"); anything that is
 *            not on that list is
 *   unknown  a time-out, a reset, an answer that makes no sense. The write may have happened, may
 *            happen later, or never. An unknown write never counts as lost, and its value may be
 *            read; an unknown read says nothing.
 * INVOKED is stored (with release order) before the request leaves; found after a crash it means
 * unknown. NOT_SENT is a slot of the open loop that was let go because the session was late by more
 * than its time-out: counted and printed, neither available nor unavailable.
 */
#ifndef PROBES_OP_H
#define PROBES_OP_H

#include <assert.h>
#include <stdint.h>

/* A purge asks an edge to drop its copy of a key: it is no part of the data. */
enum op_kind { OP_READ, OP_WRITE, OP_DELETE, OP_CAS, OP_PURGE, OP_KINDS };
enum op_state { OP_EMPTY, OP_INVOKED, OP_OK, OP_FAIL, OP_UNKNOWN, OP_NOT_SENT, OP_STATES };

enum op_flag {
	OP_ABSENT = 1 << 0,      /* ok read: the key does not exist */
	OP_STALE_MARK = 1 << 1,  /* the answer marks itself as (possibly) stale by a boolean */
	OP_AGE_CLAIMED = 1 << 2, /* the answer claims an age: age_ms is valid */
	OP_TICKER = 1 << 3,      /* of the availability ticker, not of a session */
	OP_READBACK = 1 << 4,    /* of a sweep in a quiet phase */
	OP_ROAMED = 1 << 5,      /* the session is away from its home region */
	OP_AFTER_WRITE = 1 << 6, /* probe-after-write: read elsewhere soon after the own write */
	OP_FALLBACK = 1 << 7, /* the read went to the primary because the local copy was behind */
	OP_HAS_VERSION = 1 << 8, /* version is valid */
	OP_HAS_EPOCH = 1 << 9,   /* epoch is valid */
	OP_VIA_PROXY = 1 << 10,  /* of the liar session: answers pass through our own proxy */
	OP_LIED =
		1 << 11, /* that proxy replaced this answer: known to the sensitivity check only */
	OP_DUPLICABLE = 1 << 12, /* the driver cannot rule out that the write took effect twice */
	OP_HIT = 1 << 13,        /* the answer says that an edge had a copy */
	OP_MISS = 1 << 14,       /* that it had none */
};

#define OP_NODE_UNKNOWN 255
#define OP_REGIONS_MAX 250

struct op {
	uint64_t call_ns; /* since the run's epoch */
	uint64_t ret_ns;  /* 0 until an outcome is known */
	uint64_t value;   /* written or read; op_value(): unique per run; 0: none */
	uint64_t version; /* the store's own, see OP_HAS_VERSION */
	uint32_t late_us; /* call minus intended start, saturated */
	uint32_t key;     /* op_key() */
	uint32_t session; /* global number of the session; OP_TICKER: a number of its own */
	uint32_t side;    /* offset / 8 into the side log, 0: none */
	uint32_t age_ms;  /* claimed by the answer, see OP_AGE_CLAIMED */
	uint32_t epoch;   /* term of the answering node, see OP_HAS_EPOCH */
	uint16_t error;   /* enum op_error */
	uint16_t flags;   /* enum op_flag */
	uint8_t kind;     /* enum op_kind */
	uint8_t state;    /* enum op_state */
	uint8_t region;   /* where the client was */
	uint8_t node; /* global index of the performing node as the answer names it; 255: unknown */
};
static_assert(sizeof(struct op) == 64, "the record is 64 bytes on disk");

/* Why an attempt did not end ok; for people and for the allow-list tests. */
enum op_error {
	OP_ERROR_NONE,
	OP_ERROR_TIMEOUT,
	OP_ERROR_REFUSED,
	OP_ERROR_UNREACHABLE,
	OP_ERROR_RESET,
	OP_ERROR_NOT_PRIMARY,
	OP_ERROR_UNAVAILABLE,
	OP_ERROR_REJECTED,
	OP_ERROR_GARBAGE,
	OP_ERROR_NO_ROUTE, /* the client knew no node to ask */
	OP_ERROR_OTHER,
	OP_ERRORS
};

/* Written values are unique: writer (20 bits) and its sequence (44 bits, from 1). */
static inline uint64_t op_value(uint32_t writer, uint64_t sequence)
{
	return (uint64_t)writer << 44 | (sequence & ((UINT64_C(1) << 44) - 1));
}

static inline uint32_t op_value_writer(uint64_t value)
{
	return (uint32_t)(value >> 44);
}

static inline uint64_t op_value_sequence(uint64_t value)
{
	return value & ((UINT64_C(1) << 44) - 1);
}

/*
 * Keys. The two top bits are the class: registers are overwritten (by one session each, unless the
 * group says shared), ledger keys are written once, ticker keys belong to one region's ticker and
 * are read by all others' (visibility). Names on the wire: "r:5", "l:77", "t:2".
 */
enum key_class { KEY_REGISTER, KEY_LEDGER, KEY_TICKER, KEY_OTHER };

static inline uint32_t op_key(enum key_class class_, uint32_t number)
{
	return (uint32_t)class_ << 30 | (number & UINT32_C(0x3fffffff));
}

static inline enum key_class op_key_class(uint32_t key)
{
	return (enum key_class)(key >> 30);
}

static inline uint32_t op_key_number(uint32_t key)
{
	return key & UINT32_C(0x3fffffff);
}

/* "r:5"; needs OP_KEY_TEXT bytes. */
#define OP_KEY_TEXT 16
void op_key_text(uint32_t key, char text[OP_KEY_TEXT]);
const char *op_kind_name(enum op_kind kind);
const char *op_state_name(enum op_state state);
const char *op_error_name(enum op_error error);

#endif
