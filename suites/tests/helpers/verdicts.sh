# verdicts: a run of a shipped scenario, and what its lines say. Source it after tap.sh.
#
#	run_scenario NAME SCENARIO    NAME/out is the console, NAME/err the progress, NAME/status the exit
#	run_file NAME FILE            the same of a scenario that is not shipped
#	verdict WHAT NAME LINE WORD   a test point: the expectation that begins with LINE ended with this
#	                              word. Skipped where the machine was too busy to decide it.
#	measured NAME LINE            the first number of its value

skip_without() { # PROGRAM...
	for program; do
		command -v "$program" >/dev/null || skip_all "$program is not installed"
	done
	unshare -n true 2>/dev/null || skip_all "no network namespaces here"
}

# What a machine says that did not keep up.
verdicts_busy='this machine was short of processors\|overlap a stall\|too busy'

# A run that this machine disturbed, before it began or in it, is made again, twice at most.
run_scenario() {
	run_file "$1" "$REGIONPROOF_ROOT/suites/scenarios/$2.yaml"
}

run_file() { # NAME FILE
	for try in 1 2 3; do
		rm -rf "$1"
		mkdir "$1"
		"$REGIONPROOF_BUILD/regionproof" run --runs="$1" "$2" >"$1/out" 2>"$1/err"
		echo $? >"$1/status"
		case $(cat "$1/status") in
		4 | 5) cat "$1/out" "$1/err" ;;
		*) grep -q "$verdicts_busy" "$1/out" || break ;;
		esac
	done
	[ "$(cat "$1/status")" -le 2 ]
}

verdict() {
	if grep "^  \(inconclusive\|void\)  *$3" "$2/out" | grep -q "$verdicts_busy"; then
		skip "$1" "this machine was too busy"
	else
		check "$1" verdict_is "$2" "$3" "$4"
	fi
}

verdict_is() {
	cat "$1/out"
	grep -q "^  $3  *$2" "$1/out"
}

measured() {
	sed -n "s|^  [a-zA-Z]*  *$2 *[> ]*\([0-9.]*\) .*|\1|p" "$1/out" | head -n 1
}
