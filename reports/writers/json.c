/*
 * json: run.json, the whole result for programs, and series.json, what happened when.
 *
 * Both come from the rows of result_shape.h. Numbers are in base units (nanoseconds since the run's
 * zero, shares from 0 to 1) beside the text that people read. `schema` is bumped when a meaning
 * changes; fields may be added at any time.
 */
#include "fixtures/json/jv.h"
#include "fixtures/base/buf.h"
#include "reports/result.h"
#include "reports/result_shape.h"
#include "reports/writers/schema.h"
#include "reports/writers/writers.h"

#define DRAFT "http://json-schema.org/draft-07/schema#"

static struct jv *tally_json(const struct result *result)
{
	struct jv *json = jv_new_object();

	for (enum verdict verdict = 0; verdict < VERDICTS; verdict++)
		jv_set(json, verdict_name(verdict),
			jv_new_int((int64_t)result_count(result, verdict)));
	return json;
}

static void print(struct jv *root, int indent, struct buf *out)
{
	jv_print(root, indent, out);
	buf_addc(out, '\n');
	jv_free(root);
}

void json_write(const struct result *result, const struct writer_options *options, struct buf *out)
{
	struct jv *root = shape_to_json(&result_shape, result);

	(void)options;
	jv_set(root, "tool", jv_new_string("regionproof"));
	jv_set(root, "tally", tally_json(result));
	print(root, 2, out);
}

void series_write(
	const struct result *result, const struct writer_options *options, struct buf *out)
{
	struct jv *root = shape_to_json(&series_shape, &result->series);

	(void)options;
	jv_set(root, "schema", jv_new_int(result->schema));
	print(root, 0, out);
}

/* --- the published schemas ------------------------------------------------------------------- */

static void require(struct jv *schema, const char *name, struct jv *what)
{
	/* Ours, and not yet handed out. */
	struct jv *properties = (struct jv *)(uintptr_t)jv_get(schema, "properties");
	struct jv *required = (struct jv *)(uintptr_t)jv_get(schema, "required");

	if (!jv_get(properties, name))
		jv_add(required, jv_new_string(name));
	jv_set(properties, name, what);
}

static struct jv *tally_schema(void)
{
	struct jv *json = jv_new_object(), *of = jv_new_object();

	jv_set(of, "type", jv_new_string("integer"));
	jv_set(json, "type", jv_new_string("object"));
	jv_set(json, "description", jv_new_string("expectations by verdict"));
	jv_set(json, "additionalProperties", of);
	return json;
}

static struct jv *constant(struct jv *value)
{
	struct jv *json = jv_new_object();

	jv_set(json, "const", value);
	return json;
}

static struct jv *schema_of(const struct shape *shape, const char *title)
{
	struct jv *definitions = jv_new_object(), *root = shape_schema(shape, definitions);

	jv_set(root, "$schema", jv_new_string(DRAFT));
	jv_set(root, "title", jv_new_string(title));
	require(root, "schema", constant(jv_new_int(RESULT_SCHEMA)));
	jv_set(root, "definitions", definitions);
	return root;
}

void json_write_schema(struct buf *out)
{
	struct jv *root = schema_of(&result_shape, "regionproof run.json");

	require(root, "tool", constant(jv_new_string("regionproof")));
	require(root, "tally", tally_schema());
	print(root, 2, out);
}

void series_write_schema(struct buf *out)
{
	print(schema_of(&series_shape, "regionproof series.json"), 2, out);
}
