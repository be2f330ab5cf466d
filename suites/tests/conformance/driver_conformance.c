/*
 * Every driver against a server that answers right, lies, hangs, dies and sends garbage: what comes
 * out must be the right one of ok, sure failure and unknown, in time. A new driver adds its row to
 * dialects[] (suites/tests/helpers/dialects.c); a driver that has no port (null) needs none.
 *
 * runner: timeout 60, steady
 */
#include "fixtures/base/clock.h"
#include "probes/drivers/driver.h"
#include "suites/tests/helpers/dialects.h"
#include "suites/tests/helpers/scripted_server.h"
#include "suites/tests/helpers/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define TIMEOUT_NS (300 * NSEC_PER_MSEC)
/* The contract's 50 ms and what a loaded machine adds. */
#define LIMIT_NS (TIMEOUT_NS + 250 * NSEC_PER_MSEC)

struct talk {
	struct scripted_server server;
	struct endpoint endpoints[2];
	struct driver_target target;
	struct driver *driver;
	char answer[512], greeting[64], hello[128];
	uint64_t options[64];
};

static void set_options(struct talk *talk, const struct dialect *d)
{
	const struct driver_ops *ops = driver_find(d->driver);
	struct err err;

	assert_true(ops->options_size <= sizeof(talk->options));
	param_set_defaults(ops->params, talk->options);
	for (size_t i = 0; d->settings[i]; i += 2) {
		const struct param *row = param_find(ops->params, d->settings[i]);

		if (!row || param_set(row, talk->options, d->settings[i + 1], &err))
			fail_msg("driver %s has no %s", d->driver, d->settings[i]);
	}
	talk->target.options = talk->options;
}

static void zeroes(char *to, size_t size, const char *from)
{
	assert_true(strlen(from) < size);
	do
		*to++ = (char)(*from == '~' ? '\0' : *from);
	while (*from++);
}

static void talk_begin(
	struct talk *talk, const struct dialect *d, enum manner manner, const char *answer)
{
	struct err err;

	if (d->greeting) {
		const char *hello = d->hello ? d->hello : "";

		zeroes(talk->answer, sizeof(talk->answer), answer);
		zeroes(talk->greeting, sizeof(talk->greeting), d->greeting);
		zeroes(talk->hello, sizeof(talk->hello), hello);
		scripted_server_open(&talk->server, manner, talk->answer, strlen(answer),
			&(struct script_opening){.hello = talk->hello,
				.hello_len = strlen(hello),
				.greeting = talk->greeting,
				.greeting_len = strlen(d->greeting)});
	} else {
		scripted_server_start(&talk->server, manner, answer, strlen(answer));
	}
	talk->endpoints[0] = (struct endpoint){.name = "a",
		.host = "127.0.0.1",
		.port = talk->server.port,
		.region = 0,
		.node = 3};
	talk->endpoints[1] = (struct endpoint){
		.name = "b", .host = "127.0.0.1", .port = 1, .region = 1, .node = 4};
	talk->target = (struct driver_target){.endpoints = talk->endpoints, .n_endpoints = 2};
	if (d->settings[0])
		set_options(talk, d);
	talk->driver = driver_find(d->driver)->open(&talk->target, &err);
	assert_non_null(talk->driver);
}

static void talk_end(struct talk *talk)
{
	talk->driver->ops->close(talk->driver);
	scripted_server_stop(&talk->server);
}

static struct driver_call ask(struct talk *talk, enum op_kind kind)
{
	struct driver_call call = {.kind = kind,
		.key = op_key(KEY_REGISTER, 5),
		.value = 42,
		.timeout_ns = TIMEOUT_NS};
	uint64_t start = clock_now_ns(), took;

	talk->driver->ops->invoke(talk->driver, &talk->endpoints[0], &call);
	took = clock_now_ns() - start;
	if (took > LIMIT_NS)
		fail_msg("%s took %.0f ms", op_kind_name(kind), (double)took / 1e6);
	return call;
}

static void expect(struct talk *talk, enum op_kind kind, enum op_state state, enum op_error error)
{
	struct driver_call call = ask(talk, kind);

	if (call.state != state || call.error != error)
		fail_msg("%s %s: %s, %s (%s), not %s, %s", talk->driver->ops->name,
			op_kind_name(kind), op_state_name(call.state), op_error_name(call.error),
			call.text, op_state_name(state), op_error_name(error));
}

/* A dialect at a time: its server's manner and answer, then one write. */
static void write_ends(const struct dialect *d, enum manner manner, const char *answer,
	enum op_state state, enum op_error error)
{
	struct talk talk;

	talk_begin(&talk, d, manner, answer);
	expect(&talk, OP_WRITE, state, error);
	talk_end(&talk);
}

static void every_driver_with_a_port_has_a_dialect(void **state)
{
	(void)state;
	for (size_t i = 0; drivers[i]; i++) {
		size_t j = 0;

		/* lookups are no reads and writes; dns_driver_test.c faces them with bad servers */
		if (!drivers[i]->default_port || drivers[i]->can & DRIVER_LOOKUPS)
			continue;
		while (j < n_dialects && strcmp(dialects[j].driver, drivers[i]->name))
			j++;
		if (j == n_dialects)
			fail_msg("driver %s has no row in dialects[]", drivers[i]->name);
	}
}

