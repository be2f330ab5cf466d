#!/bin/sh
# runner: steady, timeout 120
# A stored run is repeated packet by packet; one that was told another seed is found out.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without

run() { # STATUS ARGUMENT...
	want=$1
	shift
	"$REGIONPROOF_BUILD/regionproof" run --quiet --runs=runs "$@" >out 2>err
	status=$?
	cat out err
	[ "$status" = "$want" ]
}

runs_through() { # whatever it found of the system
	run 0 "$@" || [ "$status" = 2 ]
}

# Some of them, and all equal, drops among them; the fault's own line says it too.
all_equal() {
	cat out
	sed -n 's/.*replay .*replayed: \([0-9]*\) of \([0-9]*\) decisions equal .*, \([0-9]*\) of them drops.*/\1 \2 \3/p' out |
		while read -r equal common drops; do
			[ "$equal" = "$common" ] && [ "$drops" -gt 10 ] && echo yes
		done | grep -q yes &&
		grep -q ' slower  *replayed: \([0-9]*\) of \1 decisions' out
}

refused() { # SENTENCE ARGUMENT...
	sentence=$1
	shift
	run 64 "$@" && grep -q -e "$sentence" err
}

scenario=$REGIONPROOF_ROOT/suites/tests/selftest/replay.yaml
check "a run keeps its decisions" runs_through --decisions "$scenario"
check "a replay of it runs" runs_through --replay latest
check "and decides the same, packet by packet" all_equal
cp -r runs/latest/ another
sed -i 's/"seed": *11/"seed": 12/' another/run.json
check "with another seed it does not, and that is an error of ours" run 70 --replay another
check "and it says where" grep -q 'replayed: .* decisions equal .*; first ' out
rm another/record/*/decisions.bin
check "without decisions there is nothing to repeat" refused "kept no decisions" --replay another
check "a replay takes no scenario" refused "leave .* out" --replay latest "$scenario"
check "nor an engine that decides by itself" refused "only engine wire" --replay latest --engine=netem
done_testing
