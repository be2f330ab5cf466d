#include "probes/group.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const uint8_t three[] = {0, 1, 2};

static struct client_group group_of(uint32_t per_region, uint64_t roam_ppm)
{
	struct client_group group = {0};

	param_set_defaults(group_params, &group);
	group.regions = three;
	group.n_regions = 3;
	group.sessions_per_region = per_region;
	group.roam_ppm = roam_ppm;
	return group;
}

static unsigned count_roaming(const struct client_group *group, uint64_t seed)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < group_sessions(group); i++)
		n += group_roams(group, i, seed);
	return n;
}

static void the_share_of_roaming_sessions_is_exact(void **state)
{
	struct client_group group = group_of(100, 100000);

	(void)state;
	for (uint64_t seed = 0; seed < 50; seed++)
		assert_int_equal(count_roaming(&group, seed), 30);
}

static void a_small_share_of_few_sessions_is_still_one(void **state)
{
	struct client_group group = group_of(2, 100000);

	(void)state;
	assert_int_equal(count_roaming(&group, 7), 1);
	group.roam_ppm = 0;
	assert_int_equal(count_roaming(&group, 7), 0);
}

static void a_roaming_session_visits_all_regions_in_turn(void **state)
{
	struct client_group group = group_of(1, 1000000);
	unsigned before, seen = 0;

	(void)state;
	before = group_region_at(&group, 1, 3, 0);
	assert_int_equal(before, 1);
	for (uint64_t t = 0; t < 3; t++) {
		unsigned r = group_region_at(&group, 1, 3, t * group.roam_every_ns);

		assert_int_equal(r, (1 + t) % 3);
		seen |= 1u << r;
	}
	assert_int_equal(seen, 7);
}

static void sticky_sessions_stay(void **state)
{
	struct client_group group = group_of(2, 0);

	(void)state;
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(group_region_at(&group, i, 1, UINT64_C(1000000000000)), i / 2);
}

static void sessions_do_not_share_keys(void **state)
{
	struct client_group group = group_of(2, 0);

	(void)state;
	assert_int_equal(group_register_key(&group, 0, 3) + 1, group_register_key(&group, 1, 0));
	assert_int_equal(
		op_key_number(group_ledger_key(GROUP_SESSIONS_MAX, (1u << GROUP_LEDGER_BITS) - 1)),
		0x3fffffff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_share_of_roaming_sessions_is_exact),
		cmocka_unit_test(a_small_share_of_few_sessions_is_still_one),
		cmocka_unit_test(a_roaming_session_visits_all_regions_in_turn),
		cmocka_unit_test(sticky_sessions_stay),
		cmocka_unit_test(sessions_do_not_share_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
