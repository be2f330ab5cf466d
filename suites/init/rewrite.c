/* A scenario with a recipe becomes the same one on containers: its block `system:` is another one. */
#include "fixtures/base/buf.h"
#include "suites/fleet/fleet.h"
#include "suites/init/draft.h"

#include <string.h>

#define MODELINE "# yaml-language-server:"

static const struct plan_node *endpoint_of(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_nodes; i++) {
		if (plan->nodes[i].endpoint)
			return &plan->nodes[i];
	}
	return &plan->nodes[0];
}

static void put_system(struct buf *out, const struct plan *plan)
{
	const struct plan_node *node = endpoint_of(plan);
	const char *name = strchr(node->spec.name, '/');

	buf_printf(out,
		"system:                           # what compose.yaml brings up: recipe %s\n"
		"  containers:\n"
		"    runtime: docker\n"
		"    region-label: " FLEET_REGION "   # its value is the region of a container\n"
		"    allow-label: " FLEET_ALLOW "  # without it none is touched\n"
		"    driver: %s\n"
		"    node: %s\n"
		"    port: %u\n\n",
		plan->recipe_name, plan->driver, name ? name + 1 : node->spec.name,
		(unsigned)node->spec.port);
}

static bool begins_block(const char *line)
{
	return *line && !strchr(" \t\r\n#-", *line);
}

/* Line by line: the block ends where another key begins at the margin, the comments before which stay. */
void draft_rewrite(struct draft *draft, const struct plan *plan, const char *modeline)
{
	struct buf out = {0};
	bool inside = false;

	buf_puts(&out, modeline);
	buf_puts(&out,
		"# docker-compose up -d, then regionproof run " DRAFT_SCENARIO " (as root).\n");
	for (const char *line = plan->text; *line;) {
		const char *end = strchr(line, '\n');
		size_t len = end ? (size_t)(end - line) + 1 : strlen(line);

		if (begins_block(line)) {
			inside = !strncmp(line, "system:", 7);
			if (inside)
				put_system(&out, plan);
		}
		if (!inside && strncmp(line, MODELINE, strlen(MODELINE)))
			buf_add(&out, line, len);
		line += len;
	}
	draft_add(draft, DRAFT_SCENARIO, arena_strdup(draft->arena, buf_str(&out)));
	buf_release(&out);
}
