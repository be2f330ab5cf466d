/*
 * driver: the contract of what speaks to one kind of system.
 *
 * One instance per thread, talking to one node (endpoint) at a time. Hidden re-sends are switched
 * off: each attempt is one operation. Every outcome that is not on the driver's allow-list of sure
 * failures is unknown (op.h). To add a driver: copy null.c, add a row to drivers.c, and run the
 * conformance test (suites/tests/conformance) over it: it faces the driver with a server that lies,
 * hangs, dies and sends garbage.
 */
#ifndef PROBES_DRIVERS_DRIVER_H
#define PROBES_DRIVERS_DRIVER_H

#include "fixtures/base/err.h"
#include "fixtures/base/param.h"
#include "probes/marks.h"
#include "probes/op.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A node of the system as clients reach it. */
struct endpoint {
	const char *name; /* "us-east/store" */
	const char *host; /* IP literal or name */
	uint16_t port;
	uint8_t region, node; /* node: index among all endpoints of the plan */
	bool tls;             /* speak TLS and verify who answers; drivers with DRIVER_TLS */
	const char *ca;       /* file of certificates to trust; NULL: those of this machine */
};

struct driver_target {
	const struct endpoint
		*endpoints; /* all of the system's nodes, to name the one that answered */
	size_t n_endpoints;
	const void *options; /* the driver's own struct, filled by its param rows */
	uint64_t value_size; /* bytes of padding behind written values */
	uint64_t seed;
	const char *lookup; /* the name that drivers with DRIVER_LOOKUPS ask for */
};

/* What to do, and where the answer goes. In: kind, key, value (write), min_version, timeout_ns.
 * Out: all below. Strings never come out: what a server said stays in `text`, cut and raw. */
struct driver_call {
	enum op_kind kind;
	uint32_t key;
	uint64_t value;
	uint64_t min_version; /* read at least this version; 0: whatever there is */
	uint64_t timeout_ns;

	enum op_state state; /* OK, FAIL or UNKNOWN */
	enum op_error error;
	uint16_t flags; /* ABSENT, STALE_MARK, AGE_CLAIMED, FALLBACK, HAS_VERSION, HAS_EPOCH */
	uint64_t read_value;
	uint64_t version;
	uint32_t epoch;
	uint32_t age_ms;
	uint8_t node;  /* performing node, OP_NODE_UNKNOWN where the answer does not name one */
	char text[96]; /* what went wrong, for people; may hold bytes of the server */
};

struct driver_role {
	enum node_role role;
	uint32_t epoch;
	uint8_t believed_primary; /* global index, OP_NODE_UNKNOWN: does not say */
};

enum driver_can {
	DRIVER_VERSIONS = 1 << 0,    /* answers carry versions */
	DRIVER_MIN_VERSION = 1 << 1, /* a read may demand a version */
	DRIVER_AGE = 1 << 2,         /* answers claim an age or a stale mark */
	DRIVER_NAMES_NODE = 1 << 3,  /* answers name the performing node */
	DRIVER_EPOCHS = 1 << 4,
	DRIVER_ROLES = 1 << 5,
	DRIVER_DELETES = 1 << 6,
	DRIVER_CAS = 1 << 7,
	/* Reads look a name up instead of a key: the answer is a node, and age_ms how long it may be
	 * kept (no claim of an age). Such groups have no part in the data. */
	DRIVER_LOOKUPS = 1 << 8,
	DRIVER_TLS = 1 << 9,
	/* A connection begins with a handshake; what fails before its end was surely not sent. */
	DRIVER_HANDSHAKE = 1 << 10,
	DRIVER_PURGES = 1 << 11, /* an edge can be asked to drop a copy */
	DRIVER_HITS = 1 << 12,   /* answers say whether an edge had a copy */
};

struct driver;

struct driver_ops {
	const char *name;
	const char *help;
	unsigned can; /* enum driver_can */
	uint16_t default_port;
	const struct param
		*params; /* of the options in the scenario's client group; may be empty */
	size_t options_size;

	/* What it can with these options, where that depends on them; else NULL: `can`. */
	unsigned (*can_with)(const void *options);
	/* What rows alone cannot see is wrong with the options. May be NULL. */
	int (*check)(const void *options, struct err *err);
	/* Nothing is connected yet. The target is copied; what it points to outlives the driver. */
	struct driver *(*open)(const struct driver_target *target, struct err *err);
	/* One attempt at the endpoint. Never fails itself: everything is an outcome. Returns within
	 * timeout_ns plus 50 ms whatever the server does. A connection that was not established in
	 * that time is a sure failure (TIMEOUT): nothing of the request left. */
	void (*invoke)(struct driver *driver, const struct endpoint *at, struct driver_call *call);
	/* Ask the node for its role; ROLE_UNKNOWN where it does not answer in time. */
	void (*role)(struct driver *driver, const struct endpoint *at, uint64_t timeout_ns,
		struct driver_role *out);
	void (*close)(struct driver *driver);
};

struct driver {
	const struct driver_ops *ops;
};

/* enum driver_can, with these options. */
unsigned driver_can(const struct driver_ops *ops, const void *options);
/* Before an invoke: no outcome yet. What drivers share; see value.c. */
void driver_call_clear(struct driver_call *call);
/* Sets state, error and text at once. */
void driver_fail(struct driver_call *call, enum op_state state, enum op_error error,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Written values are the decimal text of the number, then, where padded, a blank and the padding.
 * text needs DRIVER_VALUE_TEXT + padding bytes; returns the length. */
#define DRIVER_VALUE_TEXT 24
size_t driver_value_print(char *text, uint64_t value, uint64_t padding);
/* False where it is not such a text. */
bool driver_value_parse(const char *text, size_t len, uint64_t *value);
/* A decimal number and nothing else. */
bool driver_number_parse(const char *text, size_t len, uint64_t max, uint64_t *value);
/* The endpoint of that name; OP_NODE_UNKNOWN where there is none. */
uint8_t driver_node_named(const struct driver_target *target, const char *name, size_t len);

/* The table, NULL-terminated. */
extern const struct driver_ops *const drivers[];
const struct driver_ops *driver_find(const char *name);

#endif
