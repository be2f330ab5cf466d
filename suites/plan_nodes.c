/*
 * plan_nodes: what nodes need from their first start for the faults that they will suffer: a disk of
 * their own, a control group, the library of a wrong clock.
 */
#include "chaos/faults/rows.h"
#include "fixtures/base/buf.h"
#include "fixtures/name_lie.h"
#include "fixtures/wrong_clock.h"
#include "suites/plan_parts.h"

#include <string.h>

static void need_disk(struct planner *p, const struct plan_fault *fault,
	const struct node_setting *setting, struct node_spec *spec)
{
	bool slows = fault->ops == &fault_slow_disk;

	if (setting->left_bytes >= setting->disk_bytes)
		complain(p->complaints, fault->place,
			"\"left\" is as much as the whole disk; nothing would be full");
	else if (spec->disk_bytes && spec->disk_bytes != setting->disk_bytes)
		complain(p->complaints, fault->place,
			"the disk of %s has two sizes; write the same \"disk\" in each fault",
			spec->name);
	else if (spec->disk_bytes && spec->disk_slows != slows)
		complain(p->complaints, fault->place,
			"the disk of %s is either made full or made slow in one scenario: they are "
			"disks of two kinds",
			spec->name);
	spec->disk_bytes = setting->disk_bytes;
	spec->disk_slows = slows;
}

static void need_clock(struct planner *p, const struct plan_fault *fault, struct node_spec *spec)
{
	const char *library = wrong_clock_library();
	struct err err;

	if (!library && !strstr(buf_str(p->missing), "libfaketime"))
		buf_printf(p->missing,
			"%sthe fault clock-offset needs libfaketime, which is not installed; "
			"install the Debian package libfaketime",
			p->missing->len ? "; " : "");
	if (spec->argv[0][0] == '/' && wrong_clock_accepts(spec->argv[0], &err))
		complain(p->complaints, fault->place, "%s", err.text);
	spec->clock_library = library;
}

static void need_liar(
	struct planner *p, const struct plan_fault *fault, const struct node_spec *spec)
{
	const char *program = strrchr(spec->argv[0], '/');
	bool looks_up = false;

	for (size_t i = 0; i < p->plan->n_groups; i++)
		looks_up |= p->plan->groups[i].lookup != NULL;
	if (strcmp(program ? program + 1 : spec->argv[0], NAME_LIE_PROGRAM))
		complain(p->complaints, fault->place,
			"%s does not lie when it is told to; name one that runs %s (recipe geo-dns: "
			"teller)",
			spec->name, NAME_LIE_PROGRAM);
	else if (!looks_up)
		complain(p->complaints, fault->place,
			"no client looks a name up, so nobody would be lied to; give a group "
			"\"lookup\" and \"resolver\"");
}

void plan_nodes(struct planner *p)
{
	struct plan *plan = p->plan;

	for (size_t f = 0; f < plan->n_faults && !plan->containers && !plan->remote; f++) {
		const struct plan_fault *fault = &plan->faults[f];

		for (size_t i = 0; i < fault->effects.n_nodes; i++) {
			const struct node_effect *effect = &fault->effects.nodes[i];
			struct plan_node *node = &plan->nodes[effect->node];

			node->capped |= effect->action == NODE_SLOW;
			if (effect->action == NODE_FILL || effect->action == NODE_DRAG)
				need_disk(p, fault, &effect->setting, &node->spec);
			if (effect->action == NODE_LIE)
				need_liar(p, fault, &node->spec);
			if (effect->action == NODE_CLOCK)
				need_clock(p, fault, &node->spec);
		}
	}
}
