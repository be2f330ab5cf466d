#!/bin/sh
# runner: steady, timeout 150
# The lost writes that a run of Redis with Sentinel reports are the ones that redis-cli finds lost: on
# the old primary just before the cut is lifted, and not on the new one when all is settled.
#
# Exact for writes acknowledged before the dump. A write of unknown outcome is no lost one, and may
# stand on the old primary all the same; one that was under way at the dump, or came after it, cannot
# be compared and is left out on both sides.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/redis_run.sh"
redis_skip

MARGIN_NS=50000000 # of the wall clock against the monotonic one

# Every write of the ledger against both dumps: "agree LOST", "agree KEPT", or what differs.
compare() { # LEDGER
	dump_ns=$(($(head -n 1 truth/old)000 - $(redis_number truth wall_start_ns) - MARGIN_NS))
	awk -v dump="$dump_ns" -F '\t' '
		FILENAME == "truth/old" { if (FNR > 1) { split($0, w, " "); old[w[1]] = w[2] } next }
		FILENAME == "truth/new" { if (FNR > 1) { split($0, w, " "); new[w[1]] = w[2] } next }
		FNR == 1 { next }
		{ known[$1] = 1 }
		$8 != "ok" || $7 + 0 >= dump { next }
		{
			stood = old[$1] == $2 || new[$1] == $2
			lost = old[$1] == $2 && new[$1] != $2
			if (!stood) print "on no primary:", $0
			else if (lost && $9 != "lost") print "redis-cli says lost:", $0
			else if (!lost && $9 != "kept") print "redis-cli says kept:", $0
			else print "agree", $9
		}
		END { for (k in old) if (!(k in known)) print "nobody wrote:", k }
	' truth/old truth/new "$1" >compared
}

all_agree() {
	grep -v '^agree' compared
	[ "$(grep -c '^agree kept' compared)" -ge 500 ] && ! grep -qv '^agree' compared
}

at_least_100_lost() {
	grep -c '^agree lost' compared
	[ "$(grep -c '^agree lost' compared)" -ge 100 ]
}

# One loss fewer, one loss more: would it be noticed?
notices_a_changed_fate() {
	for change in 's/lost$/kept/' 's/kept$/lost/'; do
		line=$(awk -F '\t' -v from="${change#s/}" '$8 == "ok" && from ~ "^" $9 { print NR; exit }' \
			truth/run/ledger.tsv)
		sed "$line$change" truth/run/ledger.tsv >changed
		compare changed
		[ "$(grep -vc '^agree' compared)" = 1 ] || return 1
	done
}

# The number in the verdict is the number of lines in the list.
verdict_counts_them_all() {
	grep '^  FAIL  writes.lost ' truth/out
	lost=$(awk -F '\t' '$8 == "ok" && $9 == "lost"' truth/run/ledger.tsv | wc -l)
	grep -q "^  FAIL  writes.lost  *$lost  *== 0" truth/out
}

two_masters_were_seen() {
	cat truth/roles
	[ "$(head -n 1 truth/roles)" = master ] && [ "$(grep -c master truth/roles)" = 2 ] &&
		grep -q '^  FAIL  split_brain.window ' truth/out
}

check "Redis is cut, fails over and settles" redis_run truth 0
check "redis-cli read both primaries" test -s truth/old -a -s truth/new
check "ledger and dumps can be compared" compare truth/run/ledger.tsv
check "the lost writes are those that redis-cli finds lost" all_agree
check "at least 100 of them" at_least_100_lost
check "the verdict counts every one" verdict_counts_them_all
echo "# $(grep -c '^agree lost' compared) lost and $(grep -c '^agree kept' compared) kept on both sides;" \
	"$(awk -F '\t' '$8 == "ok" && $9 == "lost"' truth/run/ledger.tsv | wc -l) lost in all"
check "a single wrong fate would be noticed" notices_a_changed_fate
check "two masters three seconds after the cut, and the verdict says so" two_masters_were_seen
check "the failover is within its bound" grep -q '^  ok  *failover.rto in cut' truth/out
done_testing
