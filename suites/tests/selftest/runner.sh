#!/bin/sh
# The runner must report what fails, hangs, dies, says nothing or leaves something behind, and must
# not report what is well. Each case is a script run by a runner of its own.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"

mkdir -p b/tests

# Run the runner over a script with the given body; its output is in out, its exit status in rc.
run() {
	printf '#!/bin/sh\n%s\n' "$1" >case.sh
	chmod +x case.sh
	rc=0
	"$REGIONPROOF_BUILD/tests/runner" -b b $2 case.sh >out 2>&1 || rc=$?
}

last_line_is() {
	[ "$(tail -n 1 out)" = "$1" ] || { cat out; return 1; }
}

fails() { # BODY, TEXT that the output must hold [, COUNTS]
	run "$1"
	[ "$rc" = 1 ] || { echo "exit status $rc"; cat out; return 1; }
	grep -qF -e "$2" out || { echo "not said: $2"; cat out; return 1; }
	last_line_is "${3:-0 passed, 1 failed, 0 skipped}"
}

passes() { # BODY, COUNTS [, OPTIONS]
	run "$1" "$3"
	[ "$rc" = 0 ] || { echo "exit status $rc"; cat out; return 1; }
	last_line_is "$2"
}

junit_names_the_failure() {
	run 'echo 1..2; echo "ok 1 - a"; echo "not ok 2 - b <]]>"; exit 1'
	grep -q '<testcase classname="case" name="b &lt;\]\]&gt;">' b/tests/junit.xml || return 1
	grep -q 'tests="2" failures="1" errors="0" skipped="0"' b/tests/junit.xml || return 1
	! command -v xmllint >/dev/null || xmllint --noout b/tests/junit.xml
}

processes_are_gone() { # after a test that leaves a process behind
	fails 'echo 1..1; echo "ok 1 - a"; sleep 4711 >/dev/null 2>&1 &' \
		'left 1 processes behind: sleep' '1 passed, 1 failed, 0 skipped' || return 1
	! pgrep -f '^sleep 4711$'
}

# Two steady ones each wait for the other to come; one that must be alone finds nobody there.
company_is_kept() {
	mkdir -p here
	for n in 1 2; do
		printf '#!/bin/sh\n# runner: steady\n: >%s\ntimeout 20 sh -c "until [ -e %s ]; do sleep 0.05; done" &&
			echo "ok 1 - met"; echo 1..1; sleep 0.5; rm %s\n' \
			"$PWD/here/$n" "$PWD/here/$((3 - n))" "$PWD/here/$n" >"steady$n.sh"
	done
	printf '#!/bin/sh\n# runner: alone\n[ -z "$(ls %s)" ] && echo "ok 1 - alone"; echo 1..1\n' "$PWD/here" >alone.sh
	chmod +x steady?.sh alone.sh
	"$REGIONPROOF_BUILD/tests/runner" -b b alone.sh steady1.sh steady2.sh >out 2>&1
	last_line_is '3 passed, 0 failed, 0 skipped'
}

own_namespaces() {
	passes 'echo 1..1
[ "$(ls /proc | grep -c "^[0-9]*$")" -lt 8 ] && [ "$(ip -o link | wc -l)" = 1 ] || exit 1
ip -o link show lo | grep -q UP && echo "ok 1 - a"' '1 passed, 0 failed, 0 skipped'
}

check "a passing program passes" \
	passes 'echo 1..2; echo "ok 1 - a"; echo noise; echo "# => 7 kills"; echo "ok 2 - b"' '2 passed, 0 failed, 0 skipped'
check "a figure that it tells is printed" grep -qF '| 7 kills' out
check "the plan may stand last" passes 'echo "ok 1 - a"; echo 1..1' '1 passed, 0 failed, 0 skipped'
check "several groups each have a plan" \
	passes 'echo 1..1; echo "ok 1 - a"; echo 1..1; echo "ok 1 - b"' '2 passed, 0 failed, 0 skipped'
