/* The log, the map that follows from it, and the bound on its age. The program is not part of the
 * library, so its sources are included. */
/* NOLINTBEGIN(bugprone-suspicious-include) */
#include "fixtures/region-store/freshness.c"
#include "fixtures/region-store/store.c"
/* NOLINTEND(bugprone-suspicious-include) */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void write_key(struct store *store, enum entry_kind kind, const char *key, const char *value)
{
	struct entry *entry = entry_new(kind, key, strlen(key), value, value ? strlen(value) : 0);

	entry->epoch = 1;
	store_append(store, entry);
	store_apply(store, store->last);
}

static void forget(struct store *store, uint64_t target)
{
	struct entry *entry = entry_new(ENTRY_FORGET, NULL, 0, NULL, 0);

	entry->target = target;
	store_append(store, entry);
	store_apply(store, store->last);
}

static void assert_holds(const struct store *store, const char *key, const char *value)
{
	const struct entry *entry = store_get(store, key, strlen(key));

	if (!value) {
		assert_true(!entry || entry->kind == ENTRY_DELETE);
		return;
	}
	assert_non_null(entry);
	assert_int_equal(entry->value_len, strlen(value));
	assert_memory_equal(entry_value(entry), value, entry->value_len);
}

static void write_stamped(struct store *store, uint64_t stamp, const char *value)
{
	struct entry *entry = entry_new(
		value ? ENTRY_PUT : ENTRY_DELETE, "a", 1, value, value ? strlen(value) : 0);

	entry->stamp = stamp;
	store_append(store, entry);
	store_apply(store, store->last);
}

static void latest_stamp_stays_in_whatever_order_it_comes(void **state)
{
	struct store store = {0};

	(void)state;
	write_stamped(&store, 20, "1");
	write_stamped(&store, 10, "2");
	assert_holds(&store, "a", "1");
	assert_int_equal(entry_version(store_get(&store, "a", 1)), 20);
	write_stamped(&store, 30, NULL);
	write_stamped(&store, 25, "3");
	assert_holds(&store, "a", NULL);
	write_stamped(&store, 31, "4");
	assert_holds(&store, "a", "4");
	store_release(&store);
}

static void truncating_takes_writes_back_in_reverse(void **state)
{
	struct store store = {0};

	(void)state;
	write_key(&store, ENTRY_PUT, "a", "1");
	write_key(&store, ENTRY_PUT, "a", "2");
	write_key(&store, ENTRY_PUT, "b", "3");
	write_key(&store, ENTRY_DELETE, "a", NULL);
	assert_holds(&store, "a", NULL);
	store_truncate(&store, 3);
	assert_holds(&store, "a", "2");
	store_truncate(&store, 1);
	assert_holds(&store, "a", "1");
	assert_holds(&store, "b", NULL);
	assert_int_equal(store.last, 1);
	assert_int_equal(store.applied, 1);
	store_release(&store);
}

static void only_applied_entries_show(void **state)
{
	struct store store = {0};

	(void)state;
	store_append(&store, entry_new(ENTRY_PUT, "a", 1, "1", 1));
	assert_holds(&store, "a", NULL);
	store_truncate(&store, 0);
	assert_holds(&store, "a", NULL);
	store_release(&store);
}

static void forgetting_restores_what_was_before_unless_overwritten(void **state)
{
	struct store store = {0};

	(void)state;
	write_key(&store, ENTRY_PUT, "a", "1");
	write_key(&store, ENTRY_PUT, "a", "2");
	write_key(&store, ENTRY_PUT, "b", "1");
	write_key(&store, ENTRY_PUT, "b", "2");
	forget(&store, 2);
	assert_holds(&store, "a", "1");
	forget(&store, 3);
	assert_holds(&store, "b", "2");
	store_truncate(&store, 4);
	assert_holds(&store, "a", "2");
	assert_holds(&store, "b", "2");
	forget(&store, 99); /* no such entry */
	store_release(&store);
}

static void a_map_of_thousands_finds_each_key(void **state)
{
	struct store store = {0};
	char key[16];

	(void)state;
	for (int i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		write_key(&store, ENTRY_PUT, key, key);
	}
	for (int i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		assert_holds(&store, key, key);
	}
	store_release(&store);
}

static void versions_grow_along_the_log_and_across_epochs(void **state)
{
	(void)state;
	assert_true(store_version(1, 5) < store_version(1, 6));
	assert_true(store_version(1, 1u << 30) < store_version(2, 1));
}

/* Primary's clock 1000 s ahead, 30 ms to the replica, 50 ms back. */
#define AHEAD_NS (1000 * SEC_NS)
#define SEC_NS UINT64_C(1000000000)
#define MS_NS UINT64_C(1000000)

static void the_claimed_age_is_never_less_than_the_true_one(void **state)
{
	struct freshness f = {0};
	uint64_t sent_ns = 5 * SEC_NS; /* true time, which is the replica's clock */

	(void)state;
	assert_true(freshness_age_ns(&f, sent_ns) == UINT64_MAX);
	freshness_caught_up(&f, sent_ns + AHEAD_NS, sent_ns + 30 * MS_NS);
	assert_false(f.ever); /* no echo yet: no bound */
	freshness_echo(&f, 4 * SEC_NS, 4 * SEC_NS + 50 * MS_NS + AHEAD_NS, sent_ns + 30 * MS_NS);
	freshness_caught_up(&f, sent_ns + AHEAD_NS, sent_ns + 30 * MS_NS);
	assert_true(f.ever);
	assert_true(freshness_age_ns(&f, sent_ns + 130 * MS_NS) >= 130 * MS_NS);
	/* Beyond the truth by no more than the way back, and a little for drift. */
	assert_true(freshness_age_ns(&f, sent_ns + 130 * MS_NS) <= 181 * MS_NS);
	freshness_new_primary(&f);
	assert_true(f.ever);
}

static void a_quicker_way_back_tightens_the_bound_and_a_slower_one_does_not_loosen_it(void **state)
{
	struct freshness f = {0};

	(void)state;
	freshness_echo(&f, 1 * SEC_NS, 1 * SEC_NS + 50 * MS_NS, 2 * SEC_NS);
	freshness_echo(&f, 1 * SEC_NS, 1 * SEC_NS + 10 * MS_NS, 2 * SEC_NS);
	freshness_echo(&f, 1 * SEC_NS, 1 * SEC_NS + 90 * MS_NS, 2 * SEC_NS);
	assert_true(f.offset_ns == -10 * (int64_t)MS_NS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(latest_stamp_stays_in_whatever_order_it_comes),
		cmocka_unit_test(truncating_takes_writes_back_in_reverse),
		cmocka_unit_test(only_applied_entries_show),
		cmocka_unit_test(forgetting_restores_what_was_before_unless_overwritten),
		cmocka_unit_test(a_map_of_thousands_finds_each_key),
		cmocka_unit_test(versions_grow_along_the_log_and_across_epochs),
		cmocka_unit_test(the_claimed_age_is_never_less_than_the_true_one),
		cmocka_unit_test(
			a_quicker_way_back_tightens_the_bound_and_a_slower_one_does_not_loosen_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
