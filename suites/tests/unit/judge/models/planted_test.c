/* runner: timeout 60 */
/*
 * Truth by construction, for lists, sets, counters, banks and long forks: so many violations of one kind
 * among operations without any. The judge must find each of them, with operations of that one alone, and
 * nothing else. And a cycle planted of a certain length is told in as many edges.
 */
#include "fixtures/base/arena.h"
#include "fixtures/base/rng.h"
#include "suites/judge/foreign/format.h"
#include "suites/judge/models/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define KEYS_EACH 10
#define SOUND 1000 /* and up: numbers of what has no violation */

struct kind {
	const char *model, *consistency, *name; /* name: the reason begins with, or has it */
	const char *ops[6]; /* one after the other: outcome, f, value; key @0 .. @9 */
};

/* The value of a transaction is EDN; processes are new for each but for a leading digit. */
static const struct kind kinds[] = {
	{"list-append", "read-committed", "G1a", {"fail [[:append @0 1]]", "ok [[:r @0 [1]]]"}},
	{"list-append", "read-committed", "G1b",
		{"ok [[:append @0 1] [:append @0 2]]", "ok [[:r @0 [1]]]"}},
	{"list-append", "read-committed", "future read", {"ok [[:r @0 [1]] [:append @0 1]]"}},
	{"list-append", "read-committed", "garbage read", {"ok [[:r @0 [7]]]"}},
	{"list-append", "read-committed", "duplicate",
		{"ok [[:append @0 1]]", "ok [[:r @0 [1 1]]]"}},
	{"list-append", "read-committed", "incompatible order",
		{"ok [[:append @0 1]]", "ok [[:append @0 2]]", "ok [[:r @0 [1 2]]]",
			"ok [[:r @0 [2]]]"}},
	{"list-append", "read-uncommitted", "G0",
		{"ok [[:append @0 1] [:append @1 1]]", "ok [[:append @0 2] [:append @1 2]]",
			"ok [[:r @0 [1 2]]]", "ok [[:r @1 [2 1]]]"}},
	{"list-append", "read-committed", "G1c",
		{"ok [[:append @0 1] [:r @1 [1]]]", "ok [[:append @1 1] [:r @0 [1]]]"}},
	{"list-append", "read-atomic", "not read-atomic",
		{"ok [[:append @0 1] [:append @1 1]]", "ok [[:r @0 [1]] [:r @1 nil]]"}},
	{"list-append", "causal", "not causal",
		{"ok [[:append @0 1]]", "ok [[:r @0 [1]] [:append @1 1]]",
			"ok [[:r @1 [1]] [:r @0 nil]]"}},
	{"list-append", "snapshot-isolation", "internal",
		{"ok [[:append @0 1]]", "ok [[:append @0 2] [:r @0 [1]]]"}},
	{"list-append", "snapshot-isolation", "G-single",
		{"ok [[:append @0 1] [:append @1 1]]", "ok [[:r @0 [1]] [:r @1 nil]]",
			"ok [[:r @1 [1]]]"}},
	{"list-append", "snapshot-isolation", "G-single (lost update)",
		{"ok [[:r @0 nil] [:append @0 1]]", "ok [[:r @0 nil] [:append @0 2]]"}},
	{"list-append", "serializable", "G2-item",
		{"ok [[:r @0 nil] [:append @1 1]]", "ok [[:r @1 nil] [:append @0 1]]"}},
	{"list-append", "strict-serializable", "G-single",
		{"ok [[:append @0 1]]", "ok [[:r @0 nil]]"}},
	{"long-fork", NULL, "long fork",
		{"ok [[:w @0 1]]", "ok [[:w @1 1]]", "ok [[:r @0 1] [:r @1 nil]]",
			"ok [[:r @0 nil] [:r @1 1]]"}},
};

struct sum {
	struct buf text;
	unsigned process;
};

