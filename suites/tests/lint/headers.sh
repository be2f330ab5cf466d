#!/bin/sh
# Every header compiles alone, without the flags of any library: it includes what it uses and no
# third-party header.
cd "$REGIONPROOF_ROOT" || exit 1
headers=$(find chaos fixtures probes reports suites -name '*.h' | sort)
n=0
failed=0
for header in $headers; do
	n=$((n + 1))
	if said=$(${CC:-gcc} -std=gnu11 -fsyntax-only -Wall -Wextra -I. -D_GNU_SOURCE -x c \
		-include "$header" /dev/null 2>&1) && [ -z "$said" ]; then
		echo "ok $n - $header"
	else
		echo "not ok $n - $header"
		echo "$said" | sed 's/^/# /'
		failed=1
	fi
done
echo "1..$n"
exit $failed