check "a skip is counted and its reason printed" \
	passes 'echo 1..2; echo "ok 1 - a"; echo "ok 2 - b # SKIP no moon"' '1 passed, 0 failed, 1 skipped'
check "the reason is printed" grep -qF 'skipped: b (no moon)' out
check "a skip as cmocka writes it has the line before as reason" \
	passes 'echo 1..2; echo "ok 1 - a"; echo no moon; echo "not ok 2 # SKIP b"' \
	'1 passed, 0 failed, 1 skipped'
check "that reason is printed" grep -qF 'skipped: b (no moon)' out
check "all skipped is not a pass" fails 'echo "1..0"' 'skipped without a reason'
check "a skip without a reason fails" \
	fails 'echo 1..1; echo "ok 1 - a # SKIP"' 'skipped without a reason'
check "a failed point fails" \
	fails 'echo 1..1; echo "not ok 1 - a"; echo "# 1 != 2"; exit 1' 'FAIL  case: a: 1 != 2'
check "an exit status fails although all points passed" \
	fails 'echo 1..1; echo "ok 1 - a"; exit 3' 'exit status 3' '1 passed, 1 failed, 0 skipped'
check "a crash fails" fails 'echo 1..1; kill -SEGV $$' 'killed by signal 11' \
	'0 passed, 2 failed, 0 skipped'
check "a short plan fails" \
	fails 'echo 1..3; echo "ok 1 - a"' '3 tests were planned, 1 ran' '1 passed, 1 failed, 0 skipped'
check "points beyond the plan fail" fails 'echo 1..1; echo "ok 1 - a"; echo "ok 2 - b"' \
	'1 tests were planned, 2 ran' '2 passed, 1 failed, 0 skipped'
check "numbers that jump fail" fails 'echo 1..2; echo "ok 1 - a"; echo "ok 1 - a"' \
	'test 1 follows test 1' '2 passed, 2 failed, 0 skipped'
check "points without a plan fail" fails 'echo "ok 1 - a"' 'without a plan' \
	'1 passed, 2 failed, 0 skipped'
check "a program that says nothing fails" fails 'exit 0' 'it printed no plan'
check "a program that bails out fails" fails 'echo 1..1; echo "Bail out! no lab"' 'Bail out! no lab' \
	'0 passed, 2 failed, 0 skipped'
check "a hanging program fails and is named" \
	fails '# runner: timeout 1
echo 1..1; exec sleep 4712' 'not done after 1 s; running: sleep' '0 passed, 2 failed, 0 skipped'
check "an unknown word in the head is refused" sh -c '
	printf "#!/bin/sh\n# runner: timeout soon\n" >case.sh
	"$REGIONPROOF_BUILD/tests/runner" -b b case.sh 2>&1 | grep -q "none of: steady, alone"'
check "a program that does not exist fails" fails '' 'it printed no plan'
check "processes left behind fail and are killed" processes_are_gone
check "a test that must be alone runs" passes '# runner: alone
echo 1..1; echo "ok 1 - a"' '1 passed, 0 failed, 0 skipped'
check "steady tests run in pairs, and one that must be alone after them" company_is_kept
check "a long test is left out" fails '# runner: long
echo 1..1; echo "ok 1 - a"' 'not run: 1 long tests' '0 passed, 0 failed, 0 skipped'
check "a long test runs when asked for" passes '# runner: long
echo 1..1; echo "ok 1 - a"' '1 passed, 0 failed, 0 skipped' -l
check "output of a failure cannot pose as ours" fails 'echo "::error::x"; echo 1..1' \
	'        | ::error::x'
check "JUnit holds the failure" junit_names_the_failure
if unshare -Upfr --mount-proc true 2>/dev/null || unshare -pfmn true 2>/dev/null; then
	check "a test sees its own processes and an interface of its own" own_namespaces
else
	skip "a test sees its own processes and an interface of its own" "no namespaces here"
fi
done_testing
