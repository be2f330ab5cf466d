#include "probes/confine.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY 65534

int confine_thread(struct err *err)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(err, "cannot give up the right to new privileges");
	/* The bounding set first: dropping from it needs a capability of its own (EPERM without). */
	for (int cap = 0; cap < 64; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0 && errno != EINVAL && errno != EPERM)
			return err_sys(err, "cannot drop capability %d", cap);
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return err_sys(err, "cannot clear the ambient capabilities");
	if (syscall(SYS_capset, &header, none) < 0)
		return err_sys(err, "cannot drop the capabilities");
	return 0;
}

/* Whether an id exists in our user namespace. */
static bool is_mapped(const char *map_path, uint32_t id)
{
	uint32_t inside, outside, count;
	FILE *map = fopen(map_path, "re");
	bool found = false;

	if (!map)
		return false;
	while (fscanf(map, "%" SCNu32 " %" SCNu32 " %" SCNu32, &inside, &outside, &count) == 3)
		found = found || (id >= inside && id - inside < count);
	fclose(map);
	return found;
}

int confine_user(struct err *err)
{
	if (geteuid() != 0 || !is_mapped("/proc/self/uid_map", NOBODY) ||
		!is_mapped("/proc/self/gid_map", NOBODY))
		return 0;
	/* Denied in a user namespace that was set up without privilege: then there are no groups
	 * to lose. */
	if (setgroups(0, NULL) && errno != EPERM)
		return err_sys(err, "cannot drop the prober's groups");
	if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
		return err_sys(err, "cannot change the prober's user");
	return 0;
}
