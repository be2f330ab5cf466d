#!/bin/sh
# What is printed from the tables: the manual page, completions, the schema of scenarios.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"

program=$REGIONPROOF_BUILD/regionproof
root=$REGIONPROOF_ROOT

has() { command -v "$1" >/dev/null 2>&1; }
says() { grep -q -e "$2" "$1"; }

"$program" manual man >page.1
check "every command is in the manual page" sh -c "'$program' --help |
	sed -n 's/^  \([a-z][a-z]*\)  *[a-z].*/\1/p' >names
	[ -s names ] && while read -r name; do
		grep -q \"^.SS regionproof \$name \" page.1 || { echo \"\$name is missing\"; exit 1; }
	done <names"
if has mandoc; then
	check "mandoc finds no error in it" mandoc -T lint -W error page.1
else
	skip "mandoc finds no error in it" "mandoc is not installed"
fi
for shell in bash zsh fish; do
	"$program" manual $shell >completion.$shell
	if has $shell; then
		check "$shell reads its completion" $shell -n completion.$shell
	else
		skip "$shell reads its completion" "$shell is not installed"
	fi
done
complete() { # WORD...: what bash completes the last of them to
	bash -c '. ./completion.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _regionproof
		printf "%s\n" "${COMPREPLY[@]}"' regionproof regionproof "$@"
}
complete dr >got
check "bash completes a command" says got '^drills$'
complete run --se >got
check "and an option of that command" says got '^--seed$'
complete list me >got
check "and what it takes" says got '^metrics$'
check "an unknown page ends in 64" sh -c "'$program' manual ksh; [ \$? = 64 ]"

"$program" manual schema >schema.json
cat >validate.py <<'END'
import json, sys
import jsonschema, yaml
schema = json.load(open("schema.json"))
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
bad = 0
for path in sys.argv[1:]:
    for error in validator.iter_errors(yaml.load(open(path), Loader=yaml.BaseLoader)):
        print(path, list(error.path), error.message[:200])
        bad = 1
sys.exit(bad)
END
if python3 -c 'import yaml, jsonschema' 2>/dev/null; then
	check "every scenario of ours is as the schema says" \
		python3 validate.py "$root"/suites/scenarios/*.yaml "$root"/suites/tests/selftest/*.yaml
	sed 's/^timeline:/timelines:/' "$root/suites/scenarios/demo-pass.yaml" >key.yaml
	check "a misspelt key is not" sh -c '! python3 validate.py key.yaml'
	sed '/^version:/d' "$root/suites/scenarios/demo-pass.yaml" >versionless.yaml
	check "nor one without a version" sh -c '! python3 validate.py versionless.yaml'
	sed '1i extends: demo-pass.yaml' versionless.yaml >extending.yaml
	check "which may be in the file that it extends" python3 validate.py extending.yaml
	sed 's/at-once: { /&sede: 4, /' "$root/suites/tests/selftest/matrix.yaml" >variant.yaml
	check "nor is one in a variant" sh -c 'grep -q sede variant.yaml && ! python3 validate.py variant.yaml'
	sed 's/rtt: 40ms/rtt: 40/' "$root/suites/scenarios/demo-pass.yaml" >unit.yaml
	check "nor a number without a unit" sh -c 'grep -q "rtt: 40," unit.yaml && ! python3 validate.py unit.yaml'
	sed 's/writes\.lost/writes.lots/' "$root/suites/scenarios/demo-pass.yaml" >metric.yaml
	check "nor a metric that is none" sh -c '! python3 validate.py metric.yaml'
else
	skip "every scenario of ours is as the schema says" "python3-yaml or python3-jsonschema is missing"
fi
done_testing
