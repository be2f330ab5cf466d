/* recipe_expand: placeholders and conditions of a recipe, for one node in one region. */
#include "fixtures/base/buf.h"
#include "fixtures/net/addr.h"
#include "suites/scenario/recipe.h"

#include <ctype.h>
#include <string.h>

#define EXPANDED_MAX 65536

static struct addr address_of(size_t region, size_t node)
{
	return addr_of((unsigned)region, (unsigned)(ADDR_HOST_NODE + node));
}

static void put_peer(struct buf *out, const struct recipe_site *site, size_t region, size_t node)
{
	const struct recipe_node *n = &site->recipe->nodes[node];

	buf_printf(out, "%s/%s=%s:%llu", site->regions[region], n->name.text,
		address_of(region, node).ip4_text, (unsigned long long)n->port);
}

/* The primary's region first, then the others in the order of the scenario. */
static void put_peers(struct buf *out, const struct recipe_site *site, size_t node)
{
	put_peer(out, site, site->primary, node);
	for (size_t i = 0; i < site->n_regions; i++) {
		if (i == site->primary)
			continue;
		buf_addc(out, ',');
		put_peer(out, site, i, node);
	}
}

/* What is said of a node: the site's own, or another of the recipe. */
static bool put_of_node(
	struct buf *out, const struct recipe_site *site, size_t node, const char *word)
{
	if (!strcmp(word, "address"))
		buf_puts(out, address_of(site->region, node).ip4_text);
	else if (!strcmp(word, "address6"))
		buf_puts(out, address_of(site->region, node).ip6_text);
	else if (!strcmp(word, "primary_address"))
		buf_puts(out, address_of(site->primary, node).ip4_text);
	else if (!strcmp(word, "primary_address6"))
		buf_puts(out, address_of(site->primary, node).ip6_text);
	else if (!strcmp(word, "port"))
		buf_printf(out, "%llu", (unsigned long long)site->recipe->nodes[node].port);
	else if (!strcmp(word, "peers"))
		put_peers(out, site, node);
	else
		return false;
	return true;
}

static bool put_of_site(struct buf *out, const struct recipe_site *site, const char *word)
{
	const char *name = site->recipe->nodes[site->node].name.text;

	if (!strcmp(word, "node"))
		buf_printf(out, "%s/%s", site->regions[site->region], name);
	else if (!strcmp(word, "name"))
		buf_puts(out, name);
	else if (!strcmp(word, "region"))
		buf_puts(out, site->regions[site->region]);
	else if (!strcmp(word, "index"))
		buf_printf(out, "%zu", site->region);
	else if (!strcmp(word, "primary"))
		buf_puts(out, site->regions[site->primary]);
	else if (!strcmp(word, "regions"))
		buf_printf(out, "%zu", site->n_regions);
	else if (!strcmp(word, "replicas"))
		buf_printf(out, "%zu", site->n_regions - 1);
	else if (!strcmp(word, "seed"))
		buf_printf(out, "%llu", (unsigned long long)site->seed);
	else
		return false;
	return true;
}

static bool put_word(struct buf *out, const struct recipe_site *site, const char *word)
{
	const struct recipe *recipe = site->recipe;
	const char *dot = strchr(word, '.');
	const struct recipe_with *with;

	if (put_of_site(out, site, word) || put_of_node(out, site, site->node, word))
		return true;
	if (!dot)
		return false;
	if (!strncmp(word, "with.", 5)) {
		with = recipe_find_with(recipe, word + 5);
		if (with)
			buf_puts(out, with->value);
		return with != NULL;
	}
	for (size_t i = 0; i < recipe->n_nodes; i++) {
		const char *name = recipe->nodes[i].name.text;

		if (strlen(name) == (size_t)(dot - word) && !strncmp(name, word, strlen(name)))
			return put_of_node(out, site, i, dot + 1);
	}
	return false;
}

static size_t word_length(const char *text)
{
	size_t n = 0;

	if (!islower((unsigned char)text[0]))
		return 0;
	while (isalnum((unsigned char)text[n]) || (text[n] && strchr("._-", text[n])))
		n++;
	return text[n] == '}' ? n : 0;
}

static void complain_word(
	const struct scenario_word *text, const char *word, struct complaints *complaints)
{
	static const char *const words[] = {"node", "name", "region", "index", "address",
		"address6", "port", "primary", "primary_address", "primary_address6", "regions",
		"replicas", "peers", "seed"};
	char near[128];

	complain(complaints, text->place, "there is nothing to put for {%.60s}%s", word,
		did_you_mean(word, words, READER_COUNT(words), near));
}

const char *recipe_expand(struct arena *arena, const struct recipe_site *site,
	const struct scenario_word *text, struct complaints *complaints)
{
	struct buf out = {0};
	const char *s = text->text, *word;
	size_t n;

	while (*s && out.len < EXPANDED_MAX) {
		n = *s == '{' ? word_length(s + 1) : 0;
		if (!n) {
			s += s[0] == '{' && s[1] == '{';
			buf_addc(&out, *s++);
			continue;
		}
		word = arena_strndup(arena, s + 1, n);
		if (!put_word(&out, site, word)) {
			complain_word(text, word, complaints);
			break;
		}
		s += n + 2;
	}
	if (out.len >= EXPANDED_MAX)
		complain(complaints, text->place, "the text is longer than %d bytes", EXPANDED_MAX);
	word = arena_strdup(arena, buf_str(&out));
	buf_release(&out);
	return word;
}

static bool holds(const struct recipe_site *site, const struct recipe_arg *arg)
{
	const char *value = arg->with ? recipe_find_with(site->recipe, arg->with)->value : "";

	switch (arg->condition) {
	case IF_ALWAYS:
		return true;
	case IF_PRIMARY:
		return site->region == site->primary;
	case IF_REPLICA:
		return site->region != site->primary;
	case IF_SET:
		return *value && strcmp(value, "no") && strcmp(value, "off") &&
			strcmp(value, "false");
	case IF_EQUAL:
		return !strcmp(value, arg->value);
	case IF_UNEQUAL:
		return strcmp(value, arg->value) != 0;
	}
	return false;
}

const char *const *recipe_arguments(struct arena *arena, const struct recipe_site *site,
	const struct recipe_args *args, struct complaints *complaints)
{
	const char **out = arena_array(arena, args->n + 1, sizeof(*out));
	size_t n = 0;

	for (size_t i = 0; i < args->n; i++) {
		if (holds(site, &args->items[i]))
			out[n++] = recipe_expand(arena, site, &args->items[i].text, complaints);
	}
	return out;
}
