#!/bin/sh
# runner: alone, long, timeout 600
# A region is lost, and the edge that takes its clients over is cold: how long until it is warm is found, by the
# clients and by the edge's own counters; an edge that is not warm in time is caught, and one that never is. About
# 3 minutes.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without gdnsd gdnsdctl unbound varnishd varnishstat bash

takeover="takeover.time for users in lost at us-central"

# "1764204000 12 3 0": when, what the edge of us-west had, what it had not, what it passed on, each second of a run
count() { # NAME
	while sleep 1; do
		for state in "$PWD/$1"/[0-9]*/work/us-west/nodes/edge/state; do
			varnishstat -1 -n "$state" -f MAIN.cache_hit -f MAIN.cache_miss -f MAIN.s_pass 2>/dev/null |
				awk -v at="$(date +%s)" '{ n[$1] = $2 } END { if (NR == 3)
					print at, n["MAIN.cache_hit"], n["MAIN.cache_miss"], n["MAIN.s_pass"] }'
		done
	done >"$1.counts"
}

run_counted() { # NAME FILE
	count "$1" &
	counter=$!
	run_file "$1" "$2"
	ran=$?
	kill "$counter"
	wait "$counter" 2>/dev/null
	return $ran
}

# What the edge counted of COLUMN in the last 28 of its seconds: the fault, and hardly anything before.
counted() { # NAME COLUMN
	awk -v c="$2" '{ at[NR] = $1; n[NR] = $c } END { i = NR; while (i > 1 && at[NR] - at[i] < 28) i--; print n[NR] - n[i] }' \
		"$1.counts"
}

in_line() { # WHAT LEAST MOST: the number lies between
	echo "$1 of $2 to $3"
	[ "$1" -ge "$2" ] && [ "$1" -le "$3" ]
}

counts_as_clients_do() { # NAME: misses by the edge's own counter, and what clients in the fault were told
	of_edge=$(counted "$1" 3)
	of_clients=$(measured "$1" "edge.misses.count for users in lost")
	echo "misses: $of_edge by the edge's counter, $of_clients as clients were told"
	# who waited for longer than the time-out was told nothing; availability is asked for, too: three pages
	[ "$of_clients" -gt 0 ] && in_line "$of_edge" "$of_clients" "$((of_clients + 20))"
}

took() { # NAME: "13.2 s", or "> 29.0 s" where it was not over
	sed -n "s|^  [a-zA-Z]*  *$takeover *\(.*[^ ]\)  *< 20.0 s.*|\1|p" "$1/out" | head -n 1
}

say() { # NAME
	echo "# $1: served as before after $(took "$1"), of which DNS" \
		"$(measured "$1" "dns.switch_time for names in lost at us-central") s; in the fault clients were told of" \
		"$(measured "$1" "edge.misses.count for users in lost") misses; by its own counters the edge" \
		"had $(counted "$1" 2), had not $(counted "$1" 3), passed on $(counted "$1" 4)"
}

scenario=$REGIONPROOF_ROOT/suites/scenarios/edge-takeover.yaml
check "a region is lost, and a cold edge takes its clients over" run_counted warm "$scenario"
verdict "they were led to the region that is lost" warm "routing.share for users in steady" ok
verdict "whose edge was warm" warm "edge.misses for users in steady" ok
verdict "DNS leads them elsewhere in time" warm "dns.switch_time for names in lost at us-central" ok
verdict "the cold edge misses" warm "edge.misses.count for users in lost" ok
verdict "and is warm in time" warm "$takeover" ok
verdict "who was there before feels nothing of it" warm "latency.p95 for locals in lost" ok
verdict "warm again it misses nothing" warm "edge.misses for users in warm" ok
for region in us-east us-central; do
	verdict "and answers within 100 ms in $region" warm "latency.p99 for users in warm at $region" ok
done
check "the edge counts the misses as clients do" counts_as_clients_do warm
say warm

STANDBY_RENDERERS=1
export STANDBY_RENDERERS
check "the same before an origin that is too small" run_counted small "$scenario"
verdict "DNS leads clients elsewhere in time" small "dns.switch_time for names in lost at us-central" ok
verdict "the edge is not warm in time, and that is caught" small "$takeover" FAIL
say small
unset STANDBY_RENDERERS

STRANGERS=us-west
export STRANGERS
passes_on() { # besides what nobody keeps: writes, and questions after its health
	counted never 3
	[ "$(counted never 3)" -le 5 ] && in_line "$(counted never 4)" 300 8000
}
check "the same with an edge that keeps nothing for these clients" run_counted never "$scenario"
verdict "it is never warm, and that is caught" never "$takeover *> .*< 20.0 s" FAIL
check "its counters say that it passed them on" passes_on
say never
unset STRANGERS

check "without a region that is lost" run_file calm "$REGIONPROOF_ROOT/suites/tests/selftest/edge_calm.yaml"
verdict "nobody is led elsewhere" calm "routing.share for users in lost" ok
verdict "no edge is cold" calm "edge.misses.count for users in lost" ok
verdict "and nothing had to be taken over" calm "$takeover" ok

sed 's/kill: .*, for/kill: us-central\/origin, for/' "$scenario" >elsewhere.yaml
refuses() { # where nothing fails over there is no takeover to judge
	"$REGIONPROOF_BUILD/regionproof" check elsewhere.yaml
	[ $? = 3 ] && "$REGIONPROOF_BUILD/regionproof" check elsewhere.yaml 2>&1 |
		grep "nothing fails over and takeover.time could only be green"
}
check "a fault that no takeover follows is refused" refuses
done_testing
