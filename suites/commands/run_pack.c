/*
 * run --pack: the claims of a vendor, on the pack's scenario or on one of the user's own.
 *
 * Each run of the scenario is a trial; the table of claims stands in the report of every trial as it is by then,
 * and at the end on the console and in claims.json beside the last report.
 */
#include "suites/commands/run_pack.h"
#include "fixtures/base/buf.h"
#include "fixtures/json/jv.h"
#include "reports/writers/console.h"
#include "reports/writers/terminal.h"
#include "reports/writers/writer.h"
#include "suites/scenario/yaml.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int read_scenario(struct run_pack *own, const char *path, struct err *err)
{
	struct buf text = {0}, scenario = {0};
	int rc = buf_read_file(&text, path, YAML_SIZE_MAX, err);

	own->path = arena_strdup(&own->arena, path);
	if (!rc) {
		pack_scenario(&own->pack, buf_str(&text), own->trials, &scenario);
		own->text = arena_strdup(&own->arena, buf_str(&scenario));
	} else {
		err->code = EXIT_SCENARIO;
	}
	buf_release(&text);
	buf_release(&scenario);
	return rc;
}

int run_pack_open(struct run_pack *own, const struct args *args, struct err *err)
{
	const char *share = args->values[OPTION_SHARE];

	*own = (struct run_pack){0};
	if (args->values[OPTION_VARIANT])
		return err_exit(err, EXIT_USAGE,
			"--pack puts claims in place of what one scenario expects, and takes no "
			"--variant; write a file for the variant that is meant");
	if (args->n_operands > 1)
		return err_exit(err, EXIT_USAGE, "--pack takes one scenario of your own, or none");
	if (pack_load(&own->arena, share, args->values[OPTION_PACK], &own->pack, err))
		return -1;
	own->trials = own->pack.trials;
	if (args->values[OPTION_TRIALS] && args_number(args, OPTION_TRIALS, &own->trials, err))
		return -1;
	if (!own->trials)
		return err_exit(err, EXIT_USAGE, "--trials: at least one is needed");
	return read_scenario(own,
		args->n_operands ? args->operands[0]
				 : pack_scenario_path(&own->arena, &own->pack, share),
		err);
}

void run_pack_take(struct run_pack *own, const struct plan *plan, const struct trials *trials,
	struct result *result)
{
	own->claims = pack_claims(&own->arena, &own->pack, trials,
		pack_system(&own->arena, &own->pack, plan), &own->n_claims);
	result->claims = own->claims;
	result->n_claims = own->n_claims;
	snprintf(own->dir, sizeof(own->dir), "%s", result->dir ? result->dir : "");
}

static struct jv *claims_json(const struct run_pack *own)
{
	struct jv *json = json_head("run"), *rows = jv_new_array();

	jv_set(json, "pack", jv_new_string(own->pack.name));
	jv_set(json, "product", jv_new_string(own->pack.product));
	for (size_t i = 0; i < own->n_claims; i++) {
		const struct result_claim *claim = &own->claims[i];
		struct jv *one = jv_new_object();

		jv_set(one, "verdict", jv_new_string(verdict_name(claim->verdict)));
		jv_set(one, "claim", jv_new_string(claim->claim));
		jv_set(one, "source", jv_new_string(claim->source));
		jv_set(one, "date", jv_new_string(claim->date));
		jv_set(one, "claimed", jv_new_string(claim->claimed));
		jv_set(one, "measured", jv_new_string(claim->measured));
		jv_set(one, "interval", jv_new_string(claim->interval));
		jv_set(one, "system", jv_new_string(claim->system));
		jv_add(rows, one);
	}
	jv_set(json, "claims", rows);
	return json;
}

int run_pack_end(struct run_pack *own, const struct args *args, struct err *err)
{
	struct jv *json = claims_json(own);
	struct writer_options options = {0};
	struct buf out = {0}, text = {0};
	char path[1300];
	int rc = 0;

	if (*own->dir) {
		jv_print(json, 2, &text);
		buf_addc(&text, '\n');
		snprintf(path, sizeof(path), "%s/claims.json", own->dir);
		rc = buf_write_file(&text, path, err);
	}
	terminal_options(&options, COLOUR_AUTO, STDOUT_FILENO);
	console_claims(own->claims, own->n_claims, &options, &out);
	if (!rc)
		rc = args_json(args) ? print_json(json, err) : print_out(&out, err);
	jv_free(json);
	buf_release(&out);
	buf_release(&text);
	return rc ? -1 : pack_exit(own->claims, own->n_claims);
}

void run_pack_release(struct run_pack *own)
{
	arena_release(&own->arena);
}
