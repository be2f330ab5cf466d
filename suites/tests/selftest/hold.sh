#!/bin/sh
# --hold at a terminal: Enter goes on, the timeline moves by what was held, and phases are judged where they were.
#
# runner: timeout 100, steady
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"

program=$REGIONPROOF_BUILD/regionproof
for tool in script python3; do
	command -v $tool >/dev/null || skip_all "$tool is missing"
done
mkfifo keys
script -qefc "'$program' run --hold '$REGIONPROOF_ROOT/suites/tests/selftest/small.yaml'" tty <keys >/dev/null 2>&1 &
pid=$!
exec 3>keys

held() { # N: that often it has said that it waits
	for _ in $(seq 300); do
		[ "$(grep -ac 'Enter goes on' tty)" -ge "$1" ] && return 0
		sleep 0.1
	done
	return 1
}

for n in 1 2 3; do
	check "it waits, $n" held $n
	sleep 1
	echo >&3
done
status=0
wait $pid || status=$?
exec 3>&-

# What the run says of itself, against what was planned: cut from 2 s for 2 s, quiet from 5 s.
facts() {
	python3 - <<-'END'
	import json, sys
	run = json.load(open("regionproof-runs/latest/run.json"))
	held = json.load(open("regionproof-runs/latest/record.json"))["holds"]
	phases = {p["name"]: (p["start_ns"] / 1e9, p["end_ns"] / 1e9) for p in run["phases"]}
	by = [h[1] / 1e9 for h in held]
	print(phases, by)
	near = lambda a, b: abs(a - b) < 0.3
	assert len(by) == 3 and all(0.5 < b < 20 for b in by), "three holds"
	assert near(phases["steady"][1], 2), "steady ends when it should"
	assert near(phases["cut"][0], 2 + by[0]), "the cut begins later"
	assert near(phases["cut"][1], 4 + by[0] + by[1]), "the cut lasts longer"
	assert near(phases["recovery"][0], 4 + by[0] + by[1]), "recovery begins at its end"
	assert near(phases["recovery"][1], 5 + by[0] + by[1]), "recovery ends before the hold"
	assert near(phases["settled"][0], 5 + sum(by)), "quiet begins later"
	END
}

case $status in
0 | 1 | 2) check "everything moved by what was held" facts ;;
5) skip "everything moved by what was held" "the machine is too busy: not steady" ;;
*) check "it ended well" sh -c "tail -5 tty; exit $status" ;;
esac
done_testing
