/*
 * expect: one line of expectation.
 *
 *   metric[.stat] OP value [for reads|writes|CLIENTS] [in PHASE] [at REGION | at each region |
 *   from REGION to REGION] [warn OP value] [confidence 95%]
 *
 * The clauses come in any order, each at most once. There is no arithmetic and no and/or: two
 * conditions are two lines. The parser knows no metric; names, units, statistics and the clauses a
 * metric takes come from its row.
 */
#include "suites/scenario/reader.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define TOKENS_MAX 32

struct token {
	const char *text;
	struct place place;
};

struct parse {
	struct reader *r;
	const struct yaml *node;
	struct token tokens[TOKENS_MAX];
	size_t n, at;
};

static bool is_operator(char c)
{
	return c && strchr("<>=!", c);
}

static size_t token_length(const char *text)
{
	size_t n = 0;
	bool operator= is_operator(text[0]);

	while (text[n] && !isspace((unsigned char)text[n]) && is_operator(text[n]) == operator)
		n++;
	return n;
}

static bool split(struct parse *p)
{
	const char *text = p->node->text;

	for (size_t i = 0, n; text[i]; i += n) {
		n = 1;
		if (isspace((unsigned char)text[i]))
			continue;
		n = token_length(text + i);
		if (p->n == TOKENS_MAX) {
			complain(p->r->complaints, yaml_place_in(p->node, i),
				"the expectation goes on too long; one condition a line");
			return false;
		}
		p->tokens[p->n++] = (struct token){
			arena_strndup(p->r->arena, text + i, n), yaml_place_in(p->node, i)};
	}
	return true;
}

static struct place end_place(const struct parse *p)
{
	return yaml_place_in(p->node, strlen(p->node->text));
}

/* The next token, or NULL after a complaint about what is missing. */
static const struct token *take(struct parse *p, const char *what)
{
	if (p->at < p->n)
		return &p->tokens[p->at++];
	complain(p->r->complaints, end_place(p), "%s is missing here", what);
	return NULL;
}

static bool next_is(const struct parse *p, const char *word)
{
	return p->at < p->n && !strcmp(p->tokens[p->at].text, word);
}

static void list_stats(const struct metric *metric, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (int i = STAT_VALUE + 1; i < STATS && len < size; i++) {
		if (metric->stats & (1u << i))
			len += (size_t)snprintf(text + len, size - len, "%s%s", len ? ", " : "",
				metric_stat_name((enum metric_stat)i));
	}
}

static bool find_stat(const char *name, enum metric_stat *stat)
{
	for (int i = STAT_VALUE + 1; i < STATS; i++) {
		if (!strcmp(metric_stat_name((enum metric_stat)i), name)) {
			*stat = (enum metric_stat)i;
			return true;
		}
	}
	return false;
}

static bool complain_metric(struct parse *p, const struct token *token)
{
	const char *names[METRICS];
	char near[128];

	for (int i = 0; i < METRICS; i++)
		names[i] = metrics[i].name;
	complain(p->r->complaints, token->place,
		"there is no metric \"%.80s\"%s (regionproof list metrics)", token->text,
		did_you_mean(token->text, names, METRICS, near));
	return false;
}

/* The metric with the longest name that the text begins with, and what follows behind a point: names and
 * statistics may hold points themselves ("staleness.k.p99.9"). */
static const struct metric *split_metric(struct parse *p, const char *text, const char **stat)
{
	const struct metric *found = metric_find(text);

	*stat = NULL;
	for (const char *dot = strchr(text, '.'); dot && !(found && !*stat);
		dot = strchr(dot + 1, '.')) {
		const struct metric *longer =
			metric_find(arena_strndup(p->r->arena, text, (size_t)(dot - text)));

		if (longer) {
			found = longer;
			*stat = dot + 1;
		}
	}
	return found;
}

