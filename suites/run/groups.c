/*
 * Control groups of the nodes whose processors a fault will cap. They have names and would outlive us:
 * each is in the journal before it is made, and is removed when the last process in it is gone.
 */
#include "suites/run/run.h"
#include "chaos/journal.h"
#include "fixtures/base/buf.h"
#include "fixtures/cpu_cap.h"
#include "fixtures/slow_disk.h"
#include "fixtures/json/jv.h"

#include <stdio.h>

static bool any_slow_disk(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_nodes; i++) {
		if (plan->nodes[i].spec.disk_slows)
			return true;
	}
	return false;
}

int run_find_disks(struct run *run, struct err *err)
{
	if (!any_slow_disk(run->plan) || !slow_disk_try(err))
		return 0;
	err_prefix(err, "disks of nodes cannot be made slow on this machine");
	err->code = EXIT_MACHINE;
	return -1;
}

static bool any_capped(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_nodes; i++) {
		if (plan->nodes[i].capped)
			return true;
	}
	return false;
}

int run_find_groups(struct run *run, struct err *err)
{
	if (!any_capped(run->plan))
		return 0;
	if (!cpu_cap_find(run->groups, sizeof(run->groups), err))
		return 0;
	err_prefix(err, "processors of nodes cannot be capped on this machine");
	err->code = EXIT_MACHINE;
	return -1;
}

static const char *group_of(const struct run *run, size_t node, char path[JOURNAL_GROUP_MAX])
{
	snprintf(path, JOURNAL_GROUP_MAX, "%.180s/regionproof-%.90s-%zu", run->groups,
		run->store.name, node);
	return path;
}

int run_make_groups(struct run *run, struct err *err)
{
	char path[JOURNAL_GROUP_MAX];

	for (size_t i = 0; i < run->plan->n_nodes; i++) {
		struct buf line = {0};
		int rc;

		if (!run->plan->nodes[i].capped)
			continue;
		journal_format_group(&line, group_of(run, i, path));
		rc = guardian_note(&run->guardian, buf_str(&line), err) || cpu_cap_make(path, err);
		buf_release(&line);
		if (rc)
			return -1;
	}
	return 0;
}

void run_list_groups(const struct run *run, struct jv *message)
{
	char path[JOURNAL_GROUP_MAX];

	if (!run->groups[0])
		return;
	snprintf(path, sizeof(path), "%.180s/regionproof-%.90s", run->groups, run->store.name);
	jv_set(message, "groups", jv_new_string(path));
}

void run_remove_groups(struct run *run)
{
	char path[JOURNAL_GROUP_MAX];

	for (size_t i = 0; run->groups[0] && i < run->plan->n_nodes; i++) {
		struct err err;

		if (!run->plan->nodes[i].capped)
			continue;
		if (cpu_cap_remove(group_of(run, i, path), &err))
			run_undone(run, false, "%s", err.text);
		else
			run_undone(run, true, "%s: control group", run->plan->nodes[i].spec.name);
	}
}
