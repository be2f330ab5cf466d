#!/bin/sh
# runner: alone, long, timeout 21600
# Every planted bug of region-store, let loose once in a thousand times, is found by random timelines
# within half an hour, and by at most two faults. The table is left in build/tests/explore.txt.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"

BUDGET=${EXPLORE_BUDGET:-30m}
TABLE=$REGIONPROOF_BUILD/tests/explore.txt
BUGS=${EXPLORE_BUGS:-stale-unflagged stale-flag-lies fresh-flagged ack-before-replication
	forget-at-failover two-primaries resurrect-deleted no-catch-up ignore-min-version lost-update}

# The active-active store has a bug of its own, and a scenario.
scenario_of() {
	case $1 in
	lost-update) echo "$REGIONPROOF_ROOT/suites/scenarios/active-active.yaml" ;;
	*) echo "$REGIONPROOF_ROOT/suites/tests/selftest/rare.yaml" ;;
	esac
}

explore() {
	mkdir -p "runs-$1"
	BUG=$1=1/1000 "$REGIONPROOF_BUILD/regionproof" explore "$(scenario_of "$1")" \
		--budget "$BUDGET" --runs "runs-$1" >"$1.out" 2>"$1.err"
	[ $? = 1 ]
}

# "found in run 8 after 42 s, shrunk from 1 faults to 1 in 10 more"
row() {
	metric=$(awk '/^FAIL/ { print $2; exit }' "$1.out")
	sed -n 's/.*found in run \([0-9]*\) after \([0-9]*\) s, shrunk from \([0-9]*\) faults to \([0-9]*\) in \([0-9]*\) more/\1 \2 \3 \4 \5/p' \
		"$1.out" | {
		read -r run seconds before after more || set -- "$1" none
		printf '%-24s %-28s %5s %6s s %6s %6s %6s\n' "$1" "${metric:-not found}" "${run:--}" \
			"${seconds:--}" "${before:--}" "${after:--}" "${more:--}"
	} >>"$TABLE"
}

few_faults() {
	cat runs-"$1"/explore-*/found.yaml >found.yaml &&
		[ "$(grep -c '^  - { at: .*name: fault-' found.yaml)" -le 2 ]
}

if ! unshare -n true 2>/dev/null; then
	skip_all "no network namespaces here"
fi
printf '%-24s %-28s %5s %8s %6s %6s %6s\n' "planted bug, 1 in 1000" "found by" run after faults shrunk \
	in >"$TABLE"
for bug in $BUGS; do
	check "$bug is found" explore "$bug"
	row "$bug"
	check "$bug needs two faults at most" few_faults "$bug"
done
sed 's/^/# /' "$TABLE"
done_testing
