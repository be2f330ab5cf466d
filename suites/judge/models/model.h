/*
 * model: what an object promises, and whether a recorded history keeps it.
 *
 * A judge returns VIOLATED only with exhibits: few operations, in the order of time, from which a
 * reader can see it himself. It returns UNDECIDED where time, memory or the history itself did not
 * allow more, and says why. To add a model: its file, a row in model.c, a brute-force reference in
 * suites/tests/unit/judge/models.
 */
#ifndef SUITES_JUDGE_MODELS_MODEL_H
#define SUITES_JUDGE_MODELS_MODEL_H

#include "fixtures/base/buf.h"
#include "fixtures/base/err.h"
#include "suites/judge/foreign/past.h"

struct arena;

enum finding { FINDING_VALID, FINDING_VIOLATED, FINDING_UNDECIDED, FINDINGS };

const char *finding_name(enum finding finding); /* valid violated undecided */

struct exhibit {
	const struct past_op *op;
	const char *why; /* NULL: what it did says enough */
};

/* One edge of a cycle: this came before that, and why. from NULL: the beginning. */
struct link {
	const struct past_op *from, *to;
	const char *kind, *why;
};

struct judgement {
	enum finding finding;
	struct buf reason;  /* one sentence */
	struct link *links; /* each ends where the next begins, the last where the first does */
	size_t n_links;
	struct exhibit *exhibits;
	size_t n_exhibits;
	size_t n_judged;         /* operations that were evidence */
	size_t n_objects;        /* keys judged one by one */
	const char *consistency; /* that was judged; NULL: the model has one only */
};

struct model_options {
	const struct past *past;
	const char *initial;     /* EDN; NULL: that of the format */
	const char *consistency; /* NULL: the model's own default */
	uint64_t limit_ns;       /* of time; 0: none */
	size_t limit_bytes;      /* of memory of the search; 0: none */
	unsigned threads;        /* that judge keys; 0: as many as there are processors */
};

struct model {
	const char *name;
	const char *help;
	const char *const *consistencies; /* NULL: there is no choice; first: the default */
	bool one_object;                  /* keys are parted by model_judge() */
	/* -1 with "line N: ..." where the operations do not fit the model. */
	int (*judge)(struct arena *arena, const struct model_options *options,
		struct judgement *out, struct err *err);
};

/* Ends with a row whose name is NULL. */
extern const struct model models[];
const struct model *model_find(const char *name);
/* The model's judge, per key where it knows one object only; without evidence UNDECIDED. */
int model_judge(const struct model *model, struct arena *arena, const struct model_options *options,
	struct judgement *out, struct err *err);
void judgement_release(struct judgement *judgement);

/* For judges. */
struct exhibit *judgement_show(
	struct arena *arena, struct judgement *out, const struct past_op *op, const char *why);
void judgement_link(struct arena *arena, struct judgement *out, struct link link);
/* Exhibits into the order of time. */
void judgement_sort(struct judgement *out);
/* "process 3's cas [0 2] (line 17)"; in the arena. */
const char *op_phrase(struct arena *arena, const struct past_op *op);
/* -1 with "line 17: a mutex knows no \"append\"". */
int op_unknown(const struct past_op *op, const char *model, struct err *err);
/* The --initial of the options, or that of the format, read as EDN; *out NULL: nil. */
int model_initial(struct arena *arena, const struct model_options *options,
	const struct datum **out, struct err *err);

int judge_register(struct arena *arena, const struct model_options *options, struct judgement *out,
	struct err *err);
int judge_cas_register(struct arena *arena, const struct model_options *options,
	struct judgement *out, struct err *err);
int judge_mutex(struct arena *arena, const struct model_options *options, struct judgement *out,
	struct err *err);
int judge_multi_register(struct arena *arena, const struct model_options *options,
	struct judgement *out, struct err *err);
int judge_set(struct arena *arena, const struct model_options *options, struct judgement *out,
	struct err *err);
int judge_counter(struct arena *arena, const struct model_options *options, struct judgement *out,
	struct err *err);
int judge_bank(struct arena *arena, const struct model_options *options, struct judgement *out,
	struct err *err);
extern const char *const list_append_consistencies[];
int judge_list_append(struct arena *arena, const struct model_options *options,
	struct judgement *out, struct err *err);
extern const char *const rw_register_consistencies[];
int judge_rw_register(struct arena *arena, const struct model_options *options,
	struct judgement *out, struct err *err);
extern const char *const causal_consistencies[];
int judge_causal(struct arena *arena, const struct model_options *options, struct judgement *out,
	struct err *err);
int judge_long_fork(struct arena *arena, const struct model_options *options, struct judgement *out,
	struct err *err);
int judge_sessions(struct arena *arena, const struct model_options *options, struct judgement *out,
	struct err *err);

#endif
