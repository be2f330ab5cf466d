/*
 * null: lets everything pass and impairs nothing.
 *
 * For tests of whatever stands above an engine, for measuring what the picture itself costs, and as
 * the file to copy for a new engine. apply accepts every change and read_back says, truthfully,
 * that the link is neutral, so that nobody can take its acknowledgement for a fault in force.
 */
#include "chaos/engines/engine.h"
#include "chaos/engines/mid.h"
#include "fixtures/base/clock.h"
#include "fixtures/net/site.h"

#include <stdlib.h>

struct null_engine {
	struct engine base;
	struct site site; /* borrowed descriptors */
};

extern const struct engine_ops engine_null;

static int null_probe(const struct impairment *needs, struct err *err)
{
	int fd = backbone_up(err); /* a bridge in a namespace of its own: all that is needed */
	struct site site = SITE_INIT;
	int rc = fd < 0 ? -1 : site_up(&site, 0, 1, fd, err);

	(void)needs;
	site_release(&site);
	site.netns_fd = fd;
	site_release(&site);
	return rc;
}

static struct engine *null_open(const struct site *site, uint64_t seed, struct err *err)
{
	struct null_engine *null = calloc(1, sizeof(*null));

	(void)seed;
	if (!null) {
		err_set(err, "open engine null: out of memory");
		return NULL;
	}
	null->base.ops = &engine_null;
	null->site = *site;
	if (mid_up(site, err)) {
		err_prefix(err, "open engine null");
		free(null);
		return NULL;
	}
	return &null->base;
}

static int null_apply(struct engine *engine, const struct engine_change *changes, size_t n,
	uint64_t at_ns, struct engine_ack *ack, struct err *err)
{
	(void)engine, (void)changes, (void)n, (void)err;
	clock_sleep_until_ns(at_ns);
	*ack = (struct engine_ack){.sent_ns = clock_now_ns(), .acked_ns = clock_now_ns()};
	return 0;
}

static int null_read_back(
	struct engine *engine, unsigned to, struct engine_link *out, struct err *err)
{
	(void)engine, (void)to, (void)err;
	*out = (struct engine_link){0};
	return 0;
}

static int null_counters(
	struct engine *engine, unsigned to, struct engine_counters *out, struct err *err)
{
	(void)engine, (void)to, (void)err;
	*out = (struct engine_counters){0};
	return 0;
}

static int null_death_fd(struct engine *engine)
{
	(void)engine;
	return -1;
}

static void null_close(struct engine *engine)
{
	struct null_engine *null = (struct null_engine *)engine;
	struct err ignored; /* what mid_down cannot undo goes with the site */

	if (!null)
		return;
	mid_down(&null->site, &ignored);
	free(null);
}

const struct engine_ops engine_null = {
	.name = "null",
	.help = "forwards in the kernel and impairs nothing (for tests)",
	.probe = null_probe,
	.open = null_open,
	.apply = null_apply,
	.read_back = null_read_back,
	.counters = null_counters,
	.death_fd = null_death_fd,
	.close = null_close,
};
