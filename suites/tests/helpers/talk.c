#include "suites/tests/helpers/talk.h"
#include "fixtures/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

void talk_begin(struct talk *talk, const char *driver, const uint16_t *ports, size_t n)
{
	static const char *const names[] = {"a/store", "b/store", "c/store"};
	struct err err;

	for (size_t i = 0; i < n; i++)
		talk->endpoints[i] = (struct endpoint){.name = names[i],
			.host = "127.0.0.1",
			.port = ports[i],
			.region = (uint8_t)i,
			.node = (uint8_t)i};
	talk->target = (struct driver_target){
		.endpoints = talk->endpoints, .n_endpoints = n, .value_size = 100};
	talk->driver = driver_find(driver)->open(&talk->target, &err);
	assert_non_null(talk->driver);
}

struct driver_call talk_ask(struct talk *talk, size_t at, enum op_kind kind, uint64_t value)
{
	struct driver_call call = {.kind = kind,
		.key = op_key(KEY_LEDGER, 5),
		.value = value,
		.timeout_ns = 2 * NSEC_PER_SEC};

	talk->driver->ops->invoke(talk->driver, &talk->endpoints[at], &call);
	return call;
}

struct driver_role talk_role(struct talk *talk, size_t at)
{
	struct driver_role r;

	talk->driver->ops->role(talk->driver, &talk->endpoints[at], NSEC_PER_SEC, &r);
	return r;
}

void talk_writes_can_be_read_and_deleted(struct talk *talk, size_t primary)
{
	struct driver_call call;

	assert_true(talk_ask(talk, primary, OP_READ, 0).flags & OP_ABSENT);
	call = talk_ask(talk, primary, OP_WRITE, op_value(3, 99));
	if (call.state != OP_OK)
		fail_msg("write: %s (%s)", op_state_name(call.state), call.text);
	assert_int_equal(call.node, primary);
	call = talk_ask(talk, primary, OP_READ, 0);
	assert_int_equal(call.state, OP_OK);
	assert_int_equal(call.read_value, op_value(3, 99));
	assert_int_equal(call.node, primary);
	assert_int_equal(talk_ask(talk, primary, OP_DELETE, 0).state, OP_OK);
	assert_true(talk_ask(talk, primary, OP_READ, 0).flags & OP_ABSENT);
}

size_t talk_agreed_primary(struct talk *talk)
{
	uint64_t deadline = clock_now_ns() + TALK_SOON_NS;

	while (clock_now_ns() < deadline) {
		unsigned named = talk_role(talk, 0).believed_primary;

		if (named < 3 && talk_role(talk, 1).believed_primary == named &&
			talk_role(talk, 2).believed_primary == named &&
			talk_role(talk, named).role == ROLE_PRIMARY)
			return named;
		clock_sleep_until_ns(clock_now_ns() + 50 * NSEC_PER_MSEC);
	}
	fail_msg("the trio does not agree on a primary");
	return 0;
}

void talk_end(struct talk *talk)
{
	talk->driver->ops->close(talk->driver);
}
