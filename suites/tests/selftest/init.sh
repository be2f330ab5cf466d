#!/bin/sh
# runner: timeout 120
# What `init` writes is sound, runs, and is never written over anything.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"

program=$REGIONPROOF_BUILD/regionproof
share=--share=$REGIONPROOF_ROOT/fixtures

in_new() { # DIRECTORY COMMAND...
	dir=$1
	shift
	mkdir -p "$dir" && (cd "$dir" && "$@")
}

refuses() { # DIRECTORY SENTENCE EXIT COMMAND...: and leaves all as it is
	dir=$1 sentence=$2 wanted=$3
	shift 3
	find "$dir" -type f -exec cksum {} + | sort >was
	(cd "$dir" && "$@") >vain 2>&1
	code=$?
	cat vain
	echo "exit $code"
	find "$dir" -type f -exec cksum {} + | sort | diff was - && [ $code = "$wanted" ] &&
		grep -q "$sentence" vain
}

schema_holds() { # FILE: the language server's line, and the schema that it names
	head -n 1 "$1" | grep '^# yaml-language-server: \$schema=/.*/scenario.schema.json$' &&
		"$program" manual schema >schema.json &&
		python3 -c 'import json, jsonschema, sys, yaml
jsonschema.validate(yaml.safe_load(open(sys.argv[1])), json.load(open("schema.json")))' "$1"
}

check "init --lab writes a scenario" in_new lab "$program" init --lab "$share"
check "that is sound" "$program" check "$share" lab/regionproof.yaml
check "that an editor can check" schema_holds lab/regionproof.yaml
check "a second one is refused" refuses lab "regionproof.yaml is there already; nothing is written" \
	64 "$program" init --lab "$share"
check "so is init --docker, all of it" refuses lab "is there already; nothing is written" \
	64 "$program" init --docker "$share"
check "init needs to know which" refuses lab "init --lab for nodes" 64 "$program" init

check "init --docker writes a scenario and a compose file" \
	in_new docker "$program" init --docker "$share"
check "the scenario is sound" "$program" check "$share" docker/regionproof.yaml
check "an editor can check it" schema_holds docker/regionproof.yaml
for file in compose.yaml Dockerfile; do
	check "$file is the one in fixtures/compose" \
		diff docker/$file "$REGIONPROOF_ROOT/fixtures/compose/$file"
done
check "so is the scenario" diff docker/regionproof.yaml \
	"$REGIONPROOF_ROOT/fixtures/compose/regionproof.yaml"
check "the program that has no package is beside it" test -x docker/region-store
if command -v docker-compose >/dev/null; then
	check "the compose file is one" sh -c 'cd docker && docker-compose config -q'
else
	skip "the compose file is one" "docker-compose is not installed"
fi
# The packages of the Dockerfile: what the program is linked with, as this Debian names it.
if command -v dpkg >/dev/null && grep -q '^VERSION_ID="12"' /etc/os-release; then
	objdump -p docker/region-store | sed -n 's/^ *NEEDED *//p' |
		grep -v '^lib[cm]\.so\|^ld-\|^lib[aut]*san' | while read -r library; do
		dpkg -S "*/$library" | sed 's/:.*//' | head -n 1
	done | sort -u >needed
	check "and the Dockerfile has what it is linked with" sh -c "cat needed; test -s needed &&
		while read -r p; do grep -w \$p docker/Dockerfile || exit 1; done <needed"
else
	skip "and the Dockerfile has what it is linked with" "this is not Debian 12"
fi

check "any scenario with a recipe becomes one on containers" in_new redis "$program" init --docker \
	"$share" "$REGIONPROOF_ROOT/suites/scenarios/redis-sentinel-cut.yaml"
check "which is sound" "$program" check "$share" redis/regionproof.yaml
check "with the files of its nodes" grep -q '^sentinel monitor main 198.18.0.10 6379 2' \
	redis/nodes/eu-west-sentinel/sentinel.conf
check "but for what is under test it is the same" sh -c 'sed "/^system:/,/^$/d; /^#/d" "$1" >a
	sed "/^system:/,/^$/d; /^#/d" redis/regionproof.yaml | diff a -' - \
	"$REGIONPROOF_ROOT/suites/scenarios/redis-sentinel-cut.yaml"
mkdir -p other
check "one on containers is refused" refuses other "has containers already" 3 \
	"$program" init --docker "$share" "$REGIONPROOF_ROOT/suites/tests/selftest/containers.yaml"
check "one that needs more than a container a region is refused" refuses other \
	"cannot be run on containers" 3 "$program" init --docker "$share" \
	"$REGIONPROOF_ROOT/suites/scenarios/edge-origin-lost.yaml"
check "one with a mistake is refused at its place" refuses other "nobody.yaml" 3 \
	"$program" init --docker "$share" nobody.yaml
done_testing
