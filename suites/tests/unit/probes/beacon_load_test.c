/* Tapes of beacon processes that ended in every way there is, and of none of ours. */
#include "fixtures/base/clock.h"
#include "probes/beacon.h"
#include "probes/beacon_packet.h"
#include "probes/files.h"
#include "probes/stamp.h"
#include "probes/tape.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MS NSEC_PER_MSEC
#define N_PACKETS 200
#define PERIOD_NS (5 * MS)

/* Two regions; region 0 sends N_PACKETS over IPv4, the first after 1 s. */
struct bench {
	char dir[64];
	struct beacons beacons;
	struct err err;
};

static int bench_up(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	strcpy(bench->dir, "/tmp/beacon_load.XXXXXX");
	*state = bench;
	return mkdtemp(bench->dir) ? 0 : -1;
}

static int bench_down(void **state)
{
	struct bench *bench = *state;
	struct files files;

	if (files_below(&files, bench->dir, "", &bench->err) == 0) {
		for (size_t i = 0; i < files.n; i++)
			unlink(files.paths[i]);
		files_release(&files);
	}
	rmdir(bench->dir);
	beacons_release(&bench->beacons);
	free(bench);
	return 0;
}

static struct tape *new_tape(struct bench *bench, const char *name, const char *magic,
	size_t record_size, unsigned region)
{
	struct tape_label label = {
		.magic = magic,
		.record_size = record_size,
		.region = region,
		.n_regions = 2,
		.period_ns = PERIOD_NS,
		.epoch_ns = 77,
	};
	struct tape *tape = tape_create(bench->dir, name, &label, &bench->err);

	assert_non_null(tape);
	return tape;
}

static uint64_t sent_at(unsigned i)
{
	return NSEC_PER_SEC + i * PERIOD_NS;
}

static void write_sent(struct bench *bench)
{
	struct tape *tape =
		new_tape(bench, "0.sent.beacons", BEACON_SENT_MAGIC, sizeof(struct beacon_sent), 0);

	for (unsigned i = 0; i < N_PACKETS; i++) {
		struct beacon_sent record = {.sent_ns = sent_at(i), .seq = i, .to = 1};

		assert_int_equal(tape_add(tape, &record, &bench->err), 0);
	}
	assert_int_equal(tape_close(tape, &bench->err), 0);
}

static void add_arrival(struct tape *tape, unsigned i, uint64_t delay_ns)
{
	struct beacon_received record = {
		.sent_ns = sent_at(i), .recv_ns = sent_at(i) + delay_ns, .seq = i};
	struct err err;

	assert_int_equal(tape_add(tape, &record, &err), 0);
}

static void add_alive(struct tape *tape, uint64_t at_ns, uint64_t dropped)
{
	struct beacon_received record = {
		.sent_ns = dropped, .recv_ns = at_ns, .kind = BEACON_ALIVE};
	struct err err;

	assert_int_equal(tape_add(tape, &record, &err), 0);
}

/* Of N_PACKETS all arrive but those in [first, last), and the receiver lives from 0 to alive_ns. */
static void write_received(struct bench *bench, unsigned first, unsigned last, uint64_t alive_ns)
{
	struct tape *tape = new_tape(bench, "1.received.beacons", BEACON_RECEIVED_MAGIC,
		sizeof(struct beacon_received), 1);

	add_alive(tape, 1, 0);
	for (unsigned i = 0; i < N_PACKETS; i++)
		if ((i < first || i >= last) && sent_at(i) < alive_ns)
			add_arrival(tape, i, 2 * MS);
	add_alive(tape, alive_ns, 0);
	assert_int_equal(tape_close(tape, &bench->err), 0);
}

static int load(struct bench *bench)
{
	return beacons_load_dir(&bench->beacons, bench->dir, &bench->err);
}

static void load_ok(struct bench *bench)
{
	if (load(bench) < 0)
		fail_msg("%s", bench->err.text);
}

static size_t lost(const struct beacons *beacons)
{
	size_t n = 0;

	for (size_t i = 0; i < beacons->n; i++)
		n += !beacons->samples[i].recv_ns;
	return n;
}

static void missing_packets_of_a_living_receiver_are_lost(void **state)
{
	struct bench *bench = *state;
	size_t n;

	write_sent(bench);
	write_received(bench, 50, 60, 60 * NSEC_PER_SEC);
	load_ok(bench);
	assert_int_equal(bench->beacons.n, N_PACKETS);
	assert_int_equal(lost(&bench->beacons), 10);
	assert_int_equal(beacons_stream(&bench->beacons, 0, 1, BEACON_IP4, &n)[50].recv_ns, 0);
	assert_int_equal(n, N_PACKETS);
	assert_null(beacons_stream(&bench->beacons, 0, 1, BEACON_IP6, &n));
	assert_null(beacons_stream(&bench->beacons, 1, 0, BEACON_IP4, &n));
}

static void no_receiver_file_is_no_data(void **state)
{
	struct bench *bench = *state;

	write_sent(bench);
	load_ok(bench);
	assert_int_equal(bench->beacons.n, 0);
	assert_int_equal(bench->beacons.undecided, N_PACKETS);
	assert_false(bench->beacons.ends[1].has_received);
}

