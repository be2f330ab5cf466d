#!/bin/sh
# runner: alone, long, timeout 900
# Planted bugs at a rare dose are found by random timelines within the budget, shrunk to at most two
# faults, and written.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"

SMALL=$REGIONPROOF_ROOT/suites/tests/selftest/small.yaml

explore() { # BUG
	rm -rf runs
	BUG=$1 "$REGIONPROOF_BUILD/regionproof" explore "$SMALL" --budget 240s --runs runs --quiet
	[ $? = 1 ]
}

faults() {
	n=$(grep -c '^  - { at: .*name: fault-' runs/explore-small-3/found.yaml)
	[ "$n" -le 2 ]
}

unshare -n true 2>/dev/null || skip_all "no network namespaces here"
for bug in ack-before-replication; do
	check "$bug at dose 1/1000 is found" explore "$bug=1/1000"
	check "$bug is shrunk to at most two faults" faults
done
done_testing
