#!/bin/sh
# The include rules must fire on each kind of planted offence, and stay silent on a tree that obeys.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"

# A small tree that obeys every rule.
plant() {
	rm -rf tree
	mkdir -p tree/fixtures/base tree/fixtures/net tree/fixtures/region-store tree/chaos/engines \
		tree/chaos/faults tree/probes tree/reports tree/suites/tests
	cd tree || exit 1
	echo '#include <stdint.h>' >fixtures/base/err.h
	echo '#include "fixtures/base/err.h"' >fixtures/base/err.c
	echo '#include "fixtures/base/err.h"' >fixtures/net/site.h
	printf '#include "fixtures/net/site.h"\n#include <netlink/netlink.h>\n' >fixtures/net/site.c
	echo '#include "fixtures/base/err.h"' >fixtures/region-store/store.h
	echo '#include "fixtures/net/site.h"' >chaos/engines/engine.h
	echo '#include "chaos/engines/engine.h"' >chaos/faults/fault.h
	printf '#include "chaos/engines/engine.h"\n#include <sys/types.h>\n' >chaos/timeline.h
	echo '#include "fixtures/net/site.h"' >probes/op.h
	echo '#include "fixtures/base/err.h"' >reports/result.h
	printf '#include "chaos/timeline.h"\n#include "probes/op.h"\n#include "reports/result.h"\n' >suites/run.c
	echo '#include "fixtures/region-store/store.h"' >suites/tests/store.c
	cd ..
}

silent() {
	plant
	"$REGIONPROOF_BUILD/tests/lint/includes" tree
}

fires() { # RULE, FILE, INCLUDE LINE
	plant
	echo "$3" >>"tree/$2"
	if "$REGIONPROOF_BUILD/tests/lint/includes" tree >out; then
		echo "it did not fail"
		return 1
	fi
	cat out
	grep -q "^not ok [0-9]* - $1" out && [ "$(grep -c '^not ok' out)" = "${4:-1}" ]
}

ours() { # RULE, FILE, HEADER [, offended rules]
	fires "$1" "$2" "#include \"$3\"" "$4"
}

silent_with() { # FILE, LINE [, FILE, LINE ...]
	plant
	while [ $# -gt 0 ]; do
		printf '%s\n' "#include \"$2\"" >>"tree/$1"
		shift 2
	done
	"$REGIONPROOF_BUILD/tests/lint/includes" tree
}

own_header_second() {
	plant
	printf '#include <stdio.h>\n#include "fixtures/net/site.h"\n' >tree/fixtures/net/site.c
	"$REGIONPROOF_BUILD/tests/lint/includes" tree | grep '^not ok 2 - own header'
}

cycle_in_a_room() {
	! silent_with chaos/a.h chaos/b.h chaos/b.h chaos/a.h >out
	grep -F 'chaos/a.h -> chaos/b.h -> chaos/a.h' out
}

cycle_over_different_files() {
	! silent_with chaos/faults/other.h fixtures/base/err.h chaos/engines/null.c chaos/faults/other.h >out
	cat out
	grep -q '^not ok 6' out && grep -q '^ok 5' out
}

check "a tree that obeys passes" silent
check "fixtures include no chaos" ours "includes follow" fixtures/net/site.h chaos/timeline.h 2
check "base includes nothing but base" ours "includes follow" fixtures/base/err.c fixtures/net/site.h 2
check "chaos includes no probes" ours "includes follow" chaos/timeline.h probes/op.h
check "probes include no chaos" ours "includes follow" probes/op.h chaos/timeline.h
check "reports include no net" ours "includes follow" reports/result.h fixtures/net/site.h
check "nobody includes suites" ours "includes follow" probes/op.h suites/run.c 3
check "region-store is closed" ours "includes follow" suites/run.c fixtures/region-store/store.h
check "tests are closed" ours "includes follow" suites/run.c suites/tests/store.c
check "a header that is not there" ours "includes are written" suites/run.c probes/nothing.h
check "a header named from its own folder" ours "includes are written" suites/run.c run.h 2
check "a third-party header in a header" fires "no header" probes/op.h '# include <curl/curl.h>'
check "a third-party header in base" fires "no header" fixtures/base/err.c '#include <jansson.h>'
check "an own header that comes second" own_header_second
check "a cycle between files of one room" cycle_in_a_room
check "a file that uses what knows its header is not a cycle" silent_with \
	chaos/parts.h chaos/timeline.h chaos/timeline.c chaos/timeline.h chaos/timeline.c chaos/parts.h
check "a cycle between rooms" ours "no cycle between rooms" chaos/engines/engine.h chaos/faults/fault.h 2
check "a cycle between rooms over different files" cycle_over_different_files
check "a room inside a room is not a cycle" silent_with \
	chaos/impairment.h fixtures/base/err.h chaos/engines/engine.h chaos/impairment.h \
	chaos/timeline.h chaos/engines/engine.h
done_testing
