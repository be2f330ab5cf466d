#include "suites/tests/helpers/scenario_text.h"
#include "fixtures/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct plan *scenario_build(const struct scenario_text *text, struct err *err, struct buf *errors)
{
	const char *root = getenv("REGIONPROOF_ROOT");
	struct plan_options options = {.path = "t.yaml"};
	struct buf all = {0}, share = {0};
	struct plan *plan;

	buf_printf(&all, "%s%s%s%s%s%s%s%s", text->head, text->regions, text->links, text->system,
		text->clients, text->timeline, text->expect, text->tail);
	buf_printf(&share, "%s/fixtures", root ? root : ".");
	options.text = buf_str(&all);
	options.share = buf_str(&share);
	plan = plan_build(&options, false, err, errors);
	buf_release(&all);
	buf_release(&share);
	return plan;
}

void assert_complaint(const struct scenario_text *text, const char *golden)
{
	struct buf errors = {0};
	struct err err = {0};
	struct plan *plan = scenario_build(text, &err, &errors);

	if (plan)
		fail_msg("wanted \"%s\", but the scenario was taken", golden);
	assert_int_equal(err.code, EXIT_SCENARIO);
	if (!strstr(buf_str(&errors), golden))
		fail_msg("wanted \"%s\", got \"%s\"", golden, buf_str(&errors));
	buf_release(&errors);
}

struct plan *assert_plan(const struct scenario_text *text)
{
	struct buf errors = {0};
	struct err err = {0};
	struct plan *plan = scenario_build(text, &err, &errors);

	if (!plan)
		fail_msg("%s: %s", err.text, buf_str(&errors));
	buf_release(&errors);
	return plan;
}
