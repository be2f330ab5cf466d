#include "suites/pack.h"
#include "fixtures/base/buf.h"
#include "suites/plan_parts.h"

#include <string.h>
#include <unistd.h>

#define FILE_MAX (256 * 1024)
#define TRIALS_MAX 10000

static const char *const keys[] = {"pack", "version", "about", "product", "vendor", "stand-in",
	"tested", "scenario", "trials", "claims"};
static const char *const claim_keys[] = {"claim", "source", "date", "expect", "trials"};

static const char *text_of(
	struct reader *r, const struct yaml *map, const char *key, const char *what)
{
	struct scenario_word word = {.text = ""};

	reader_word(r, reader_need(r, map, key, what), key, &word);
	return word.text ? word.text : "";
}

static const char *optional(struct reader *r, const struct yaml *map, const char *key)
{
	struct scenario_word word = {.text = ""};

	reader_word(r, yaml_get(map, key), key, &word);
	return word.text ? word.text : "";
}

static void read_trials(struct reader *r, const struct yaml *node, uint64_t *out)
{
	if (node && reader_value(r, node, PARAM_COUNT, "trials", out) &&
		(!*out || *out > TRIALS_MAX))
		complain(r->complaints, node->place, "trials must be between 1 and %d", TRIALS_MAX);
}

static void read_claim(struct reader *r, const struct yaml *node, struct pack *out)
{
	struct pack_claim claim = {.trials = out->trials};
	struct scenario_expect expect;

	if (!reader_is(r, node, YAML_MAP, "a claim"))
		return;
	reader_check_keys(r, node, claim_keys, READER_COUNT(claim_keys), "a claim");
	claim.claim = text_of(r, node, "claim", "a claim");
	claim.source = text_of(r, node, "source", "a claim");
	claim.date = text_of(r, node, "date", "a claim");
	claim.expect = text_of(r, node, "expect", "a claim");
	if (*claim.expect && expect_parse(r, yaml_get(node, "expect"), &expect) &&
		expect.each_region)
		complain(r->complaints, node->place,
			"a claim is one row: write \"at REGION\" instead of \"at each region\"");
	read_trials(r, yaml_get(node, "trials"), &claim.trials);
	*ARENA_PUSH(r->arena, out->claims, out->n_claims) = claim;
}

void pack_read(struct arena *arena, const struct source *source, struct pack *out,
	struct complaints *complaints)
{
	struct reader r = {arena, complaints};
	struct yaml *root = yaml_parse(arena, source, complaints);
	const struct yaml *claims = yaml_get(root, "claims");

	*out = (struct pack){.name = "", .about = "", .trials = 1};
	if (!reader_is(&r, root, YAML_MAP, "a pack"))
		return;
	reader_check_keys(&r, root, keys, READER_COUNT(keys), "a pack");
	if (strcmp(text_of(&r, root, "version", "a pack"), "1"))
		complain(complaints, root->place, "this program reads version: 1 of packs");
	out->name = text_of(&r, root, "pack", "a pack");
	out->about = text_of(&r, root, "about", "a pack");
	out->product = text_of(&r, root, "product", "a pack");
	out->vendor = text_of(&r, root, "vendor", "a pack");
	out->stand_in = optional(&r, root, "stand-in");
	out->tested = optional(&r, root, "tested");
	if (!*out->stand_in == !*out->tested)
		complain(complaints, root->place,
			"a pack says either \"tested:\", the product itself, or \"stand-in:\"");
	out->scenario = text_of(&r, root, "scenario", "a pack");
	read_trials(&r, reader_need(&r, root, "trials", "a pack"), &out->trials);
	if (!claims || !reader_is(&r, claims, YAML_LIST, "claims") || !claims->n) {
		complain(complaints, root->place, "a pack without claims says nothing");
		return;
	}
	for (const struct yaml *v = claims->first; v; v = v->next)
		read_claim(&r, v, out);
}

const char *pack_folder(struct arena *arena, const char *share)
{
	const char *folder = share_directory(arena, share);
	const char *installed = arena_printf(arena, "%s/packs", folder);

	return access(installed, R_OK) ? arena_printf(arena, "%s/../suites/packs", folder)
				       : installed;
}

const char *pack_scenario_path(struct arena *arena, const struct pack *pack, const char *share)
{
	return arena_printf(
		arena, "%s/../scenarios/%s.yaml", pack_folder(arena, share), pack->scenario);
}

int pack_load(
	struct arena *arena, const char *share, const char *name, struct pack *out, struct err *err)
{
	struct buf text = {0}, errors = {0};
	struct complaints complaints = {.out = &errors};
	struct source source = {
		.file = arena_printf(arena, "%s/%s.yaml", pack_folder(arena, share), name)};
	int rc = 0;

	if (strchr(name, '/') || buf_read_file(&text, source.file, FILE_MAX, err))
		rc = err_exit(err, EXIT_SCENARIO,
			"there is no pack \"%.60s\" (regionproof list packs)", name);
	if (!rc) {
		source.text = arena_strndup(arena, buf_str(&text), text.len);
		source.len = text.len;
		complaints_add_source(&complaints, &source);
		pack_read(arena, &source, out, &complaints);
		if (complaints.n)
			rc = err_exit(err, EXIT_SCENARIO, "%s", buf_str(&errors));
	}
	buf_release(&text);
	buf_release(&errors);
	return rc;
}

/* Does a new key of the scenario begin with this line? Lists may stand without an indent. */
static bool begins_key(const char *line)
{
	return *line && !strchr(" \t\r\n#-", *line);
}

static bool is_key(const char *line, const char *key)
{
	size_t n = strlen(key);

	return !strncmp(line, key, n) && line[n] == ':';
}

void pack_scenario(const struct pack *pack, const char *scenario, uint64_t trials, struct buf *out)
{
	bool left_out = false;

	while (*scenario) {
		size_t len = strcspn(scenario, "\n");

		len += scenario[len] == '\n';
		if (begins_key(scenario))
			left_out = is_key(scenario, "expect") || is_key(scenario, "repeat");
		if (!left_out)
			buf_add(out, scenario, len);
		scenario += len;
	}
	buf_printf(out, "\n# by the pack %s\nrepeat: %llu\nexpect:\n", pack->name,
		(unsigned long long)trials);
	for (size_t i = 0; i < pack->n_claims; i++)
		buf_printf(out, "  - %s # %s, %s\n", pack->claims[i].expect, pack->claims[i].source,
			pack->claims[i].date);
}

static bool ends_with(const char *host, const char *end)
{
	size_t n = strlen(host), m = strlen(end);

	return m && n >= m && !strcmp(host + n - m, end) && (n == m || host[n - m - 1] == '.');
}

const char *pack_system(struct arena *arena, const struct pack *pack, const struct plan *plan)
{
	bool theirs = plan->remote && plan->n_endpoints > 0;

	for (size_t i = 0; i < plan->n_endpoints && theirs; i++)
		theirs = ends_with(plan->endpoints[i].host, pack->vendor);
	if (theirs)
		return arena_strdup(arena, pack->product);
	if (plan->remote)
		return arena_printf(arena, "endpoints that are not under %s", pack->vendor);
	return *pack->tested ? arena_strdup(arena, pack->tested)
			     : arena_printf(arena, "stand-in: %s", pack->stand_in);
}
