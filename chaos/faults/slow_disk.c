/*
 * slow-disk: the disk of a node answers late, as a volume whose credits are spent or whose neighbours are
 * loud. The node's working directory is a disk of its own from the start of the run (fixtures/slow_disk.h).
 *
 * Why not by the kernel's own means: a limit of a control group (io.max, blkio.throttle) holds for a rate
 * of requests and not for their time, passes the journal of the file system by, and needs a block device
 * of the node's own anyway; dm-delay is not in every kernel; a preloaded fsync() that waits is none for
 * programs linked statically or written in Go, and none for O_DSYNC, O_DIRECT and io_uring.
 */
#include "chaos/faults/rows.h"
#include "chaos/faults/topology.h"

/* One request may have 256 KiB, which then take 16 s. */
#define THROUGHPUT_MIN (UINT64_C(16) << 10)

static int slow_disk_effects(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, struct fault_effects *out, struct err *err)
{
	const struct node_setting *setting = &words->setting;

	if (!setting->io_delay_ns && !setting->io_bytes)
		return err_set(err,
			"say how slow: \"delay\", such as delay: 20ms, or \"throughput\", such as "
			"throughput: 4mb, or both");
	if (setting->io_bytes && setting->io_bytes < THROUGHPUT_MIN)
		return err_set(err, "\"throughput\" must be at least 16kb (a second)");
	return topology_add_nodes(arena, topology, words, NODE_DRAG, out, err);
}

const struct fault_ops fault_slow_disk = {
	.name = "slow-disk",
	.help = "make the disk of nodes slow: what must reach it (fsync, O_DIRECT) waits",
	.subject_help =
		"nodes such as us-east/store, or a region for all of its nodes; what counts "
		"is the working directory, where a recipe keeps its data: an ext4 file system "
		"in memory for the whole run, so that before the fault it is faster than most "
		"disks; needs root, a loop device, FUSE and mkfs.ext4 (doctor tells); not for "
		"running containers",
	.on_nodes = 1,
	.lab_only = 1,
	.node_params = slow_disk_params,
	.proof =
		"a block of ours in the node's working directory, overwritten past the page cache "
		"and flushed, took as much longer as was asked, at the beginning and at the end of "
		"the fault, and no longer after it",
	.effects = slow_disk_effects,
};