static void right_answers_are_ok(void **state)
{
	(void)state;
	for (const struct dialect *d = dialects; d < dialects + n_dialects; d++) {
		struct driver_call call;
		struct talk talk;

		talk_begin(&talk, d, MANNER_ANSWER, d->read);
		for (int i = 0; i < 3; i++) {
			call = ask(&talk, OP_READ);
			assert_int_equal(call.state, OP_OK);
			assert_int_equal(call.read_value, 42);
			assert_false(call.flags & OP_ABSENT);
		}
		talk_end(&talk);
		talk_begin(&talk, d, MANNER_ANSWER, d->absent);
		call = ask(&talk, OP_READ);
		assert_int_equal(call.state, OP_OK);
		assert_true(call.flags & OP_ABSENT);
		talk_end(&talk);
		write_ends(d, MANNER_ANSWER, d->write, OP_OK, OP_ERROR_NONE);
		talk_begin(&talk, d, MANNER_ANSWER, d->delete_);
		expect(&talk, OP_DELETE, OP_OK, OP_ERROR_NONE);
		talk_end(&talk);
	}
}

static void claims_of_an_answer_come_out(void **state)
{
	const struct dialect *d = &dialects[1];
	struct driver_call call;
	struct talk talk;

	(void)state;
	talk_begin(&talk, d, MANNER_ANSWER, d->read);
	call = ask(&talk, OP_READ);
	assert_int_equal(call.flags, OP_HAS_VERSION | OP_AGE_CLAIMED);
	assert_int_equal(call.version, 7);
	assert_int_equal(call.age_ms, 12);
	assert_int_equal(call.node, 4);
	talk_end(&talk);
}

static void an_edge_says_whether_it_had_a_copy(void **state)
{
	static const struct dialect edge = {
		.driver = "http", .settings = {"answer.hit", "header X-Cache"}};
	static const struct {
		const char *header;
		unsigned flags;
	} cases[] = {{"X-Cache: HIT\r\n", OP_HIT}, {"X-Cache: hit\r\n", OP_HIT},
		{"X-Cache: MISS\r\n", OP_MISS}, {"X-Cache: EXPIRED\r\n", OP_MISS}, {"", 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char answer[128];
		struct talk talk;

		snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\n%sContent-Length: 2\r\n\r\n42",
			cases[i].header);
		talk_begin(&talk, &edge, MANNER_ANSWER, answer);
		assert_int_equal(ask(&talk, OP_READ).flags, cases[i].flags);
		talk_end(&talk);
	}
}

static void a_write_names_its_term(void **state)
{
	(void)state;
	for (const struct dialect *d = dialects; d < dialects + n_dialects; d++) {
		struct driver_call call;
		struct talk talk;

		if (!d->in_term)
			continue;
		talk_begin(&talk, d, MANNER_ANSWER, d->in_term);
		call = ask(&talk, OP_WRITE);
		if (call.flags != (OP_HAS_VERSION | OP_HAS_EPOCH) || call.version != 8 ||
			call.epoch != 3)
			fail_msg("%s: flags %x, version %u, epoch %u", d->driver, call.flags,
				(unsigned)call.version, call.epoch);
		talk_end(&talk);
	}
}

static void refusals_are_sure_only_when_the_list_says_so(void **state)
{
	(void)state;
	for (const struct dialect *d = dialects; d < dialects + n_dialects; d++) {
		for (const struct refusal *r = d->refusals; r->answer; r++)
			write_ends(d, MANNER_ANSWER, r->answer, r->state, r->error);
	}
}

static void a_value_that_is_not_ours_is_garbage(void **state)
{
	(void)state;
	for (const struct dialect *d = dialects; d < dialects + n_dialects; d++) {
		struct talk talk;

		talk_begin(&talk, d, MANNER_ANSWER, d->not_ours);
		expect(&talk, OP_READ, OP_UNKNOWN, OP_ERROR_GARBAGE);
		talk_end(&talk);
	}
}

static void hanging_servers_end_unknown_in_time(void **state)
{
	(void)state;
	for (const struct dialect *d = dialects; d < dialects + n_dialects; d++) {
		write_ends(d, MANNER_HANG_UNREAD, d->write, OP_UNKNOWN, OP_ERROR_TIMEOUT);
		write_ends(d, MANNER_HANG_READ, d->write, OP_UNKNOWN, OP_ERROR_TIMEOUT);
		write_ends(d, MANNER_DRIP, d->write, OP_UNKNOWN, OP_ERROR_TIMEOUT);
	}
}

