/* libFuzzer entry for what looks into captured frames. `make fuzz`. */
#include "probes/flows.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct flows *flows;
	struct flow_event event;

	if (!flows)
		flows = flows_new();
	if (frame_header_bytes(data, size) > size)
		abort();
	frame_is_control(data, size);
	flows_see(flows, data, size, 1, &event);
	return 0;
}