static bool parse_metric(struct parse *p, struct scenario_expect *out)
{
	const struct token *token = take(p, "a metric");
	const char *stat;
	char stats[128];

	if (!token)
		return false;
	out->metric = split_metric(p, token->text, &stat);
	if (!out->metric)
		return complain_metric(p, token);
	list_stats(out->metric, stats, sizeof(stats));
	if (!stat && !(out->metric->stats & (1u << STAT_VALUE))) {
		complain(p->r->complaints, token->place,
			"%s has no single value; say which of: %s (such as %s.p99)", token->text,
			stats, token->text);
		return false;
	}
	if (stat && (!find_stat(stat, &out->stat) || !(out->metric->stats & (1u << out->stat)))) {
		/* "writes.lots" is a misspelt metric rather than a statistic */
		if (!strstr(token->text, "p9") && !*stats)
			return complain_metric(p, token);
		complain(p->r->complaints, token->place, "%s has no \"%.40s\"; it has: %s",
			out->metric->name, stat, *stats ? stats : "one value only");
		return false;
	}
	return true;
}

static bool parse_compare(struct parse *p, enum compare *out)
{
	static const char *const names[] = {[COMPARE_LT] = "<",
		[COMPARE_LE] = "<=",
		[COMPARE_EQ] = "==",
		[COMPARE_NE] = "!=",
		[COMPARE_GE] = ">=",
		[COMPARE_GT] = ">"};
	const struct token *token = take(p, "a comparison such as < or ==");

	if (!token)
		return false;
	for (size_t i = 0; i < READER_COUNT(names); i++) {
		if (!strcmp(names[i], token->text)) {
			*out = (enum compare)i;
			return true;
		}
	}
	complain(p->r->complaints, token->place,
		"\"%.20s\" is no comparison; use <, <=, ==, !=, >= or >%s", token->text,
		!strcmp(token->text, "=") ? " (equality is ==)" : "");
	return false;
}

static enum param_type value_type(const struct metric *metric, enum metric_stat stat)
{
	if (stat == STAT_COUNT)
		return PARAM_COUNT;
	if (stat == STAT_RATE)
		return PARAM_RATE;
	return metric->unit;
}

static bool parse_value(struct parse *p, const struct scenario_expect *expect, double *out,
	struct scenario_word *word)
{
	enum param_type type = value_type(expect->metric, expect->stat);
	const struct token *token = take(p, "the value to compare with");
	uint64_t value;
	struct err err;

	if (!token)
		return false;
	if (param_parse_value(type, token->text, &value, &err)) {
		complain(p->r->complaints, token->place, "%s", err.text);
		return false;
	}
	*out = type == PARAM_SHARE || type == PARAM_RATE ? (double)value / 1e6 : (double)value;
	*word = (struct scenario_word){token->text, token->place};
	return true;
}

static bool take_word(struct parse *p, const char *what, struct scenario_word *out)
{
	const struct token *before = &p->tokens[p->at - 1];
	const struct token *token = take(p, what);

	if (!token)
		return false;
	if (out->text) {
		complain(p->r->complaints, before->place, "\"%s\" is said twice", before->text);
		return false;
	}
	*out = (struct scenario_word){token->text, token->place};
	return true;
}

static bool parse_at(struct parse *p, struct scenario_expect *out)
{
	if (!next_is(p, "each"))
		return take_word(p, "a region, or \"each region\"", &out->region);
	if (!take_word(p, "\"each region\"", &out->region))
		return false;
	out->each_region = true;
	if (!next_is(p, "region")) {
		complain(p->r->complaints, out->region.place, "write \"at each region\"");
		return false;
	}
	p->at++;
	return true;
}

static bool parse_from(struct parse *p, struct scenario_expect *out)
{
	if (!take_word(p, "a region", &out->from))
		return false;
	if (!next_is(p, "to")) {
		complain(p->r->complaints, out->from.place,
			"\"from %s\" needs its other end; write from %s to REGION", out->from.text,
			out->from.text);
		return false;
	}
	p->at++;
	return take_word(p, "a region", &out->to);
}

static bool parse_confidence(struct parse *p, struct scenario_expect *out)
{
	uint64_t ppm;
	struct err err;

	if (!take_word(p, "a confidence such as 95%", &out->confidence_word))
		return false;
	if (param_parse_value(PARAM_SHARE, out->confidence_word.text, &ppm, &err)) {
		complain(p->r->complaints, out->confidence_word.place, "%s", err.text);
		return false;
	}
	if (ppm < 500000 || ppm >= 1000000) {
		complain(p->r->complaints, out->confidence_word.place,
			"a confidence lies between 50%% and below 100%%; usual is 95%%");
		return false;
	}
	out->confidence = (double)ppm / 1e6;
	return true;
}

