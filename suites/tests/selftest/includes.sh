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

check "a tree that obeys passes" silent
check "fixtures include no chaos" ours "includes follow" fixtures/net/site.h chaos/timeline.h 2
check "base includes nothing but base" ours "includes follow" fixtures/base/err.c fixtures/net/site.h 3
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
check "an own header that comes second" sh -c '
	cd tree && printf "#include <stdio.h>\n#include \"fixtures/net/site.h\"\n" >fixtures/net/site.c
	"$REGIONPROOF_BUILD/tests/lint/includes" . | grep "^not ok 2 - own header"'
check "a cycle between files of one room" sh -c '
	echo "#include \"chaos/b.h\"" >tree/chaos/a.h && echo "#include \"chaos/a.h\"" >tree/chaos/b.h
	"$REGIONPROOF_BUILD/tests/lint/includes" tree | grep "chaos/a -> chaos/b -> chaos/a"'
check "a cycle between rooms" ours "no cycle between rooms" chaos/engines/engine.h chaos/faults/fault.h 2
check "a cycle between rooms over different files" sh -c '
	: >tree/chaos/faults/other.h
	echo "#include \"fixtures/net/site.h\"" >tree/chaos/engines/engine.h
	echo "#include \"chaos/faults/other.h\"" >tree/chaos/engines/null.c
	"$REGIONPROOF_BUILD/tests/lint/includes" tree >out
	cat out
	grep -q "^not ok 6" out && grep -q "^ok 5" out'
check "a room inside a room is not a cycle" sh -c '
	: >tree/chaos/impairment.h
	echo "#include \"chaos/impairment.h\"" >tree/chaos/engines/engine.h
	rm tree/chaos/engines/null.c tree/chaos/a.h tree/chaos/b.h
	exec "$REGIONPROOF_BUILD/tests/lint/includes" tree'
done_testing
