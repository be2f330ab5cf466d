/*
 * lists: a history of transactions that append unique elements to lists and read whole lists, as it
 * was taken (list_append.c).
 */
#ifndef SUITES_JUDGE_MODELS_LISTS_H
#define SUITES_JUDGE_MODELS_LISTS_H

#include "suites/judge/models/depend.h"
#include "suites/judge/models/model.h"

#define LISTS_NONE UINT32_MAX

struct element {
	uint32_t key;
	uint32_t txn,
		next; /* next: element that the same transaction appended to the key after it */
	bool is_seen;
	const struct datum *value;
};

/* A read without what the transaction itself had appended before. */
struct list_read {
	uint32_t txn, key;
	const uint32_t *elements;
	uint32_t n, n_own;
	const struct past_op *op;
};

struct key {
	const uint32_t *order; /* of the longest read */
	uint32_t n_order;
	const struct past_op *longest;
	uint32_t *unseen; /* committed elements that no read has */
	size_t n_unseen;
	uint32_t stamp, own_last, n_own; /* while one transaction is looked at */
	uint32_t updater;                /* read all of it and appended, unseen */
};

/* How a level is judged: by cycles, or by what a transaction must have seen (list_visible.c). */
enum lists_way { LISTS_CYCLES, LISTS_CAUSAL, LISTS_ATOMIC };

struct level {
	const char *name;
	int strength; /* 0: G0 .. 3: G2-item */
	unsigned order;
	enum lists_way way;
};

struct lists {
	struct arena *arena;
	const struct past *past;
	struct judgement *out;
	const struct level *level;
	struct names key_names, element_names;
	struct element *elements;
	size_t n_elements;
	struct key *keys;
	size_t n_keys;
	struct list_read *reads;
	size_t n_reads;
	bool *committed;
	struct depend graph;
	bool is_partial; /* edges were left out */
};

/* An edge of processes between those that follow one another. */
void lists_add_processes(struct lists *all, struct depend *graph);
void lists_convict_cycle(struct lists *all, const char *name, const struct cycle *cycle);
/* At causal or read-atomic, once reads alone were found to be good. limit_bytes 0: none. */
void lists_judge_visible(struct lists *all, size_t limit_bytes);

#endif