static bool parse_warn(struct parse *p, struct scenario_expect *out)
{
	if (out->has_warn) {
		complain(p->r->complaints, p->tokens[p->at - 1].place, "\"warn\" is said twice");
		return false;
	}
	out->has_warn = true;
	return parse_compare(p, &out->warn_compare) &&
		parse_value(p, out, &out->warn_value, &out->warn_word);
}

static bool parse_clause(struct parse *p, struct scenario_expect *out)
{
	static const char *const clauses[] = {"for", "in", "at", "from", "warn", "confidence"};
	const struct token *token = take(p, "a clause");
	char near[128];

	if (!strcmp(token->text, "for"))
		return take_word(p, "reads, writes or a group of clients", &out->filter);
	if (!strcmp(token->text, "in"))
		return take_word(p, "a phase", &out->phase);
	if (!strcmp(token->text, "at"))
		return parse_at(p, out);
	if (!strcmp(token->text, "from"))
		return parse_from(p, out);
	if (!strcmp(token->text, "warn"))
		return parse_warn(p, out);
	if (!strcmp(token->text, "confidence"))
		return parse_confidence(p, out);
	if (!strcmp(token->text, "and") || !strcmp(token->text, "or") || is_operator(*token->text))
		complain(p->r->complaints, token->place,
			"an expectation is one condition; write two lines");
	else
		complain(p->r->complaints, token->place,
			"\"%.40s\" is no clause; use for, in, at, from ... to, warn, confidence%s",
			token->text,
			did_you_mean(token->text, clauses, READER_COUNT(clauses), near));
	return false;
}

static bool refuse_filter(struct parse *p, const struct metric *metric, unsigned bit,
	const struct scenario_word *word, const char *clause)
{
	if (!word->text || (metric->takes & bit))
		return true;
	complain(p->r->complaints, word->place, "%s takes no \"%s\" (regionproof explain %s)",
		metric->name, clause, metric->name);
	return false;
}

static bool check_filters(struct parse *p, const struct scenario_expect *expect)
{
	const struct metric *metric = expect->metric;
	bool is_class = expect->filter.text &&
		(!strcmp(expect->filter.text, "reads") || !strcmp(expect->filter.text, "writes"));

	if (expect->region.text && expect->from.text) {
		complain(p->r->complaints, expect->from.place,
			"\"at\" and \"from ... to\" in one line; write two lines");
		return false;
	}
	if ((metric->takes & NEEDS_PAIR) && !expect->from.text) {
		complain(p->r->complaints, p->tokens[0].place,
			"%s is of an ordered pair of regions; add \"from REGION to REGION\"",
			metric->name);
		return false;
	}
	return refuse_filter(
		       p, metric, is_class ? TAKES_CLASS : TAKES_GROUP, &expect->filter, "for") &&
		refuse_filter(p, metric, TAKES_PHASE, &expect->phase, "in") &&
		refuse_filter(p, metric, TAKES_REGION, &expect->region, "at") &&
		refuse_filter(p, metric, TAKES_PAIR | NEEDS_PAIR, &expect->from, "from");
}

bool expect_parse(struct reader *r, const struct yaml *node, struct scenario_expect *out)
{
	struct parse p = {.r = r, .node = node};

	*out = (struct scenario_expect){.place = node->place};
	if (!split(&p) || !parse_metric(&p, out) || !parse_compare(&p, &out->compare) ||
		!parse_value(&p, out, &out->value, &out->value_word))
		return false;
	while (p.at < p.n) {
		if (!parse_clause(&p, out))
			return false;
	}
	return check_filters(&p, out);
}

void reader_expects(struct reader *r, const struct yaml *node, struct scenario *out)
{
	struct scenario_expect expect;

	if (!reader_is(r, node, YAML_LIST, "expect"))
		return;
	out->expect_place = node->place;
	if (!node->n)
		complain(r->complaints, node->place,
			"expect is empty; without an expectation every run would be green");
	for (const struct yaml *v = node->first; v; v = v->next) {
		if (reader_is(r, v, YAML_TEXT, "an expectation") && expect_parse(r, v, &expect))
			*ARENA_PUSH(r->arena, out->expects, out->n_expects) = expect;
	}
}
