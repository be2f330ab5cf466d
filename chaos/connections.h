/*
 * connections: the TCP connections of which a beginning was seen, for rules that tell new ones from old.
 *
 * A set of 64-bit names (match.h: addresses and ports of one direction, hashed), of bounded size: of
 * CONNECTIONS_MAX places each name may take one of a few; where those are taken the oldest makes room,
 * and its connection is an old one again.
 */
#ifndef CHAOS_CONNECTIONS_H
#define CHAOS_CONNECTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define CONNECTIONS_MAX 65536

struct match_view;
struct connections;

struct connections *connections_new(void); /* aborts without memory */
void connections_free(struct connections *connections);
void connections_clear(struct connections *connections);
/* Remembers the connection where the packet is a SYN or the answer to one. */
void connections_see(struct connections *connections, const struct match_view *view);
bool connections_has(const struct connections *connections, const struct match_view *view);

#endif
