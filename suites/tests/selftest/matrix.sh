#!/bin/sh
# runner: steady, timeout 300
# A scenario with two variants, one that must pass and one that must fail: both are run, and told apart everywhere.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without python3

program=$REGIONPROOF_BUILD/regionproof
share=--share=$REGIONPROOF_ROOT/fixtures
cp "$REGIONPROOF_ROOT/suites/tests/selftest/matrix.yaml" .


check "both can be planned" "$program" check "$share" matrix.yaml
check "each is told" sh -c "'$program' check $share matrix.yaml | grep -c ', variant .*: ok' | grep -qx 2"
check "a plan of each" sh -c "'$program' plan $share matrix.yaml | grep -c '^variant ' | grep -qx 2"
check "or of one" sh -c \
	"'$program' plan $share --variant at-once matrix.yaml | grep '8.000 s  inverse of cut'"
check "as JSON, too" sh -c "'$program' plan $share --json matrix.yaml |
	python3 -c 'import json, sys; p = json.load(sys.stdin)[\"variants\"]
assert [v[\"variant\"] for v in p] == [\"at-once\", \"replicated\"]'"

# What takes one scenario says what it does with variants.
for command in watch explore "init --docker" "envelope --vary cut.for=2s"; do
	check "$command wants one of them, or none" sh -c \
		"! '$program' $command $share matrix.yaml 2>told; cat told; grep -q ' has .*--variant\\|has a matrix' told"
done
check "a pack does, too" sh -c \
	"! '$program' run $share --pack redis-sentinel matrix.yaml 2>told; cat told; grep -q 'variants; say which\\|has a matrix' told"
check "a variant that there is not is told" sh -c \
	"! '$program' run $share --variant atonce matrix.yaml 2>told; cat told; grep -q 'did you mean \"at-once\"' told"

# A mistake in the last variant is told before the first one runs.
sed 's/majority/majorities/' matrix.yaml >wrong.yaml
status=0
"$program" run "$share" --runs=none wrong.yaml >wrong.out 2>&1 || status=$?
check "a mistake in one is told with its line" \
	sh -c "cat wrong.out; grep -q '^wrong.yaml:8:40: .*majorit.*(variant replicated)' wrong.out"
check "ends with 3, and nothing was run" sh -c "cat wrong.out; [ $status = 3 ] && [ ! -e none ]"

# On GitHub, where the last run is not what counts.
: >summary
: >outputs
export GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY=summary GITHUB_OUTPUT=outputs
check "both are run" run_file all matrix.yaml
unset GITHUB_ACTIONS GITHUB_STEP_SUMMARY GITHUB_OUTPUT
if grep -q "$verdicts_busy" all/out; then
	skip "their verdicts" "this machine was too busy"
else
	check "the one that waits for its replicas loses nothing" \
		sh -c "tail -n 5 all/out; grep -q '^  replicated  pass            0  ' all/out"
	check "the one that does not loses writes" grep -q '^  at-once     fail            1  ' all/out
	check "they are counted" sh -c "tail -n 1 all/out | grep -qx '1 fail, 1 pass'"
	check "the exit code is the worse one" grep -qx 1 all/status
	check "an annotation says which variant it is" \
		grep -q '^::error file=matrix.yaml,line=35,title=writes.lost == 0 (variant at-once)::fail' all/out
	check "the step summary ends in the table" sh -c "tail -n 2 summary; tail -n 2 summary |
		tr '\n' ' ' | grep -qx '| at-once | fail | 1 | | replicated | pass | 0 | '"
	check "the output is the worse one" \
		sh -c "cat outputs; grep -A 1 '^verdict<<' outputs | tail -n 1 | grep -qx fail"
fi
check "each has a directory of its own" sh -c "ls -d all/*-acknowledged-replicated all/*-acknowledged-at-once"
run=$(ls -d all/*-acknowledged-at-once)
check "its result says which it is" python3 -c "
import json
s = json.load(open('$run/run.json'))
assert s['scenario']['name'] == 'acknowledged[at-once]' and s['scenario']['variant'] == 'at-once', s['scenario']
assert '--variant at-once' in s['command'], s['command']"
for file in junit.xml report.html report.md report.tap metrics.prom; do
	check "and so does $file" grep -q 'acknowledged.*at-once' "$run/$file"
done
check "the schema of results knows it" sh -c "'$program' report --schema >schema.json
	python3 -c 'import json, jsonschema
jsonschema.validate(json.load(open(\"$run/run.json\")), json.load(open(\"schema.json\")))'"
check "an operation of a stored one is shown" "$program" report "$share" --op 5 "$run"
check "one is reported again" sh -c "'$program' report '$run' | grep 'replay  .*--variant at-once'"
check "runs of the scenario are those of its variants" sh -c \
	"'$program' runs --runs all --scenario acknowledged | grep -c acknowledged- | grep -qx 2"
check "or of one of them" sh -c \
	"'$program' runs --runs all --scenario 'acknowledged[at-once]' | grep -c acknowledged- | grep -qx 1"

"$program" run "$share" --quiet --runs=one --variant replicated matrix.yaml >one.out 2>&1 || :
check "one is run alone" sh -c "cat one.out; ls one | grep -c acknowledged- | grep -qx 1 &&
	! grep -q '^variants of' one.out"

# A person who stops the first one does not want the second.
status=0
"$program" run "$share" --quiet --json --runs=stopped matrix.yaml >stopped.out 2>stopped.err &
pid=$!
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	sleep 0.5
	ls stopped/*/work >/dev/null 2>&1 && break
done
kill -TERM $pid
wait $pid || status=$?
check "who stops one stops the rest" sh -c "cat stopped.err; [ $status = 143 ]"
check "and they are told as not run" sh -c "sed -n '/\"variants\"/,\$p' stopped.out | grep '\"not run\"'"
check "no run of the second was begun" sh -c "! ls -d stopped/*-replicated"
done_testing
