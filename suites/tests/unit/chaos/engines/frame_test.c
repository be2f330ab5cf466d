#include "chaos/engines/frame.h"
#include "fixtures/net/addr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define OWN 0
#define REGIONS 3

struct frame {
	uint8_t data[128];
	size_t len;
};

static struct frame frame_to(unsigned region, unsigned type)
{
	struct addr to = addr_of(region, ADDR_HOST_NODE), from = addr_of(OWN, ADDR_HOST_NODE);
	struct frame f = {.len = 100};

	memcpy(f.data, to.mac, 6);
	memcpy(f.data + 6, from.mac, 6);
	f.data[12] = (uint8_t)(type >> 8);
	f.data[13] = (uint8_t)type;
	return f;
}

static struct frame icmp6_to(unsigned region, uint8_t type)
{
	struct frame f = frame_to(region, 0x86dd);

	f.data[14] = 6 << 4;
	f.data[14 + 6] = 58;
	f.data[14 + 40] = type;
	return f;
}

static struct frame tagged(struct frame in)
{
	struct frame out = in;

	memcpy(out.data + 16, in.data + 12, in.len - 12);
	memcpy(out.data + 12, (uint8_t[]){0x81, 0, 0, 7}, 4);
	out.len += 4;
	return out;
}

static enum frame_class classify(struct frame f, unsigned *to)
{
	return frame_classify(NULL, f.data, f.len, OWN, REGIONS, to);
}

static void a_frame_for_another_region_belongs_to_its_link(void **state)
{
	unsigned to;

	(void)state;
	assert_int_equal(classify(frame_to(2, 0x0800), &to), FRAME_LINK);
	assert_int_equal(to, 2);
	assert_int_equal(classify(tagged(frame_to(1, 0x86dd)), &to), FRAME_LINK);
	assert_int_equal(to, 1);
}

static void unknown_own_and_broadcast_are_neutral(void **state)
{
	struct frame broadcast = frame_to(1, 0x0806);
	unsigned to;

	(void)state;
	memset(broadcast.data, 0xff, 6);
	assert_int_equal(classify(broadcast, &to), FRAME_NEUTRAL);
	assert_int_equal(classify(frame_to(OWN, 0x0800), &to), FRAME_NEUTRAL);
	assert_int_equal(classify(frame_to(REGIONS, 0x0800), &to), FRAME_NEUTRAL);
}

static void neighbour_discovery_is_exempt_and_echo_is_not(void **state)
{
	unsigned to;

	(void)state;
	assert_int_equal(classify(frame_to(1, 0x0806), &to), FRAME_EXEMPT);
	assert_int_equal(classify(tagged(frame_to(1, 0x0806)), &to), FRAME_EXEMPT);
	for (uint8_t type = 133; type <= 137; type++) {
		assert_int_equal(classify(icmp6_to(1, type), &to), FRAME_EXEMPT);
		assert_int_equal(classify(tagged(icmp6_to(1, type)), &to), FRAME_EXEMPT);
	}
	assert_int_equal(classify(icmp6_to(1, 128), &to), FRAME_LINK);
	assert_int_equal(classify(icmp6_to(1, 132), &to), FRAME_LINK);
	assert_int_equal(classify(icmp6_to(1, 138), &to), FRAME_LINK);
}

static void short_frames_are_read_within_their_length(void **state)
{
	struct frame whole = tagged(icmp6_to(1, 135));
	unsigned to;

	(void)state;
	for (size_t len = 0; len <= 14 + 4 + 41; len++) {
		uint8_t copy[64]; /* ASan sees a read behind it */
		enum frame_class class;

		memcpy(copy, whole.data, len);
		class = frame_classify(NULL, copy, len, OWN, REGIONS, &to);
		assert_int_equal(class,
			len < 14                    ? FRAME_NEUTRAL
				: len < 14 + 4 + 41 ? FRAME_LINK
						    : FRAME_EXEMPT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_for_another_region_belongs_to_its_link),
		cmocka_unit_test(unknown_own_and_broadcast_are_neutral),
		cmocka_unit_test(neighbour_discovery_is_exempt_and_echo_is_not),
		cmocka_unit_test(short_frames_are_read_within_their_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
