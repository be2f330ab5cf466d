/* libFuzzer entry for whatever reads the headers of frames. `make fuzz`. */
#include "chaos/connections.h"
#include "chaos/engines/wire_refuse.h"
#include "chaos/match.h"
#include "fixtures/net/packet.h"
#include "probes/flows.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read behind the end of the copy is seen by the sanitizer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct match match = {
		.protocol = MATCH_TCP, .ports = {80}, .connections = MATCH_CONNECTIONS_ESTABLISHED};
	static struct connections *seen;
	static struct flows *flows;
	uint8_t *frame = malloc(size ? size : 1), answer[WIRE_REFUSAL_MAX];
	struct flow_event event;
	struct match_view view;

	seen = seen ? seen : connections_new();
	flows = flows ? flows : flows_new();
	memcpy(frame, data, size);
	if (match_look(&view, frame, size, (unsigned[]){1, 10})) {
		connections_see(seen, &view);
		match_hits(&match, &view, seen);
	}
	for (enum reject how = REJECT_NONE; how <= REJECT_ICMP; how++) {
		size_t len = wire_refuse(frame, size, 1, how, answer);
		struct packet packet;

		if (len > sizeof(answer) || (len && !packet_parse(answer, len, &packet)))
			abort(); /* an answer is a packet itself */
	}
	flows_see(flows, frame, size, 1, &event);
	if (frame_header_bytes(frame, size) > size)
		abort();
	free(frame);
	return 0;
}
