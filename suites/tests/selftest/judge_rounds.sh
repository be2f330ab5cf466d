#!/bin/sh
# runner: long, timeout 900
# Every judge of recorded histories against brute force on 100000 random histories per model and
# level; where they disagree the seed and the least history are printed.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"

export REGIONPROOF_ROUNDS=100000
for name in search registers collections list_append transactions anomalies; do
	check "$name agrees with brute force on $REGIONPROOF_ROUNDS histories" \
		"$REGIONPROOF_BUILD/tests/unit/judge/models/${name}_test"
done
done_testing
