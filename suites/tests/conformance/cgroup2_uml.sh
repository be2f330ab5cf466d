#!/bin/sh
# cgroup2_uml.sh: caps of nodes by control groups of version 2, in TAP.
#
# Many machines have their cpu controller in version 1 or in version 2, and none in both: the kernel of
# User Mode Linux has it in version 2, whatever this machine has.
#
# runner: timeout 120, alone
. "${REGIONPROOF_ROOT:-.}/suites/tests/helpers/uml.sh"
tests=$uml_build/tests/netns
uml_skip
uml_refused="control group"
uml_run rp_groups=cpu -- "$tests/cap_death_test" "$tests/fixtures/node_faults_test"
