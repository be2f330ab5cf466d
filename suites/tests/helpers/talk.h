/* talk: one driver and up to three servers on 127.0.0.1 that it talks to, nodes "a/store" .. "c/store". */
#ifndef TESTS_HELPERS_TALK_H
#define TESTS_HELPERS_TALK_H

#include "fixtures/base/clock.h"
#include "probes/drivers/driver.h"

#include <stddef.h>
#include <stdint.h>

#define TALK_SOON_NS (8 * NSEC_PER_SEC)

struct talk {
	struct endpoint endpoints[3];
	struct driver_target target;
	struct driver *driver;
};

void talk_begin(struct talk *talk, const char *driver, const uint16_t *ports, size_t n);
void talk_end(struct talk *talk);
/* One operation on one and the same ledger key. */
struct driver_call talk_ask(struct talk *talk, size_t at, enum op_kind kind, uint64_t value);
struct driver_role talk_role(struct talk *talk, size_t at);
void talk_writes_can_be_read_and_deleted(struct talk *talk, size_t primary);
/* The index of the primary that all three agree on. */
size_t talk_agreed_primary(struct talk *talk);

#endif
