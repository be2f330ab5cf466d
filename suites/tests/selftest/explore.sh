#!/bin/sh
# runner: steady, timeout 120
# A planted bug is found by random timelines, shrunk, written, and fails again.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"

SMALL=$REGIONPROOF_ROOT/suites/tests/selftest/small.yaml
BUG=ack-before-replication
export BUG

explore() {
	"$REGIONPROOF_BUILD/regionproof" explore "$SMALL" --seed 83 --budget 8s --runs runs --quiet >found.txt
	[ $? = 1 ]
}

faults() {
	n=$(grep -c '^  - { at: .*name: fault-' runs/explore-small-83/found.yaml)
	[ "$n" -ge 1 ] && [ "$n" -le 2 ]
}

fails_again() {
	for i in 1 2 3; do
		"$REGIONPROOF_BUILD/regionproof" run --quiet runs/explore-small-83/found.yaml
		[ $? = 1 ] && return 0
	done
	return 1
}

if ! unshare -n true 2>/dev/null; then
	skip_all "no network namespaces here"
fi
check "a lost write is found" explore
check "by at most two faults" faults
check "and what was written fails again" fails_again
done_testing
