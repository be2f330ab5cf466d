#!/bin/sh
# Fetch the npm packages of package.json beside this script into the directory that is named: uPlot,
# which the build embeds, what tests drive a browser with, and a server of the DynamoDB API. Never fails:
# without npm or network the build goes on, zoom.html has no zoom, and the tests that need a package are
# skipped.
set -u

here=$(dirname "$0")
to=$1
lock=$here/package-lock.json

cmp -s "$lock" "$to/installed" && exit 0
command -v npm >/dev/null 2>&1 || exit 0
mkdir -p "$to" && cp "$here/package.json" "$lock" "$to" || exit 0
if (cd "$to" && timeout 120 npm ci --ignore-scripts --no-audit --no-fund --loglevel=error \
	--fetch-retries=1 --fetch-timeout=20000) >"$to/log" 2>&1; then
	cp "$lock" "$to/installed"
else
	echo "npm could not fetch what zoom.html and browser tests need; it is left out ($to/log)" >&2
fi
exit 0