static void dying_servers_end_unknown(void **state)
{
	(void)state;
	for (const struct dialect *d = dialects; d < dialects + n_dialects; d++) {
		write_ends(d, MANNER_CLOSE, d->write, OP_UNKNOWN, OP_ERROR_RESET);
		write_ends(d, MANNER_RESET, d->write, OP_UNKNOWN, OP_ERROR_RESET);
		write_ends(d, MANNER_DIE_MID_ANSWER, d->write, OP_UNKNOWN, OP_ERROR_RESET);
	}
}

static void an_endless_answer_is_cut_off(void **state)
{
	(void)state;
	for (const struct dialect *d = dialects; d < dialects + n_dialects; d++) {
		struct talk talk;

		talk_begin(&talk, d, MANNER_FLOOD, d->flood);
		expect(&talk, OP_READ, OP_UNKNOWN, OP_ERROR_GARBAGE);
		talk_end(&talk);
	}
}

static void nothing_sent_is_a_sure_failure(void **state)
{
	(void)state;
	for (const struct dialect *d = dialects; d < dialects + n_dialects; d++) {
		struct talk talk;

		talk_begin(&talk, d, MANNER_ANSWER, d->write);
		talk.endpoints[0].port = server_free_port();
		expect(&talk, OP_WRITE, OP_FAIL, OP_ERROR_REFUSED);
		talk.endpoints[0].host = "255.255.255.255";
		expect(&talk, OP_WRITE, OP_FAIL, OP_ERROR_UNREACHABLE);
		talk_end(&talk);
		write_ends(d, MANNER_DEAF, d->write, OP_FAIL, OP_ERROR_TIMEOUT);
	}
}

static void a_request_is_never_sent_twice(void **state)
{
	static const enum op_kind kinds[] = {OP_WRITE, OP_DELETE, OP_READ};

	(void)state;
	for (const struct dialect *d = dialects; d < dialects + n_dialects; d++) {
		for (size_t i = 0; i < 3; i++) {
			const char *answer = kinds[i] == OP_WRITE ? d->write
				: kinds[i] == OP_READ             ? d->read
								  : d->delete_;
			struct talk talk;

			talk_begin(&talk, d, MANNER_ANSWER_THEN_DIE, answer);
			expect(&talk, kinds[i], OP_OK, OP_ERROR_NONE);
			expect(&talk, kinds[i], OP_UNKNOWN, OP_ERROR_RESET);
			assert_int_equal(
				__atomic_load_n(talk.server.requests, __ATOMIC_SEQ_CST), 2);
			/* and the next attempt finds its way again */
			expect(&talk, kinds[i], OP_OK, OP_ERROR_NONE);
			talk_end(&talk);
		}
	}
}

static void wait_for_close(void)
{
	/* the peer's FIN crosses the loopback; nothing tells when the driver's kernel has it */
	clock_sleep_until_ns(clock_now_ns() + 20 * NSEC_PER_MSEC);
}

static void a_connection_closed_while_idle_is_replaced(void **state)
{
	(void)state;
	for (const struct dialect *d = dialects; d < dialects + n_dialects; d++) {
		struct talk talk;

		talk_begin(&talk, d, MANNER_ANSWER_AND_CLOSE, d->write);
		for (int i = 0; i < 3; i++) {
			expect(&talk, OP_WRITE, OP_OK, OP_ERROR_NONE);
			wait_for_close();
		}
		assert_int_equal(__atomic_load_n(talk.server.requests, __ATOMIC_SEQ_CST), 3);
		talk_end(&talk);
	}
}

static void a_role_of_a_bad_server_is_unknown_in_time(void **state)
{
	(void)state;
	for (const struct dialect *d = dialects; d < dialects + n_dialects; d++) {
		for (enum manner m = MANNER_ANSWER; m < MANNERS; m++) {
			struct driver_role role;
			struct talk talk;
			uint64_t start;

			talk_begin(&talk, d, m, d->not_ours);
			start = clock_now_ns();
			talk.driver->ops->role(talk.driver, &talk.endpoints[0], TIMEOUT_NS, &role);
			assert_true(clock_now_ns() - start < LIMIT_NS);
			assert_int_equal(role.role, ROLE_UNKNOWN);
			assert_int_equal(role.believed_primary, OP_NODE_UNKNOWN);
			talk_end(&talk);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_driver_with_a_port_has_a_dialect),
		cmocka_unit_test(right_answers_are_ok),
		cmocka_unit_test(claims_of_an_answer_come_out),
		cmocka_unit_test(an_edge_says_whether_it_had_a_copy),
		cmocka_unit_test(a_write_names_its_term),
		cmocka_unit_test(refusals_are_sure_only_when_the_list_says_so),
		cmocka_unit_test(a_value_that_is_not_ours_is_garbage),
		cmocka_unit_test(hanging_servers_end_unknown_in_time),
		cmocka_unit_test(dying_servers_end_unknown),
		cmocka_unit_test(an_endless_answer_is_cut_off),
		cmocka_unit_test(nothing_sent_is_a_sure_failure),
		cmocka_unit_test(a_request_is_never_sent_twice),
		cmocka_unit_test(a_connection_closed_while_idle_is_replaced),
		cmocka_unit_test(a_role_of_a_bad_server_is_unknown_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
