#!/bin/sh
# runner: alone, long, timeout 900
# min-replicas-to-write makes the old primary refuse writes once it has lost its replicas: the share
# of acknowledged writes that are lost falls in five pairs of five, at a cost in availability.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/redis_run.sh"
redis_skip

lost_ppm() { # NAME; nothing where the fate of a write is undecided
	awk -F '\t' '$8 == "ok" { n++; lost += $9 == "lost"; open += $9 == "undecided" }
		END { if (!n || open) exit 1; printf "%d\n", 1000000 * lost / n }' "$1/run/ledger.tsv" ||
		{ cat "$1/err" "$1/out"; return 1; }
}

availability() { # NAME: of writes of the cut region
	sed -n 's/^  [a-zA-Z]*  *availability for writes in cut at us-east *\([0-9.]*\) %.*/\1/p' "$1/out"
}

# A run that this machine kept from its cut has measured nothing and is made again, twice at most.
measured() { # NAME MIN_REPLICAS
	for try in 1 2 3; do
		rm -rf "$1"
		redis_run "$1" "$2"
		grep -q 'not steady before\|too busy' "$1/out" || return 0
	done
}

falls() { # PAIR
	measured loose 0
	measured safe 1
	without=$(lost_ppm loose) || { echo "$without"; return 1; }
	with=$(lost_ppm safe) || { echo "$with"; return 1; }
	echo "# pair $1: $without ppm of the writes lost, $(availability loose) % of writes in the cut region;" \
		"with min-replicas-to-write 1: $with ppm, $(availability safe) %" >>numbers
	[ "$with" -lt "$without" ]
}

for pair in 1 2 3 4 5; do
	check "the lost share falls, pair $pair" falls $pair
done
cat numbers
done_testing
