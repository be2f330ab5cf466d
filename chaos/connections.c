#include "chaos/connections.h"
#include "chaos/match.h"
#include "fixtures/net/packet.h"

#include <stdlib.h>
#include <string.h>

#define WAYS 8 /* places a name may stand in */

struct connections {
	uint64_t names[CONNECTIONS_MAX]; /* newest first in each set of WAYS; 0: free */
};

struct connections *connections_new(void)
{
	struct connections *connections = calloc(1, sizeof(*connections));

	if (!connections)
		abort(); /* see buf.h */
	return connections;
}

void connections_free(struct connections *connections)
{
	free(connections);
}

void connections_clear(struct connections *connections)
{
	memset(connections, 0, sizeof(*connections));
}

static size_t set_of(uint64_t name)
{
	return name % (CONNECTIONS_MAX / WAYS) * WAYS;
}

bool connections_has(const struct connections *connections, const struct match_view *view)
{
	const uint64_t *set = connections->names + set_of(view->connection);

	for (int i = 0; i < WAYS; i++) {
		if (view->is_tcp && set[i] == view->connection)
			return true;
	}
	return false;
}

void connections_see(struct connections *connections, const struct match_view *view)
{
	uint64_t *set = connections->names + set_of(view->connection);

	if (!view->is_tcp || !(view->tcp_flags & PACKET_SYN) || connections_has(connections, view))
		return;
	memmove(set + 1, set, (WAYS - 1) * sizeof(*set));
	set[0] = view->connection;
}
