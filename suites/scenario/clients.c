/*
 * clients: groups of sessions. Only what every group has is read here; the rest are rows of the
 * group and of its driver, which the plan knows.
 */
#include "suites/scenario/reader.h"

#include <stdio.h>
#include <string.h>

#define SESSIONS_MAX 100000

static const char *const own_keys[] = {"name", "driver", "sessions", "regions"};

/* "4 per region": a bare number would leave open whether it is one region's or the group's. */
static void read_sessions(struct reader *r, const struct yaml *node, struct scenario_group *group)
{
	struct scenario_word word;
	unsigned long n = 0;
	int length = -1;

	group->sessions_per_region = 1;
	if (!reader_word(r, node, "sessions", &word))
		return;
	if (sscanf(word.text, "%6lu per region%n", &n, &length) != 1 || length < 0 ||
		word.text[length] || *word.text == '-' || *word.text == '+')
		complain(r->complaints, word.place,
			"sessions: \"%.40s\" does not say for what; write \"4 per region\"",
			word.text);
	else if (!n || n > SESSIONS_MAX)
		complain(r->complaints, word.place, "sessions must be between 1 and %d",
			SESSIONS_MAX);
	else
		group->sessions_per_region = n;
}

static void read_group(struct reader *r, const struct yaml *node, struct scenario *out)
{
	struct scenario_group group = {.place = node->place};

	if (!reader_is(r, node, YAML_MAP, "a group of clients"))
		return;
	if (reader_name(r, reader_need(r, node, "name", "a group of clients"),
		    "the name of a group", &group.name) &&
		(!strcmp(group.name.text, "reads") || !strcmp(group.name.text, "writes")))
		complain(r->complaints, group.name.place,
			"a group cannot be called \"%s\"; expectations use the word",
			group.name.text);
	reader_word(r, yaml_get(node, "driver"), "driver", &group.driver); /* else the recipe's */
	read_sessions(r, reader_need(r, node, "sessions", "a group of clients"), &group);
	reader_words(r, yaml_get(node, "regions"), "regions", &group.regions);
	reader_settings(r, node, own_keys, READER_COUNT(own_keys), &group.settings);
	*ARENA_PUSH(r->arena, out->groups, out->n_groups) = group;
}

void reader_clients(struct reader *r, const struct yaml *node, struct scenario *out)
{
	if (!reader_is(r, node, YAML_LIST, "clients"))
		return;
	if (!node->n)
		complain(r->complaints, node->place,
			"clients is empty; without operations there is nothing to judge");
	for (const struct yaml *v = node->first; v; v = v->next)
		read_group(r, v, out);
}
