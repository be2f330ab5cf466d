#include "suites/agent/node_faults.h"
#include "fixtures/base/log.h"
#include "fixtures/cpu_cap.h"
#include "fixtures/disk_room.h"
#include "fixtures/name_lie.h"
#include "fixtures/slow_disk.h"
#include "fixtures/wrong_clock.h"
#include "suites/agent/region.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

static int give_disk(struct node *node, const struct node_spec *spec, struct err *err)
{
	if (!spec->disk_slows)
		return disk_room_mount(node->dir, spec->disk_bytes, err);
	node->slow_disk = calloc(1, sizeof(*node->slow_disk));
	if (!node->slow_disk)
		abort();
	if (slow_disk_mount(node->slow_disk, node->dir, spec->disk_bytes, err))
		return err_prefix(err, "%s", spec->name);
	return 0;
}

int node_faults_prepare(struct node *node, const struct plan_node *plan_node, unsigned index,
	const char *groups, struct err *err)
{
	if (plan_node->capped)
		snprintf(node->cgroup, sizeof(node->cgroup), "%s-%u", groups, index);
	return plan_node->spec.disk_bytes ? give_disk(node, &plan_node->spec, err) : 0;
}

static int cap(const struct node *node, uint64_t share_ppm, struct err *err)
{
	uint64_t used_ppm;

	if (cpu_cap_set(node->cgroup, share_ppm, err) ||
		cpu_cap_prove(node->cgroup, share_ppm, &used_ppm, err))
		return err_prefix(err, "%s", node->spec->name);
	log_info("%s: had %.1f%% of a processor with a cap of %.1f%%", node->spec->name,
		(double)used_ppm / 1e4, (double)share_ppm / 1e4);
	return 0;
}

static int set_clock(const struct node *node, int64_t offset_ns, struct err *err)
{
	return wrong_clock_set(node->dir, offset_ns, err) || wrong_clock_prove(node, offset_ns, err)
		? -1
		: 0;
}

static const char *looked_up(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_groups; i++) {
		if (plan->groups[i].lookup)
			return plan->groups[i].lookup;
	}
	return "";
}

/* Clients of the region are led to its endpoint. */
static void address_of(const struct plan *plan, uint64_t region, uint8_t address[4])
{
	for (size_t i = 0; i < plan->n_endpoints; i++) {
		if (plan->endpoints[i].region == region &&
			inet_pton(AF_INET, plan->endpoints[i].host, address) == 1)
			return;
	}
}

static int lie(const struct plan *plan, const struct node *node, const struct node_setting *setting,
	struct err *err)
{
	struct name_lie what = {.name = looked_up(plan),
		.orders = {.order = (enum order)setting->answer,
			.delay_ns = setting->answer_delay_ns}};

	address_of(plan, setting->to_region, what.orders.address);
	return name_lie_tell(node, &what, err);
}

static int drag(const struct node *node, const struct node_setting *setting, struct node_seen *seen,
	struct err *err)
{
	struct slow_pace pace = {
		.delay_ns = setting->io_delay_ns, .bytes_per_s = setting->io_bytes};

	return slow_disk_slow(node->slow_disk, &pace, seen->text, sizeof(seen->text), err);
}

/* As slow as it was until now, and from now on as fast as before. */
static int let_go(const struct node *node, struct node_seen *seen, struct err *err)
{
	char during[100] = "", after[100] = "";

	if (!slow_disk_check(node->slow_disk, during, sizeof(during), &seen->lapsed))
		seen->lapsed.text[0] = '\0';
	if (slow_disk_recover(node->slow_disk, after, sizeof(after), err))
		return -1;
	snprintf(seen->text, sizeof(seen->text), "%s%s%s", during, *during ? ", " : "", after);
	return 0;
}

int node_faults_apply(const struct plan *plan, struct node *node,
	const struct region_node_change *change, struct node_seen *seen, struct err *err)
{
	const struct node_setting *setting = &change->setting;

	if (change->action == NODE_SLOW)
		return cap(node, setting->cap_ppm, err);
	if (change->action == NODE_FILL)
		return disk_room_take(node->dir, setting->left_bytes, err);
	if (change->action == NODE_DRAG)
		return drag(node, setting, seen, err);
	if (change->action == NODE_CLOCK)
		return set_clock(node, node_setting_offset_ns(setting), err);
	if (change->action == NODE_LIE)
		return lie(plan, node, setting, err);
	return 0;
}

int node_faults_undo(const struct plan *plan, struct node *node, enum node_action action,
	struct node_seen *seen, struct err *err)
{
	if (action == NODE_SLOW)
		return cpu_cap_set(node->cgroup, 0, err);
	if (action == NODE_FILL)
		return disk_room_give_back(node->dir, node->spec->disk_bytes, err);
	if (action == NODE_DRAG)
		return let_go(node, seen, err);
	if (action == NODE_CLOCK)
		return set_clock(node, 0, err);
	if (action == NODE_LIE)
		return lie(plan, node, &(struct node_setting){.answer = ORDER_TRUE}, err);
	return 0;
}

int node_faults_heal(struct node *node, struct err *err)
{
	char text[100];
	int rc = 0;

	if (node->cgroup[0])
		rc |= cpu_cap_set(node->cgroup, 0, err);
	if (node->slow_disk)
		rc |= slow_disk_recover(node->slow_disk, text, sizeof(text), err);
	else if (node->spec->disk_bytes)
		rc |= disk_room_give_back(node->dir, node->spec->disk_bytes, err);
	if (node->spec->clock_library)
		rc |= wrong_clock_set(node->dir, 0, err);
	return rc;
}

void node_faults_hasten(const struct node *node)
{
	struct err err;

	if (node->slow_disk && slow_disk_hasten(node->slow_disk, &err))
		log_info("%s", err.text);
}

void node_faults_release(struct node *node)
{
	if (node->slow_disk)
		slow_disk_release(node->slow_disk);
	free(node->slow_disk);
	node->slow_disk = NULL;
}
