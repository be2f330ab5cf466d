#!/bin/sh
# runner: timeout 120
# Every source is as .clang-format has it. To mend: make format
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
command -v clang-format >/dev/null || skip_all "clang-format is not installed (make deps-dev)"
cd "$REGIONPROOF_ROOT" || exit 1
for file in $(find chaos fixtures probes reports suites -name '*.[ch]' | sort); do
	check "$file" clang-format --dry-run -Werror --ferror-limit=3 "$file"
done
done_testing
