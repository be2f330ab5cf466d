#!/bin/sh
# runs, compare, drills and prune over a store of runs that never were: made from one line of JSON.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"

program=$REGIONPROOF_BUILD/regionproof

ends() { # CODE ARGUMENT...
	wanted=$1
	shift
	status=0
	"$program" "$@" >out 2>err || status=$?
	cat out err
	[ "$status" = "$wanted" ]
}
says() { grep -q -e "$2" "$1"; }
lacks() { ! grep -q -e "$2" "$1"; }

# NAME DAYS-AGO EXIT-CODE VERDICT LOST: one failover of 2 s and so many writes lost of 1000
a_run() {
	wall=$(($(date +%s) - $2 * 86400))
	mkdir -p "store/$1"
	cat >"store/$1/run.json" <<-JSON
	{"schema": 1, "tool": "regionproof", "version": "0.1.0", "run": "$1",
	 "scenario": {"name": "trial", "path": "trial.yaml", "about": "", "text": ""},
	 "seed": 1, "command": "", "duration_ns": 10000000000,
	 "clock": {"wall_start_ns": ${wall}000000000, "epoch_ns": 1, "boot_id": null},
	 "exit_code": $3, "interrupted": false, "error": null, "environment": [], "regions": [],
	 "phases": [], "events": [], "faults": [],
	 "expectations": [
	  {"id": "failover.rto < 4s", "metric": "failover.rto", "file": "trial.yaml", "line": 1,
	   "column": 1, "verdict": "pass", "wanted": "< 4 s", "got": "2 s", "wanted_value": 4e9,
	   "got_value": 2e9, "low": null, "high": null, "unit": "ns", "n": 1, "n_what": "failover",
	   "why": null, "note": null, "phase": null, "parts": [], "witnesses": [], "total_findings": 0},
	  {"id": "writes.lost == 0", "metric": "writes.lost", "file": "trial.yaml", "line": 2,
	   "column": 1, "verdict": "$4", "wanted": "== 0", "got": "$5", "wanted_value": 0,
	   "got_value": $5, "low": null, "high": null, "unit": "count", "n": 1000, "n_what": "writes",
	   "why": null, "note": null, "phase": null, "parts": [], "witnesses": [],
	   "total_findings": $5}],
	 "cleanup": {"verified": true, "changes": []}}
	JSON
}

check "without a store there is one sentence" ends 64 runs --runs store
check "that says what to do" says err 'run a scenario first'
mkdir store
check "an empty store has no run" ends 0 runs --runs store
check "and no drill, which is no pass" ends 2 drills --runs store

a_run old 40 0 pass 0
a_run bad 1 1 fail 3
check "a failed drill does not renew an old one" ends 1 drills --runs store
check "it is overdue" says out 'OVERDUE.*trial.*40.0 days ago'
check "unless more time is given" ends 0 drills --runs store --max-age 50d
check "a time without a unit is refused" ends 64 drills --runs store --max-age 50
a_run new 0 0 pass 0
check "a passing one renews it" ends 0 drills --runs store
check "drills --json names it" ends 0 drills --runs store --json
check "as the last that passed" says out '"last_passed": "new"'

check "runs lists all" ends 0 runs --runs store
check "newest first" sh -c 'head -1 out | grep -q new && tail -1 out | grep -q old'
check "or as many as wanted" ends 0 runs --runs store --limit 1
check "and no more" lacks out old
check "a trend needs a scenario" ends 64 runs --runs store --trend writes.lost
check "and shows every run" ends 0 runs --runs store --scenario trial --trend writes.lost
check "with its verdict" says out 'fail .* 3 '

check "a regression ends in 1" ends 1 compare --runs store old bad
check "and is named" says out 'worse .*writes.lost == 0'
check "the other way round it is none" ends 0 compare --runs store bad new
check "equal runs end in 0" ends 0 compare --runs store old new
check "the baseline is the last that passed" ends 1 compare --runs store --baseline bad
check "namely" says out 'before *old'
check "an oldest run has none" ends 2 compare --runs store --baseline old
check "a run that is not there is told" ends 64 compare --runs store old nothing
check "one run alone is no comparison" ends 64 compare --runs store old

check "prune needs a number" ends 64 prune --runs store
check "prune keeps the newest" ends 0 prune --runs store --keep 1
check "and removes the others" test ! -e store/bad -a ! -e store/old -a -e store/new
a_run failed 0 1 fail 9
check "it spares the last drill that passed" ends 0 prune --runs store --keep 1
check "wherever it stands" test -e store/new
check "and the page over the store says so" says store/index.html 'new/report.html'
done_testing
