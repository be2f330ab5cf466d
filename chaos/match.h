/*
 * match: which packets of a link are meant, as plain data that both engines and the proof understand.
 *
 * Everything that is given must hold; what is 0 is any. Sizes are those of the IP packet. Ports are of
 * TCP or UDP, at the stated end or at either. `connections` is of TCP:
 *
 *   syn           SYN without ACK: attempts to connect
 *   new           all packets of connections whose SYN (or its answer) passed since the rule was laid
 *   established   all packets of the others
 *
 * and `traffic` is by who speaks, told by MAC: `clients`: a prober is at one end; `replication`: nodes
 * are at both. Neighbour discovery is never meant (chaos/engines/engine.h). A fragment after the first
 * has neither ports nor connection; IPv6 extension headers are not followed.
 *
 * New and established need memory (connections.h): what a rule has seen is the rule's.
 */
#ifndef CHAOS_MATCH_H
#define CHAOS_MATCH_H

#include "fixtures/base/err.h"
#include "fixtures/base/param.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

enum match_protocol { MATCH_PROTOCOL_ANY, MATCH_TCP, MATCH_UDP, MATCH_ICMP };
enum match_port_of { MATCH_PORT_EITHER, MATCH_PORT_SOURCE, MATCH_PORT_TARGET };
enum match_connections {
	MATCH_CONNECTIONS_ANY,
	MATCH_CONNECTIONS_SYN,
	MATCH_CONNECTIONS_NEW,
	MATCH_CONNECTIONS_ESTABLISHED
};
enum match_traffic { MATCH_TRAFFIC_ANY, MATCH_TRAFFIC_CLIENTS, MATCH_TRAFFIC_REPLICATION };

#define MATCH_PORTS_MAX 8

/* All fields are uint64_t: no padding, memcmp compares. */
struct match {
	uint64_t size_above, size_below; /* bytes; 0: any */
	uint64_t protocol;               /* enum match_protocol */
	uint64_t ports[MATCH_PORTS_MAX]; /* any of these; 0: the end of the list */
	uint64_t port_of;                /* enum match_port_of */
	uint64_t connections;            /* enum match_connections */
	uint64_t traffic;                /* enum match_traffic */
};

/* The rows that select packets in a scenario; fields of struct match. */
extern const struct param match_params[];

bool match_is_any(const struct match *match);
bool match_equal(const struct match *a, const struct match *b);
/* Is there no packet that both mean? False where nobody can say. */
bool match_are_disjoint(const struct match *a, const struct match *b);
/* What single rows cannot see. */
int match_check(const struct match *match, struct err *err);
/* "tcp port 6379, new connections", "any". */
void match_print(struct buf *out, const struct match *match);
unsigned match_n_ports(const struct match *match);

/* What of a packet can be asked about. */
struct match_view {
	size_t size;
	enum match_protocol protocol; /* ANY: another one */
	bool has_ports;
	uint16_t ports[2];   /* source, target */
	bool is_tcp;         /* with its header */
	uint8_t tcp_flags;   /* enum packet_tcp_flag */
	unsigned hosts[2];   /* of addr.h; 0: of no lab, so not ours */
	uint64_t connection; /* names the connection and the direction, where is_tcp */
};

/* False: no IP packet, which no rule means. hosts: source and target. */
bool match_look(struct match_view *view, const uint8_t *frame, size_t len, const unsigned hosts[2]);

struct connections;

/* Is the packet meant? seen: what passed since the rule was laid, this packet included; may be NULL
 * where the rule has no need of it (match_needs_connections). */
bool match_hits(
	const struct match *match, const struct match_view *view, const struct connections *seen);
bool match_needs_connections(const struct match *match);

#endif
