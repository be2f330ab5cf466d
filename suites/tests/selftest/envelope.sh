#!/bin/sh
# runner: alone, long, timeout 1200
# The longer Redis with Sentinel is cut off, the more acknowledged writes are lost; and the same beside
# the loss of packets before the cut. The table is left in build/tests/envelope.txt.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"

for program in redis-server redis-sentinel; do
	command -v "$program" >/dev/null || skip_all "$program is not installed"
done

envelope() {
	"$REGIONPROOF_BUILD/regionproof" envelope \
		"$REGIONPROOF_ROOT/suites/scenarios/redis-sentinel-envelope.yaml" \
		--vary cut.for=2s,8s,14s --vary slow.loss=0%,5%,15% --runs runs >envelope.txt
	code=$?
	cp envelope.txt "$REGIONPROOF_BUILD/tests/envelope.txt"
	cat envelope.txt
	return $code
}

# The rows under "writes.lost == 0" without words: what each length lost, behind the loss of packets.
lost() {
	awk '/^writes.lost/ { on = 1; getline; next } /^[^ ]/ { on = 0 }
		on && /^ +[0-9]+%/ { gsub(/FAIL|\?/, ""); print }' envelope.txt
}

# By more than chance gives and takes (three deviations of counts): at every step without other loss;
# from the shortest to the longest beside it, where a failover may begin late.
grows() {
	lost | awk 'function more(a, b) { return b - a > 3 * sqrt(a + b) }
		NF != 4 { bad = 1 }
		!more($2, $4) || (NR == 1 && !(more($2, $3) && more($3, $4))) { bad = 1 }
		END { exit bad || NR != 3 }'
}

check "every pair is run" envelope
check "loss grows with the cut" grows
check "a picture is written" grep -q "<svg" runs/envelope-redis-sentinel-envelope/envelope.html
done_testing
