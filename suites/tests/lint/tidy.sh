#!/bin/sh
# runner: timeout 1800
# The few checks of clang-tidy that .clang-tidy names, over what the build compiles, tests and
# benchmarks aside (flags are the build's). Two at a time.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
command -v clang-tidy >/dev/null || skip_all "clang-tidy is not installed (make deps-dev)"

flags=$(sed 's/^[^ ]* //; s/ -MMD -MP//' "$REGIONPROOF_BUILD/flags")
eval "printf '%s\n' $flags -I$REGIONPROOF_ROOT" >compile_flags.txt
scratch=$PWD
cd "$REGIONPROOF_ROOT" || exit 1
find chaos fixtures probes reports suites suites/tests/runner suites/tests/lint -name '*.c' \
	-not -path 'suites/tests/[!rl]*' -not -path 'suites/bench/*' | sort -u |
	xargs -P2 -I{} sh -c 'clang-tidy --quiet -p "$1" --warnings-as-errors="*" "$2" \
		>"$1/$(echo "$2" | tr / ,).said" 2>/dev/null ||
		touch "$1/$(echo "$2" | tr / ,).bad"' - "$scratch" {}
cd "$scratch" || exit 1

verdict() { # FILE
	[ ! -e "$1.bad" ] || { grep -E 'error:|warning:' "$1.said"; return 1; }
}

for said in *.said; do
	file=${said%.said}
	check "$(echo "$file" | tr , /)" verdict "$file"
done
done_testing
