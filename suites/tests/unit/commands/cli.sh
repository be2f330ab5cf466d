#!/bin/sh
# The command line as a user meets it: exit codes, and which stream says what.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"

program=$REGIONPROOF_BUILD/regionproof
demo=$REGIONPROOF_ROOT/suites/scenarios/demo-pass.yaml
share=--share=$REGIONPROOF_ROOT/fixtures

ends() { # CODE ARGUMENT...: exit code, and stdout kept apart from stderr
	wanted=$1
	shift
	status=0
	"$program" "$@" >out 2>err || status=$?
	cat out err
	[ "$status" = "$wanted" ]
}
says() { grep -q -e "$2" "$1"; }
silent() { [ ! -s "$1" ]; }

printf 'scenario: bad\nversion: 1\nregoins: {}\n' >bad.yaml

check "a sound scenario ends in 0" ends 0 check "$share" "$demo"
check "check tells on stdout what is well" says out 'demo-pass.yaml: ok'
check "and says nothing on stderr" silent err
check "a bad scenario ends in 3" ends 3 check "$share" bad.yaml
check "with file, line and column on stderr" says err '^bad.yaml:3:1: a scenario has no key'
check "a caret below the column" says err '^    ^$'
check "and nothing on stdout" silent out
check "one bad scenario among sound ones ends in 3" ends 3 check "$share" "$demo" bad.yaml
check "check --json ends in 3 as well" ends 3 check --json "$share" bad.yaml
check "and has the place as numbers" says out '"line": 3'
check "a file that is not there ends in 3" ends 3 check no-such-file.yaml
check "plan ends in 0 without privilege" ends 0 plan "$share" "$demo"
check "and prints the inverse of the fault" says out 'inverse of cut'
check "plan of a bad scenario ends in 3" ends 3 plan "$share" bad.yaml
check "plan --seed takes a number only" ends 64 plan --seed=x "$share" "$demo"
check "plan --seed is used" ends 0 plan --seed=4711 "$share" "$demo"
check "as the seed of the plan" says out 'seed 4711'
check "an unknown command ends in 64" ends 64 chekc
check "and is told which is near" says err 'did you mean check?'
check "no command ends in 64" ends 64
check "a missing operand ends in 64" ends 64 check
check "one operand too many ends in 64" ends 64 doctor now
check "an unknown option ends in 64" ends 64 check --jsno x
check "--help ends in 0" ends 0 --help
check "and lists the commands" says out 'doctor'
check "help of a command lists its options" ends 0 plan --help
check "which are those of its row" says out '--seed N'
check "--version ends in 0" ends 0 --version
check "and says which" says out '^regionproof [0-9]'
for what in engines faults drivers checkers metrics recipes scenarios writers; do
	check "list $what ends in 0" ends 0 list "$what" "$share"
	check "and lists something" test -s out
done
check "list of nothing known ends in 64" ends 64 list metric
check "and is told which is near" says err 'did you mean metrics?'
for name in latency partition http-kv wire sessions region-store; do
	check "explain $name ends in 0" ends 0 explain "$name" "$share"
done
mkdir -p regionproof-runs/latest
printf '{"schema": 1, "run": "r", "scenario": {"name": "s"}, "expectations": []}' >regionproof-runs/latest/run.json
check "report tells the latest run" ends 0 report
check "and others by format" ends 0 report --format tap latest
check "as that format has it" says out "^TAP version 14"
check "report -o writes a file" ends 0 report --format json -o run.json
check "which is all there" says run.json "tally"
check "report --schema needs no run" ends 0 report --schema --format series
check "a format that is not there ends in 64" ends 64 report --format jsn
check "and is told which is near" says err "did you mean json?"
check "a run that is not there ends in 64" ends 64 report 2019
check "a gateway that is not there is told" ends 70 report --push http://127.0.0.1:9
check "explain of nothing known ends in 64" ends 64 explain "$share" lattency
check "doctor tells in JSON what it found" sh -c "'$program' doctor --json '$share' >out; [ \$? -le 4 ]"
check "each check with its result" says out '"check": "engine wire"'
done_testing
