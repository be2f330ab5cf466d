#include "probes/flows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
enum { CLIENT, SERVER };

#define PAYLOAD 100

struct world {
	struct flows *flows;
	int family; /* 4 or 6 */
	uint8_t frame[200];
	size_t len;
	uint64_t at_ns;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->flows = flows_new();
	w->family = 4;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	flows_free(w->flows);
	free(w);
	return 0;
}

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

/* A segment from one end to the other, with `data` bytes of which none are captured. */
static void segment(struct world *w, int from, int flags, uint32_t seq, uint32_t ack, unsigned data)
{
	size_t tcp = w->family == 4 ? 34 : 54, ip = 14;

	memset(w->frame, 0, sizeof(w->frame));
	put16(w->frame + 12, w->family == 4 ? 0x0800 : 0x86dd);
	if (w->family == 4) {
		w->frame[ip] = 0x45;
		put16(w->frame + ip + 2, 40 + data);
		w->frame[ip + 9] = 6;
		w->frame[ip + 15] = from == CLIENT ? 1 : 2;
		w->frame[ip + 19] = from == CLIENT ? 2 : 1;
	} else {
		w->frame[ip] = 0x60;
		put16(w->frame + ip + 4, 20 + data);
		w->frame[ip + 6] = 6;
		w->frame[ip + 23] = from == CLIENT ? 1 : 2;
		w->frame[ip + 39] = from == CLIENT ? 2 : 1;
	}
	put16(w->frame + tcp, from == CLIENT ? 40000 : 5432);
	put16(w->frame + tcp + 2, from == CLIENT ? 5432 : 40000);
	put32(w->frame + tcp + 4, seq);
	put32(w->frame + tcp + 8, ack);
	w->frame[tcp + 12] = 0x50;
	w->frame[tcp + 13] = (uint8_t)flags;
	w->len = tcp + 20;
}

/* The kind of what came of it; -1: nothing. */
static int see(struct world *w, struct flow_event *event)
{
	struct flow_event unused;

	event = event ? event : &unused;
	w->at_ns += 1000000;
	return flows_see(w->flows, w->frame, w->len, w->at_ns, event) ? (int)event->kind : -1;
}

static int send_segment(
	struct world *w, int from, int flags, uint32_t seq, uint32_t ack, unsigned data)
{
	segment(w, from, flags, seq, ack, data);
	return see(w, NULL);
}

static void handshake_has_the_rtt_of_syn_and_answer(void **state)
{
	struct world *w = *state;
	struct flow_event event;

	for (w->family = 4; w->family <= 6; w->family += 2) {
		assert_int_equal(send_segment(w, CLIENT, SYN, 7, 0, 0), FLOW_SYN);
		w->at_ns += 40000000;
		segment(w, SERVER, SYN | ACK, 90, 8, 0);
		assert_int_equal(see(w, &event), FLOW_HANDSHAKE);
		assert_int_equal(event.value_ns, 41000000);
		assert_int_equal(send_segment(w, CLIENT, ACK, 8, 91, 0), -1);
	}
}

static void answer_to_a_repeated_syn_has_no_rtt(void **state)
{
	struct world *w = *state;

	assert_int_equal(send_segment(w, CLIENT, SYN, 7, 0, 0), FLOW_SYN);
	assert_int_equal(send_segment(w, CLIENT, SYN, 7, 0, 0), FLOW_RETRANSMIT);
	assert_int_equal(send_segment(w, SERVER, SYN | ACK, 90, 8, 0), -1);
}

static void answer_to_another_syn_has_no_rtt(void **state)
{
	struct world *w = *state;

	send_segment(w, CLIENT, SYN, 7, 0, 0);
	assert_int_equal(send_segment(w, SERVER, SYN | ACK, 90, 1234, 0), -1);
}

