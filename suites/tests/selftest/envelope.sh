#!/bin/sh
# runner: alone, long, timeout 600
# The longer Redis with Sentinel is cut off, the more acknowledged writes are lost.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"

for program in redis-server redis-sentinel; do
	command -v "$program" >/dev/null || skip_all "$program is not installed"
done

envelope() {
	"$REGIONPROOF_BUILD/regionproof" envelope "$REGIONPROOF_ROOT/suites/scenarios/redis-sentinel-cut.yaml" \
		--vary cut.for=2s,8s,16s --runs runs --quiet >envelope.txt
}

# The row under "writes.lost == 0": what each length lost.
grows() {
	cat envelope.txt
	awk '/^writes.lost/ { getline; getline; gsub(/FAIL|\?/, ""); print $1, $2, $3 }' envelope.txt |
		awk '{ exit !($1 <= $2 && $2 <= $3 && $3 > 0) }'
}

check "every length is run" envelope
check "loss grows with the cut" grows
check "a picture is written" grep -q "<svg" runs/envelope-redis-sentinel-cut/envelope.html
done_testing
