#!/bin/sh
# node_uml.sh: faults of nodes on another kernel than this machine's, in TAP.
#
# Caps by control groups of version 2: many machines have their cpu controller in version 1 or in version
# 2, and none in both; the kernel of User Mode Linux has it in version 2, whatever this machine has. And
# slow disks, which are made of the kernel's own parts (loop, FUSE, ext4), on the version of Debian.
#
# runner: timeout 120, alone
. "${REGIONPROOF_ROOT:-.}/suites/tests/helpers/uml.sh"
tests=$uml_build/tests/netns
uml_skip
uml_refused="control group\|no disk can be made slow\|no mount namespace"
uml_run rp_groups=cpu rp_load=loop,fuse -- "$tests/cap_death_test" \
	"$tests/fixtures/node_faults_test" "$tests/fixtures/slow_disk_test"
