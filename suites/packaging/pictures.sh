#!/bin/sh
# The pictures in the README, from runs made for them: parts of the report of the demo that fails, and the live page while a
# region is cut off. Called by `make pictures`; needs what `make deps` installs.
set -eu

program=$(realpath "$B/regionproof")
playwright=$(realpath "$NPM/node_modules/playwright-core")
out=$(realpath .github)/pictures
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

status=0
"$program" run --quiet --runs "$work/runs" suites/scenarios/demo-fail.yaml >"$work/said" || status=$?
if [ "$status" != 1 ] || ! grep -q '= detect' "$work/said"; then
	cat "$work/said"
	echo "the demo did not run as it should; is the machine busy? Run make pictures again" >&2
	exit 1
fi
for scheme in light dark; do
	node suites/packaging/pictures.mjs "$playwright" "file://$work/runs/latest/report.html" \
		"$out/timeline-$scheme.png" $scheme "section#timeline figure"
	node suites/packaging/pictures.mjs "$playwright" "file://$work/runs/latest/report.html" \
		"$out/verdict-$scheme.png" $scheme "#expectations"
done

"$program" run --live --hold --runs "$work/runs" suites/tests/selftest/live.yaml \
	>/dev/null 2>"$work/live" </dev/null &
pid=$!
for _ in $(seq 100); do grep -q '^live  ' "$work/live" && break; sleep 0.1; done
root=$PWD
(cd "$work" && node "$root/suites/tests/helpers/live.mjs" "$(sed -n 's/^live  //p' live)" "$playwright" \
	/usr/bin/chromium)
wait $pid || :
cp "$work/live-cut.png" "$out/live.png"
ls -l "$out"