static void data_that_comes_again_is_a_retransmission(void **state)
{
	struct world *w = *state;

	assert_int_equal(send_segment(w, CLIENT, ACK | PSH, 1000, 1, PAYLOAD), -1);
	assert_int_equal(send_segment(w, CLIENT, ACK | PSH, 1100, 1, PAYLOAD), -1);
	assert_int_equal(send_segment(w, SERVER, ACK | PSH, 1000, 1, PAYLOAD), -1);
	assert_int_equal(send_segment(w, CLIENT, ACK | PSH, 1100, 1, PAYLOAD), FLOW_RETRANSMIT);
	assert_int_equal(send_segment(w, CLIENT, ACK | PSH, 1000, 1, PAYLOAD), FLOW_RETRANSMIT);
	assert_int_equal(send_segment(w, CLIENT, ACK | PSH, 1200, 1, PAYLOAD), -1);
}

static void numbers_that_wrap_are_no_retransmission(void **state)
{
	struct world *w = *state;

	assert_int_equal(send_segment(w, CLIENT, ACK, 0xffffffc0u, 1, PAYLOAD), -1);
	assert_int_equal(send_segment(w, CLIENT, ACK, 0x24, 1, PAYLOAD), -1);
	assert_int_equal(send_segment(w, CLIENT, ACK, 0xffffffc0u, 1, PAYLOAD), FLOW_RETRANSMIT);
}

static void acknowledgements_and_keep_alives_are_nothing(void **state)
{
	struct world *w = *state;

	send_segment(w, CLIENT, ACK | PSH, 1000, 1, PAYLOAD);
	assert_int_equal(send_segment(w, CLIENT, ACK, 1100, 1, 0), -1);
	assert_int_equal(send_segment(w, CLIENT, ACK, 1100, 1, 0), -1);
	assert_int_equal(send_segment(w, CLIENT, ACK, 1099, 1, 1), -1);
}

static void resets_are_counted(void **state)
{
	assert_int_equal(send_segment(*state, SERVER, RST | ACK, 5, 6, 0), FLOW_RESET);
}

static void what_is_no_whole_segment_is_nothing(void **state)
{
	struct world *w = *state;

	segment(w, CLIENT, SYN, 7, 0, 0);
	for (size_t len = 0; len < w->len; len++) {
		struct flow_event event;

		assert_false(flows_see(w->flows, w->frame, len, 1, &event));
	}
	w->frame[14 + 9] = 17;
	assert_int_equal(see(w, NULL), -1);
	w->frame[14 + 9] = 6;
	w->frame[14 + 7] = 8; /* a later fragment */
	assert_int_equal(see(w, NULL), -1);
}

static void headers_end_where_payload_begins(void **state)
{
	struct world *w = *state;

	segment(w, CLIENT, ACK, 7, 0, PAYLOAD);
	assert_int_equal(frame_header_bytes(w->frame, 154), 54);
	assert_false(frame_is_control(w->frame, 154));
	segment(w, CLIENT, FIN | ACK, 7, 0, 0);
	assert_true(frame_is_control(w->frame, w->len));
	w->frame[14 + 9] = 17;
	assert_int_equal(frame_header_bytes(w->frame, 154), 42);
	w->frame[14 + 9] = 89;
	assert_int_equal(frame_header_bytes(w->frame, 154), 34);
}

/* More connections than there is room for: the old ones are forgotten, and nothing else happens. */
static void memory_is_bounded(void **state)
{
	struct world *w = *state;

	for (unsigned i = 0; i < 4 * FLOWS_MAX; i++) {
		segment(w, CLIENT, SYN, 7, 0, 0);
		put16(w->frame + 34, i % 60000 + 1);
		w->frame[14 + 13] = (uint8_t)(i >> 8);
		assert_int_equal(see(w, NULL), FLOW_SYN);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(handshake_has_the_rtt_of_syn_and_answer),
		T(answer_to_a_repeated_syn_has_no_rtt),
		T(answer_to_another_syn_has_no_rtt),
		T(data_that_comes_again_is_a_retransmission),
		T(numbers_that_wrap_are_no_retransmission),
		T(acknowledgements_and_keep_alives_are_nothing),
		T(resets_are_counted),
		T(what_is_no_whole_segment_is_nothing),
		T(headers_end_where_payload_begins),
		T(memory_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
