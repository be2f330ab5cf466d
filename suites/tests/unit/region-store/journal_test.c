/* The journal and the messages: what was written comes back, what is damaged is refused. The
 * program is not part of the library, so its sources are included. */
/* NOLINTBEGIN(bugprone-suspicious-include) */
#include "fixtures/region-store/journal.c"
#include "fixtures/region-store/store.c"
#include "fixtures/region-store/wire.c"
/* NOLINTEND(bugprone-suspicious-include) */

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct bench {
	char dir[64], path[96];
	struct journal journal;
	struct store store;
	struct oath oath;
	struct err err;
};

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	strcpy(b->dir, "/tmp/journal_test.XXXXXX");
	*state = b;
	if (!mkdtemp(b->dir))
		return -1;
	snprintf(b->path, sizeof(b->path), "%s/journal", b->dir);
	return journal_open(&b->journal, b->dir, false, &b->store, &b->oath, &b->err);
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	journal_close(&b->journal);
	store_release(&b->store);
	unlink(b->path);
	rmdir(b->dir);
	free(b);
	return 0;
}

static void append(struct bench *b, const char *key)
{
	struct entry *entry = entry_new(ENTRY_PUT, key, strlen(key), "value", 5);

	entry->epoch = 3;
	store_append(&b->store, entry);
	assert_int_equal(journal_entry(&b->journal, entry, &b->err), 0);
}

static void reopen(struct bench *b)
{
	journal_close(&b->journal);
	store_release(&b->store);
	if (journal_open(&b->journal, b->dir, false, &b->store, &b->oath, &b->err))
		fail_msg("%s", b->err.text);
}

static void what_was_written_comes_back(void **state)
{
	struct bench *b = *state;

	assert_false(b->oath.sworn);
	append(b, "a");
	append(b, "b");
	assert_int_equal(journal_cut(&b->journal, 1, &b->err), 0);
	store_truncate(&b->store, 1);
	append(b, "c");
	assert_int_equal(journal_oath(&b->journal, &(struct oath){true, 3, -1}, &b->err), 0);
	reopen(b);
	assert_int_equal(b->store.last, 2);
	assert_memory_equal(store_entry(&b->store, 2)->bytes, "cvalue", 6);
	assert_int_equal(store_entry(&b->store, 2)->epoch, 3);
	assert_true(b->oath.sworn);
	assert_int_equal(b->oath.epoch, 3);
	assert_int_equal(b->oath.voted_for, -1);
}

static void a_journal_has_one_owner(void **state)
{
	struct bench *b = *state;
	struct journal other;
	struct store store = {0};
	struct oath oath;

	assert_int_equal(journal_open(&other, b->dir, false, &store, &oath, &b->err), -1);
	assert_non_null(strstr(b->err.text, "another node"));
}

/* Cut short at every length, and with every byte damaged: a prefix comes back, and no more. */
static void a_torn_tail_costs_the_tail_only(void **state)
{
	struct bench *b = *state;
	struct buf whole = {0};
	size_t first;

	append(b, "a");
	first = (size_t)lseek(b->journal.fd, 0, SEEK_END);
	append(b, "b");
	assert_int_equal(buf_read_file(&whole, b->path, 1 << 20, &b->err), 0);
	for (size_t len = first; len < whole.len; len++) {
		assert_int_equal(truncate(b->path, 0), 0);
		assert_int_equal(write(b->journal.fd, whole.data, len), len);
		reopen(b);
		assert_int_equal(b->store.last, 1);
	}
	for (size_t at = first; at < whole.len; at++) {
		whole.data[at] ^= 0x20;
		assert_int_equal(truncate(b->path, 0), 0);
		assert_int_equal(write(b->journal.fd, whole.data, whole.len), whole.len);
		reopen(b);
		assert_int_equal(b->store.last, 1);
		whole.data[at] ^= 0x20;
	}
	append(b, "again"); /* and it goes on from there */
	reopen(b);
	assert_int_equal(b->store.last, 2);
	buf_release(&whole);
}

static void messages_come_out_as_they_went_in(void **state)
{
	struct append_request in = {.cluster = 7,
		.epoch = 2,
		.prev_index = 3,
		.prev_epoch = 1,
		.last = 9,
		.served = 8,
		.sent_ns = 1,
		.echo_stamp_ns = 2,
		.echo_received_ns = 4,
		.n_entries = 0,
		.primary = 2,
		.in_office = 1};
	struct append_request out = {0};
	struct wire_reader reader;
	struct buf bytes = {0}, again = {0};

	(void)state;
	wire_put_append(&bytes, &in);
	reader = wire_reader(bytes.data, bytes.len);
	assert_true(wire_get_append(&reader, &out));
	wire_put_append(&again, &out);
	assert_int_equal(out.echo_received_ns, 4);
	assert_int_equal(again.len, bytes.len);
	assert_memory_equal(again.data, bytes.data, bytes.len);
	assert_int_equal(reader.left, 0);
	for (size_t len = 0; len < bytes.len; len++) {
		reader = wire_reader(bytes.data, len);
		assert_false(wire_get_append(&reader, &out));
	}
	bytes.data[0] ^= 1; /* not one of ours */
	reader = wire_reader(bytes.data, bytes.len);
	assert_false(wire_get_append(&reader, &out));
	buf_release(&bytes);
	buf_release(&again);
}

static void assert_no_entry(const struct buf *bytes)
{
	struct wire_reader reader = wire_reader(bytes->data, bytes->len);
	struct entry *entry = wire_get_entry(&reader);

	assert_null(entry);
	free(entry);
}

static void an_entry_that_claims_too_much_is_refused(void **state)
{
	struct entry *entry = entry_new(ENTRY_PUT, "k", 1, "v", 1);
	struct buf bytes = {0};

	(void)state;
	wire_put_entry(&bytes, entry);
	memset(bytes.data + 30, 0xff, 4); /* length of the value */
	assert_no_entry(&bytes);
	buf_clear(&bytes);
	entry->kind = ENTRY_KINDS;
	wire_put_entry(&bytes, entry);
	assert_no_entry(&bytes);
	buf_release(&bytes);
	free(entry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_written_comes_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_journal_has_one_owner, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_torn_tail_costs_the_tail_only, set_up, tear_down),
		cmocka_unit_test(messages_come_out_as_they_went_in),
		cmocka_unit_test(an_entry_that_claims_too_much_is_refused),
	};

	log_setup("", LOG_LEVEL_QUIET, -1); /* it warns at each torn tail */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
