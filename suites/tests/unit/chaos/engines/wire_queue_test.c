#include "chaos/engines/wire_queue.h"
#include "fixtures/base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct wire_frame *frame_new(unsigned number)
{
	struct wire_frame *frame = calloc(1, sizeof(*frame) + 64);

	frame->len = 64;
	frame->to = number;
	return frame;
}

static void frames_leave_by_release_and_then_in_order_of_arrival(void **state)
{
	struct wire_queue queue;
	uint64_t at_ns[500], last_ns = 0;
	unsigned last = 0;
	struct wire_frame *frame;
	struct rng rng;
	size_t n = 0;

	(void)state;
	rng_seed(&rng, 1);
	wire_queue_init(&queue, 1 << 20);
	for (unsigned i = 0; i < 500; i++) {
		at_ns[i] = rng_below(&rng, 50);
		wire_queue_push(&queue, at_ns[i], frame_new(i));
	}
	while ((frame = wire_queue_pop(&queue, 50))) {
		assert_true(at_ns[frame->to] > last_ns ||
			(at_ns[frame->to] == last_ns && (!n || frame->to > last)));
		last_ns = at_ns[frame->to];
		last = frame->to;
		free(frame);
		n++;
	}
	assert_int_equal(n, 500);
	assert_int_equal(queue.bytes, 0);
	wire_queue_release(&queue);
}

static void nothing_leaves_before_its_time(void **state)
{
	struct wire_queue queue;
	struct wire_frame *frame;

	(void)state;
	wire_queue_init(&queue, 1 << 20);
	assert_null(wire_queue_pop(&queue, UINT64_MAX));
	assert_true(wire_queue_next_ns(&queue) == UINT64_MAX);
	wire_queue_push(&queue, 100, frame_new(0));
	assert_int_equal(wire_queue_next_ns(&queue), 100);
	assert_null(wire_queue_pop(&queue, 99));
	frame = wire_queue_pop(&queue, 100);
	assert_non_null(frame);
	free(frame);
	wire_queue_release(&queue);
}

static void memory_is_bounded_in_bytes(void **state)
{
	struct wire_queue queue;
	unsigned n = 0;

	(void)state;
	wire_queue_init(&queue, 10000);
	while (wire_queue_fits(&queue, 64))
		wire_queue_push(&queue, 1, frame_new(n++));
	assert_in_range(n, 10, 10000 / 64);
	assert_true(queue.bytes <= 10000);
	free(wire_queue_pop(&queue, 1));
	assert_true(wire_queue_fits(&queue, 64));
	wire_queue_release(&queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_leave_by_release_and_then_in_order_of_arrival),
		cmocka_unit_test(nothing_leaves_before_its_time),
		cmocka_unit_test(memory_is_bounded_in_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
