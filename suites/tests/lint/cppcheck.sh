#!/bin/sh
# runner: timeout 600
# cppcheck over the whole tree at once, so that it sees calls across files.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
command -v cppcheck >/dev/null || skip_all "cppcheck is not installed (make deps-dev)"
scratch=$PWD
cd "$REGIONPROOF_ROOT" || exit 1
# missingInclude: libraries' headers are not followed. Tests are cmocka's: asserts that longjmp
# away look to it like code that goes on. readdir() is safe with a DIR of one's own; what a function
# writes through a va_list before it reads it is not seen (ctuuninitvar).
check "cppcheck has nothing to say" cppcheck -q -j2 --std=c11 --library=posix,gnu \
	--enable=warning,portability --inline-suppr --error-exitcode=1 --suppress=missingInclude --suppress=missingIncludeSystem \
	--suppress=unknownMacro --suppress=readdirCalled \
	--suppress=ctuuninitvar -i suites/tests -i suites/bench -I. -D_GNU_SOURCE -DREGIONPROOF_VERSION='""' \
	--cppcheck-build-dir="$scratch" chaos fixtures probes reports suites
done_testing