/* With the keys of the plant; one after the other in time, each in a process of its own. */
static void add_txn(struct sum *sum, const char *what, unsigned number)
{
	const char *value = strchr(what, '[');
	struct buf list = {0};

	for (; *value; value++) {
		if (*value == '@')
			buf_printf(&list, "%u", number * KEYS_EACH + (unsigned)(*++value - '0'));
		else
			buf_addc(&list, *value);
	}
	buf_printf(&sum->text, "{:process %u :type :invoke :f :txn :value %s}\n", sum->process,
		buf_str(&list));
	buf_printf(&sum->text, "{:process %u :type :%.*s :f :txn :value %s}\n", sum->process++,
		(int)strcspn(what, " "), what, buf_str(&list));
	buf_release(&list);
}

/* Serial ones on a list of their own, or registers of their own. */
static void add_sound(struct sum *sum, const struct kind *kind, unsigned *length, struct rng *rng)
{
	struct buf text = {0};

	if (strcmp(kind->model, "list-append")) {
		buf_printf(&text, "ok [[:w @0 %u]]", ++*length);
		add_txn(sum, buf_str(&text), SOUND + *length);
	} else if (rng_below(rng, 2)) {
		buf_printf(&text, "ok [[:append @0 %u] [:append @1 %u]]", *length + 1, *length + 1);
		++*length;
		add_txn(sum, buf_str(&text), SOUND);
	} else {
		buf_puts(&text, "ok [[:r @0 [");
		for (unsigned i = 1; i <= *length; i++)
			buf_printf(&text, "%u ", i);
		buf_puts(&text, "]]]");
		add_txn(sum, buf_str(&text), SOUND);
	}
	buf_release(&text);
}

static unsigned number_of(const struct past_op *op)
{
	return (unsigned)(datum_at(datum_at(op->given, 0), 1)->number / KEYS_EACH);
}

/* Convicted again and again, each time without the one that was found. */
static unsigned count_found(const struct kind *kind, struct past *past)
{
	struct model_options options = {.past = past, .consistency = kind->consistency};
	unsigned n = 0;

	for (;; n++) {
		struct arena arena = {0};
		struct judgement judgement = {0};
		struct err err = {0};
		unsigned number;
		size_t kept = 0;

		if (model_judge(model_find(kind->model), &arena, &options, &judgement, &err))
			fail_msg("%s", err.text);
		assert_int_not_equal(judgement.finding, FINDING_UNDECIDED);
		if (judgement.finding == FINDING_VALID) {
			judgement_release(&judgement);
			arena_release(&arena);
			return n;
		}
		if (!strstr(buf_str(&judgement.reason), kind->name))
			fail_msg("\"%s\", not %s", buf_str(&judgement.reason), kind->name);
		number = number_of(judgement.exhibits[0].op);
		assert_in_range(number, 0, SOUND - 1);
		for (size_t i = 0; i < judgement.n_exhibits; i++)
			assert_int_equal(number_of(judgement.exhibits[i].op), number);
		for (size_t i = 0; i < past->n; i++) {
			if (number_of(&past->ops[i]) != number)
				past->ops[kept++] = past->ops[i];
		}
		past->n = kept;
		judgement_release(&judgement);
		arena_release(&arena);
	}
}

static void planted_transactions_are_found_exactly(void **state)
{
	(void)state;
	for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
		unsigned planted = 3 + (unsigned)k % 4, length = 0, found;
		struct arena arena = {0};
		struct past past = {0};
		struct sum sum = {.process = 0};
		struct err err = {0};
		struct rng rng;

		rng_seed(&rng, k);
		for (unsigned p = 0; p < planted; p++) {
			for (unsigned i = 0; i < 10; i++)
				add_sound(&sum, &kinds[k], &length, &rng);
			for (size_t i = 0; i < 6 && kinds[k].ops[i]; i++)
				add_txn(&sum, kinds[k].ops[i], p);
		}
		assert_int_equal(
			read_elle(&arena, buf_str(&sum.text), sum.text.len, &past, &err), 0);
		found = count_found(&kinds[k], &past);
		if (found != planted)
			fail_msg("%s: %u of %u", kinds[k].name, found, planted);
		print_message("%-16s %-22s %-24s %u planted, %u found\n", kinds[k].model,
			kinds[k].consistency ? kinds[k].consistency : "", kinds[k].name, planted,
			found);
		buf_release(&sum.text);
		arena_release(&arena);
	}
}

