#!/bin/sh
# netem_uml.sh [BUILD_DIR [PROGRAM,ARG ...]]: the conformance cases over engine netem, in TAP.
#
# Where the kernel of this machine has sch_netem, the test programs run them themselves; this script
# is for those that have not. One boot of User Mode Linux runs all programs (about 2 s; it has one
# CPU, and its clock can run apart from the machine's, so everything is measured inside).
#
# runner: timeout 360, alone
build=${1:-${REGIONPROOF_BUILD:-build}}
tests=$build/tests/conformance
init=$tests/uml_init
limit_s=300

skip() {
	echo "1..0 # SKIP $1"
	exit 0
}

[ -z "${REGIONPROOF_SANITIZED-}" ] ||
	skip "the shadow memory of a sanitizer has no room in User Mode Linux"
uml=$(command -v linux.uml) || skip "user-mode-linux is not installed"
modules=$(ls -d /usr/lib/uml/modules/*/ 2>/dev/null | head -n 1)
[ -n "$modules" ] || skip "user-mode-linux has no modules in /usr/lib/uml/modules"
if [ "$#" -gt 1 ]; then
	shift
else
	set -- "$tests/engine_sabotage,netem" "$tests/engine_conformance,netem" \
		"$tests/engine_delay,netem" "$tests/engine_packets,netem" \
		"$tests/engine_adopted,netem" "$tests/engine_mtu,netem" \
		"$tests/engine_match,netem" "$tests/engine_tcp,netem" "$tests/tc_show"
fi
[ -x "$init" ] || skip "not built: make tests"
grep -qE '__[at]san_init' "$init" && skip "a sanitizer's memory map does not fit User Mode Linux"
run=
for program; do
	path=${program%%,*}
	[ -x "$path" ] || skip "not built: make tests"
	run=$run${run:++}$(realpath "$path")${program#"$path"}
done
out=$(mktemp -d) || exit 70
trap 'rm -rf "$out"' EXIT

echo "1..$#"
timeout -k 5 "$limit_s" "$uml" mem=512M root=/dev/root rootfstype=hostfs ro quiet \
	con=null con0=null,fd:2 ssl=null umid="rp-$$" uml_dir="$out/" \
	init="$(realpath "$init")" rp_out="$out" rp_modules="${modules%/}" \
	rp_load=bridge,veth,sch_htb,sch_netem,cls_u32 rp_run="$run" CMOCKA_MESSAGE_OUTPUT=TAP \
	</dev/null >"$out/console" 2>&1

n=0 failed=0
for program; do
	n=$((n + 1))
	[ -r "$out/$n.output" ] && sed 's/^/    /' "$out/$n.output"
	status=$(cat "$out/$n.status" 2>/dev/null || echo "none within $limit_s s")
	if [ "$status" = 0 ]; then
		echo "ok $n - $(basename "$program") in User Mode Linux"
	else
		echo "not ok $n - $(basename "$program") in User Mode Linux: status $status"
		[ -r "$out/$n.status" ] || sed 's/^/# /' "$out/console" | tail -n 30
		failed=1
	fi
done
exit $failed
