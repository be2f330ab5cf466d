#!/bin/sh
# The demo: one scenario that passes and one that fails on purpose, each with the exit code that it
# owes (0 and 1), and where the reports are.
set -eu

program=${B:-build}/regionproof

demo() { # scenario, exit code it owes
	status=0
	"$program" run "$1" || status=$?
	if [ "$status" != "$2" ]; then
		echo "demo: $1 ended with exit code $status, not $2" >&2
		exit 1
	fi
	echo "exit code $status, as it should be; report in $(readlink -f regionproof-runs/latest)"
	echo
}

demo suites/scenarios/demo-pass.yaml 0
echo "The next one fails on purpose."
demo suites/scenarios/demo-fail.yaml 1
