# tap: what test scripts need to speak TAP. Source it; call `check NAME COMMAND...` for each test
# point and `done_testing` last.
#
#	. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"

tap_n=0
tap_failed=0

# One test point: the command must succeed. What it printed explains a failure.
check() {
	tap_name=$1
	shift
	tap_n=$((tap_n + 1))
	if "$@" >"tap.$$.said" 2>&1; then
		echo "ok $tap_n - $tap_name"
	else
		echo "not ok $tap_n - $tap_name"
		sed 's/^/# /' "tap.$$.said"
		tap_failed=$((tap_failed + 1))
	fi
	rm -f "tap.$$.said"
}

skip() { # NAME REASON
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1 # SKIP $2"
}

skip_all() { # REASON
	echo "1..0 # SKIP $1"
	exit 0
}

done_testing() {
	echo "1..$tap_n"
	[ "$tap_failed" = 0 ]
	exit
}
