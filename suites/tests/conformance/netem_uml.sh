#!/bin/sh
# netem_uml.sh [BUILD_DIR [PROGRAM,ARG ...]]: the conformance cases over engine netem, in TAP.
#
# Where the kernel of this machine has sch_netem, the test programs run them themselves; this script
# is for those that have not. One boot of User Mode Linux runs all programs (about 2 s).
#
# runner: timeout 360, alone
. "${REGIONPROOF_ROOT:-.}/suites/tests/helpers/uml.sh"
uml_build=${1:-$uml_build}
tests=$uml_build/tests/conformance
uml_skip
if [ "$#" -gt 1 ]; then
	shift
else
	set -- "$tests/engine_sabotage,netem" "$tests/engine_conformance,netem" \
		"$tests/engine_delay,netem" "$tests/engine_packets,netem" \
		"$tests/engine_adopted,netem" "$tests/engine_mtu,netem" \
		"$tests/engine_match,netem" "$tests/engine_tcp,netem" "$tests/tc_show"
fi
uml_run rp_load=bridge,veth,sch_htb,sch_netem,cls_u32 -- "$@"