static void packets_after_the_receivers_death_are_undecided(void **state)
{
	struct bench *bench = *state;

	write_sent(bench);
	write_received(bench, 0, 0, sent_at(100));
	load_ok(bench);
	assert_int_equal(lost(&bench->beacons), 0);
	assert_int_equal(bench->beacons.n, 100);
	assert_int_equal(bench->beacons.undecided, N_PACKETS - 100);
}

static void packets_dropped_by_the_receivers_own_queue_are_undecided(void **state)
{
	struct bench *bench = *state;
	struct tape *tape;

	write_sent(bench);
	tape = new_tape(bench, "1.received.beacons", BEACON_RECEIVED_MAGIC,
		sizeof(struct beacon_received), 1);
	add_alive(tape, 1, 0);
	for (unsigned i = 0; i < N_PACKETS; i++) {
		if (i % 20 == 0)
			add_alive(tape, sent_at(i), i > 100 ? 8 : 0);
		if (i < 100 || i >= 120)
			add_arrival(tape, i, 2 * MS);
	}
	add_alive(tape, 60 * NSEC_PER_SEC, 8);
	assert_int_equal(tape_close(tape, &bench->err), 0);
	load_ok(bench);
	assert_int_equal(lost(&bench->beacons), 0);
	assert_int_equal(bench->beacons.undecided, 20);
}

static void duplicates_are_counted_and_the_first_arrival_holds(void **state)
{
	struct bench *bench = *state;
	struct tape *tape;

	write_sent(bench);
	tape = new_tape(bench, "1.received.beacons", BEACON_RECEIVED_MAGIC,
		sizeof(struct beacon_received), 1);
	add_alive(tape, 1, 0);
	add_arrival(tape, 3, 9 * MS);
	add_arrival(tape, 3, 4 * MS);
	add_alive(tape, 60 * NSEC_PER_SEC, 0);
	assert_int_equal(tape_close(tape, &bench->err), 0);
	load_ok(bench);
	assert_int_equal(bench->beacons.samples[3].copies, 2);
	assert_int_equal(bench->beacons.samples[3].recv_ns, sent_at(3) + 4 * MS);
}

static void shorten(struct bench *bench, const char *name, long by)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", bench->dir, name);
	fd = open(path, O_RDWR);
	assert_return_code(fd, errno);
	assert_return_code(ftruncate(fd, lseek(fd, 0, SEEK_END) - by), errno);
	close(fd);
}

static void overwrite(struct bench *bench, const char *name, long at, const void *data, size_t len)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", bench->dir, name);
	fd = open(path, O_RDWR);
	assert_return_code(fd, errno);
	assert_int_equal(pwrite(fd, data, len, at), len);
	close(fd);
}

static void torn_end_of_the_senders_file_costs_only_that(void **state)
{
	struct bench *bench = *state;

	write_sent(bench);
	write_received(bench, 0, 0, 60 * NSEC_PER_SEC);
	shorten(bench, "0.sent.beacons", 10 * sizeof(struct beacon_sent) + 3);
	load_ok(bench);
	assert_int_equal(bench->beacons.n, N_PACKETS - 11);
	assert_int_equal(bench->beacons.unmatched, 11);
	assert_int_equal(lost(&bench->beacons), 0);
}

static void refused(struct bench *bench)
{
	bench->err.text[0] = '\0';
	assert_int_equal(load(bench), -1);
	assert_true(bench->err.text[0]);
	assert_null(bench->beacons.samples);
}

static void headers_that_cannot_be_are_refused(void **state)
{
	struct bench *bench = *state;
	struct tape_header good = {.byte_order = 0}, bad;
	const char *name = "0.sent.beacons";
	char path[128];
	int fd;

	write_sent(bench);
	write_received(bench, 0, 0, 60 * NSEC_PER_SEC);
	snprintf(path, sizeof(path), "%s/%s", bench->dir, name);
	fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, &good, sizeof(good)), sizeof(good));
	close(fd);
	for (int i = 0; i < 8; i++) {
		bad = good;
		switch (i) {
		case 0:
			bad.magic[0] = 'X';
			break;
		case 1:
			bad.byte_order = 0x04030201;
			break;
		case 2:
			bad.version = 9;
			break;
		case 3:
			bad.record_size = 24;
			break;
		case 4:
			bad.region = 2;
			break;
		case 5:
			bad.n_regions = 100000;
			break;
		case 6:
			bad.n_regions = 0;
			break;
		case 7:
			bad.epoch_ns = 78;
			break;
		}
		overwrite(bench, name, 0, &bad, sizeof(bad));
		refused(bench);
	}
	overwrite(bench, name, 0, &good, sizeof(good));
	load_ok(bench);
}