struct object_kind {
	const char *model, *name;
	const char *bad[5]; /* "f value": one after the other */
};

static const struct object_kind object_kinds[] = {
	{"set", "lost element", {"add 1", "read [1]", "add 2", "read [1]"}},
	{"set", "never added", {"add 1", "read [1 2]"}},
	{"set", "reads that fork", {"add 1", "add 2", "read [1]", "read [2]"}},
	{"counter", "too little", {"add 2", "add 3", "read 2"}},
	{"counter", "too much", {"add 2", "read 5"}},
	{"bank", "another total", {"read {\"a\":5,\"b\":5}", "read {\"a\":6,\"b\":5}"}},
	{"bank", "below zero", {"read {\"a\":-1,\"b\":11}"}},
	{"register", "stale read", {"write 1", "write 2", "read 1"}},
	{"register", "thin air", {"write 1", "read 2"}},
	{"cas-register", "cas that cannot be", {"write 1", "cas [1,2]", "cas [1,3]"}},
	{"mutex", "held twice", {"acquire null", "acquire null"}},
};

static const char *const sound_ops[][5] = {
	{"set", "add 1", "read [1]", "add 2", "read [1,2]"},
	{"counter", "add 2", "read 2", "add 3", "read 5"},
	{"bank", "read {\"a\":5,\"b\":5}", "transfer null", "read {\"a\":6,\"b\":4}", NULL},
	{"register", "write 1", "read 1", "write 2", "read 2"},
	{"cas-register", "write 1", "cas [1,2]", "read 2", NULL},
	{"mutex", "acquire null", "release null", "acquire null", NULL},
};

static void add_object(
	struct buf *out, const char *const *ops, size_t n, unsigned key, uint64_t *at)
{
	for (size_t i = 0; i < n && ops[i]; i++) {
		const char *value = strchr(ops[i], ' ') + 1;

		*at += 2;
		buf_printf(out,
			"{\"process\":%u,\"f\":\"%.*s\",\"key\":%u,\"value\":%s,\"outcome\":\"ok\","
			"\"call\":%llu,\"ret\":%llu}\n",
			(unsigned)*at, (int)(value - ops[i] - 1), ops[i], key, value,
			(unsigned long long)*at, (unsigned long long)*at + 1);
	}
}

static unsigned count_objects(const char *model, struct past *past)
{
	struct model_options options = {.past = past};

	for (unsigned n = 0;; n++) {
		struct arena arena = {0};
		struct judgement judgement = {0};
		struct err err = {0};
		const struct past_op *op;
		int64_t key;
		size_t kept = 0;

		assert_int_equal(
			model_judge(model_find(model), &arena, &options, &judgement, &err), 0);
		if (judgement.finding == FINDING_VALID) {
			judgement_release(&judgement);
			arena_release(&arena);
			return n;
		}
		assert_int_equal(judgement.finding, FINDING_VIOLATED);
		assert_true(judgement.n_exhibits > 0);
		op = judgement.exhibits[0].op;
		key = op->key->number;
		assert_in_range(key, 0, SOUND - 1);
		for (size_t i = 0; i < judgement.n_exhibits; i++)
			assert_int_equal(judgement.exhibits[i].op->key->number, key);
		for (size_t i = 0; i < past->n; i++) {
			if (past->ops[i].key->number != key)
				past->ops[kept++] = past->ops[i];
		}
		past->n = kept;
		judgement_release(&judgement);
		arena_release(&arena);
	}
}

