/*
 * txns: a history of transactions over registers, each read joined with the write that it saw.
 *
 * A value is written once per key, so a read names its writer. What can be said without any order
 * of transactions is said while they are taken: a read of what nobody wrote, of what was aborted
 * (G1a), of what the writer itself had replaced already (G1b), of the transaction's own future, or
 * of something other than its own last write. Every level from read-committed on forbids these.
 *
 * Node 0 is the beginning, which wrote all that registers begin with. A transaction whose outcome
 * is unknown counts as committed once somebody has read from it, else not at all: what nobody saw
 * can be left out without harm to the rest.
 */
#ifndef SUITES_JUDGE_MODELS_TXNS_H
#define SUITES_JUDGE_MODELS_TXNS_H

#include "suites/judge/models/model.h"

#define TXN_NONE UINT32_MAX
#define TXN_BEGINNING 0

struct txn_read {
	uint32_t key, version, writer;
};

struct txn_write {
	uint32_t key, version;
};

struct txn {
	const struct past_op *op; /* NULL: the beginning */
	struct txn_read *reads;   /* of what others wrote, in their order */
	struct txn_write *writes; /* the last of each key, sorted by key */
	uint32_t n_reads, n_writes;
	uint32_t session, position; /* position: 1, 2, 3 ... within the session */
	uint32_t before;            /* the one before it in the session; TXN_NONE */
};

struct version {
	uint32_t key, writer; /* writer TXN_NONE: nobody */
	bool is_last;         /* of its writer */
	const struct datum *value;
};

struct txns {
	struct arena *arena;
	const struct past *past;
	struct judgement *out;
	struct names keys, pairs; /* pairs: [key value], a version */
	struct version *versions;
	size_t n_versions;
	struct txn *txns; /* committed ones, in the order of their calls; txns[0]: the beginning */
	uint32_t n;
	uint32_t n_sessions;
	bool may_miss_writes; /* a value that nobody wrote has the writer TXN_NONE */
	const char *repeated; /* a value was written twice: a sentence, and nothing can be said */
};

/*
 * -1 where operations do not fit. Afterwards out->finding may be VIOLATED or UNDECIDED already.
 * may_miss_writes: reads of what nobody wrote are taken as they are.
 */
int txns_take(struct txns *all, struct arena *arena, const struct model_options *options,
	struct judgement *out, const char *model, bool may_miss_writes, struct err *err);
/* The write of the key by the transaction, or NULL. */
const struct txn_write *txn_find_write(const struct txn *txn, uint32_t key);
/* "3 of x", in the arena. */
const char *txns_version_name(const struct txns *all, uint32_t version);

#endif
