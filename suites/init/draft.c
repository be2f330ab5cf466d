#include "suites/init/draft.h"
#include "suites/plan_parts.h"

#include <unistd.h>

#define SCHEMA "scenario.schema.json"
#define INSTALLED "/usr/share/regionproof/" SCHEMA

static const char first[] =
	"scenario: first\n"
	"version: 1\n"
	"about: >\n"
	"  Three regions; the primary is cut off for 10 s and a new one takes over.\n"
	"seed: 1                           # every random decision comes from it\n"
	"\n"
	"regions:                          # the first role is that at the start\n"
	"  us-east: { role: primary }\n"
	"  eu-west: { role: replica }\n"
	"  ap-south: { role: replica }\n"
	"\n"
	"links:                            # the normal world; `->` for one direction, or\n"
	"                                  # `preset: aws` (regionproof list links)\n"
	"  us-east <-> eu-west: { rtt: 80ms, jitter: 2ms }\n"
	"  us-east <-> ap-south: { rtt: 190ms, jitter: 4ms }\n"
	"  eu-west <-> ap-south: { rtt: 120ms, jitter: 2ms }\n"
	"\n"
	"system:                           # what is under test (regionproof list recipes)\n"
	"  recipe: region-store\n"
	"  with: { ack: majority }\n"
	"\n"
	"clients:                          # live in every region\n"
	"  - name: users\n"
	"    sessions: 10 per region\n"
	"    reads: { rate: 150/s, from: nearest }\n"
	"    writes: { rate: 60/s, to: primary }\n"
	"    timeout: 1s                   # no answer until then: the outcome is unknown\n"
	"\n"
	"timeline:                         # regionproof list faults\n"
	"  - { at: 0s, watch: steady, for: 5s }\n"
	"  - { at: 5s, partition: us-east, from: [eu-west, ap-south], for: 10s, name: cut }\n"
	"  - { at: 15s, watch: recovery, for: 3s }\n"
	"  - { at: 18s, quiet: settled, for: 5s }   # no writes: convergence and read-back\n"
	"\n"
	"expect:                           # regionproof list metrics, regionproof explain NAME\n"
	"  - writes.lost == 0\n"
	"  - failover.rto < 8s in cut\n"
	"  - availability > 99% for reads in steady at each region\n"
	"\n"
	"evidence: { min-reads: 1000, min-acked-writes: 200 }   # below that nothing passes\n";

const char *draft_first(void)
{
	return first;
}

const char *draft_modeline(struct arena *arena, const char *share)
{
	const char *path = arena_printf(arena, "%s/" SCHEMA, share_directory(arena, share));

	return arena_printf(arena, "# yaml-language-server: $schema=%s\n",
		access(path, R_OK) ? INSTALLED : path);
}

void draft_add(struct draft *draft, const char *path, const char *text)
{
	*ARENA_PUSH(draft->arena, draft->files, draft->n) =
		(struct draft_file){.path = path, .text = text};
}

void draft_lab(struct draft *draft, const char *modeline)
{
	draft_add(draft, DRAFT_SCENARIO,
		arena_printf(draft->arena,
			"%s"
			"# regionproof check %s finds mistakes, regionproof run %s carries it out.\n%s",
			modeline, DRAFT_SCENARIO, DRAFT_SCENARIO, first));
}

int draft_docker(
	struct draft *draft, const struct plan *plan, const char *modeline, struct err *err)
{
	if (draft_compose(draft, plan, err))
		return -1;
	draft_rewrite(draft, plan, modeline);
	return 0;
}