static void planted_objects_are_found_exactly(void **state)
{
	(void)state;
	for (size_t k = 0; k < sizeof(object_kinds) / sizeof(*object_kinds); k++) {
		const struct object_kind *kind = &object_kinds[k];
		unsigned planted = 2 + (unsigned)k % 5, found;
		struct arena arena = {0};
		struct past past = {0};
		struct buf text = {0};
		struct err err = {0};
		uint64_t at = 0;
		size_t s = 0;

		while (strcmp(sound_ops[s][0], kind->model))
			s++;
		for (unsigned p = 0; p < planted; p++) {
			for (unsigned i = 0; i < 4; i++)
				add_object(&text, sound_ops[s] + 1, 4, SOUND + p * 4 + i, &at);
			add_object(&text, kind->bad, 5, p, &at);
		}
		assert_int_equal(read_jsonl(&arena, buf_str(&text), text.len, &past, &err), 0);
		found = count_objects(kind->model, &past);
		if (found != planted)
			fail_msg("%s, %s: %u of %u", kind->model, kind->name, found, planted);
		print_message("%-16s %-22s %u planted, %u found\n", kind->model, kind->name,
			planted, found);
		buf_release(&text);
		arena_release(&arena);
	}
}

struct ring {
	const char *model, *consistency, *name, *format; /* #: its own key, +: the next one's */
};

/* Each reads what the next one wrote, or misses it. */
static const struct ring rings[] = {
	{"list-append", "read-committed", "G1c", "ok [[:append # 1] [:r + [1]]]"},
	{"list-append", "causal", "G1c", "ok [[:append # 1] [:r + [1]]]"},
	{"list-append", "serializable", "G2-item", "ok [[:append # 1] [:r + nil]]"},
	{"rw-register", "read-committed", "G1c", "ok [[:w # 1] [:r + 1]]"},
	{"rw-register", "serializable", "G2-item", "ok [[:w # 1] [:r + nil]]"},
};

static size_t links_of(const struct ring *ring, unsigned length)
{
	struct arena arena = {0};
	struct past past = {0};
	struct model_options options = {.past = &past, .consistency = ring->consistency};
	struct judgement judgement = {0};
	struct sum sum = {.process = 0};
	struct err err = {0};
	size_t n;

	for (unsigned i = 0; i < length; i++) {
		struct buf text = {0};

		for (const char *c = ring->format; *c; c++) {
			if (*c == '#' || *c == '+')
				buf_printf(&text, "%u", (i + (*c == '+')) % length);
			else
				buf_addc(&text, *c);
		}
		add_txn(&sum, buf_str(&text), 0);
		buf_release(&text);
		add_txn(&sum,
			strcmp(ring->model, "rw-register") ? "ok [[:append @0 1]]"
							   : "ok [[:w @0 1]]",
			SOUND + i);
	}
	assert_int_equal(read_elle(&arena, buf_str(&sum.text), sum.text.len, &past, &err), 0);
	assert_int_equal(
		model_judge(model_find(ring->model), &arena, &options, &judgement, &err), 0);
	if (judgement.finding != FINDING_VIOLATED ||
		strncmp(buf_str(&judgement.reason), ring->name, strlen(ring->name)))
		fail_msg("%s of %u: %s", ring->name, length, buf_str(&judgement.reason));
	assert_int_equal(judgement.n_exhibits, judgement.n_links);
	n = judgement.n_links;
	for (size_t i = 0; i < n; i++) {
		assert_ptr_equal(judgement.links[i].to, judgement.links[(i + 1) % n].from);
		assert_true(strlen(judgement.links[i].why) > 10);
	}
	judgement_release(&judgement);
	buf_release(&sum.text);
	arena_release(&arena);
	return n;
}

static void a_cycle_is_told_in_as_many_edges_as_it_has(void **state)
{
	(void)state;
	for (size_t r = 0; r < sizeof(rings) / sizeof(*rings); r++) {
		for (unsigned length = 2; length <= 9; length++)
			assert_int_equal(links_of(&rings[r], length), length);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(planted_transactions_are_found_exactly),
		cmocka_unit_test(planted_objects_are_found_exactly),
		cmocka_unit_test(a_cycle_is_told_in_as_many_edges_as_it_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