static void records_that_cannot_be_are_refused(void **state)
{
	struct bench *bench = *state;
	const struct beacon_sent sent[] = {
		{.sent_ns = sent_at(5), .seq = 5, .to = 7},
		{.sent_ns = sent_at(5), .seq = 5, .to = 0},
		{.sent_ns = sent_at(5), .seq = 5, .to = 1, .family = 2},
		{.sent_ns = sent_at(5), .seq = 6, .to = 1},
		{.sent_ns = sent_at(3), .seq = 5, .to = 1},
	};
	const struct beacon_received received[] = {
		{.sent_ns = sent_at(4), .recv_ns = sent_at(4), .seq = 4},
		{.sent_ns = sent_at(4) + 1, .recv_ns = sent_at(6), .seq = 4},
		{.sent_ns = sent_at(4), .recv_ns = sent_at(6), .seq = 4, .from = 1},
		{.sent_ns = sent_at(4), .recv_ns = sent_at(6), .seq = 4, .from = 200},
		{.sent_ns = sent_at(4), .recv_ns = sent_at(6), .seq = 4, .family = 3},
	};
	const struct beacon_sent good = {.sent_ns = sent_at(5), .seq = 5, .to = 1};

	write_sent(bench);
	write_received(bench, 0, 0, 60 * NSEC_PER_SEC);
	for (size_t i = 0; i < sizeof(sent) / sizeof(*sent); i++) {
		overwrite(bench, "0.sent.beacons", (long)(64 + 5 * sizeof(good)), &sent[i],
			sizeof(good));
		refused(bench);
	}
	overwrite(bench, "0.sent.beacons", (long)(64 + 5 * sizeof(good)), &good, sizeof(good));
	for (size_t i = 0; i < sizeof(received) / sizeof(*received); i++) {
		overwrite(bench, "1.received.beacons", (long)(64 + 5 * sizeof(received[0])),
			&received[i], sizeof(received[0]));
		refused(bench);
	}
}

static void file_shorter_than_its_header_is_refused(void **state)
{
	struct bench *bench = *state;

	write_sent(bench);
	shorten(bench, "0.sent.beacons", N_PACKETS * (long)sizeof(struct beacon_sent) + 1);
	refused(bench);
}

static void second_file_of_a_region_is_refused(void **state)
{
	struct bench *bench = *state;
	struct tape *tape;

	write_sent(bench);
	tape = new_tape(
		bench, "again.sent.beacons", BEACON_SENT_MAGIC, sizeof(struct beacon_sent), 0);
	assert_int_equal(tape_close(tape, &bench->err), 0);
	refused(bench);
}

static void empty_directory_has_no_beacons_and_a_missing_one_is_an_error(void **state)
{
	struct bench *bench = *state;

	load_ok(bench);
	assert_int_equal(bench->beacons.n, 0);
	assert_int_equal(bench->beacons.n_regions, 0);
	assert_int_equal(beacons_load_dir(&bench->beacons, "/nonexistent/dir", &bench->err), -1);
}

static void period_keeps_a_region_below_4000_packets_a_second(void **state)
{
	(void)state;
	assert_int_equal(beacon_period_ns(2), 5 * MS);
	assert_int_equal(beacon_period_ns(3), 5 * MS);
	assert_int_equal(beacon_period_ns(11), 5 * MS);
	for (unsigned n = 12; n <= 250; n++)
		assert_true((n - 1) * 2 * NSEC_PER_SEC / beacon_period_ns(n) <= 4000);
}

static void step_of_the_wall_clock_does_not_move_an_arrival(void **state)
{
	/* The wall clock was set an hour back between two batches. */
	struct stamp stamp = {
		.offset_ns = 1000 * (int64_t)NSEC_PER_SEC,
		.previous_offset_ns = 4600 * (int64_t)NSEC_PER_SEC,
		.now_ns = 50 * NSEC_PER_SEC,
		.previous_now_ns = 50 * NSEC_PER_SEC - 20 * MS,
		.hold_ns = 20 * MS,
	};
	uint64_t at_ns = 50 * NSEC_PER_SEC - 7 * MS;

	(void)state;
	assert_int_equal(stamp_convert(&stamp, at_ns + 1000 * NSEC_PER_SEC), at_ns);
	assert_int_equal(stamp_convert(&stamp, at_ns + 4600 * NSEC_PER_SEC), at_ns);
	assert_int_equal(stamp_convert(&stamp, at_ns + 9999 * NSEC_PER_SEC), stamp.now_ns);
}

#define bench_test(f) cmocka_unit_test_setup_teardown(f, bench_up, bench_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(missing_packets_of_a_living_receiver_are_lost),
		bench_test(no_receiver_file_is_no_data),
		bench_test(packets_after_the_receivers_death_are_undecided),
		bench_test(packets_dropped_by_the_receivers_own_queue_are_undecided),
		bench_test(duplicates_are_counted_and_the_first_arrival_holds),
		bench_test(torn_end_of_the_senders_file_costs_only_that),
		bench_test(headers_that_cannot_be_are_refused),
		bench_test(records_that_cannot_be_are_refused),
		bench_test(file_shorter_than_its_header_is_refused),
		bench_test(second_file_of_a_region_is_refused),
		bench_test(empty_directory_has_no_beacons_and_a_missing_one_is_an_error),
		cmocka_unit_test(period_keeps_a_region_below_4000_packets_a_second),
		cmocka_unit_test(step_of_the_wall_clock_does_not_move_an_arrival),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
