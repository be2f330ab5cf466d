#!/bin/sh
# What README tells people to type and to write does what it says.
#
# runner: timeout 180, alone
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"

program=$REGIONPROOF_BUILD/regionproof
readme=$REGIONPROOF_ROOT/README.md
share=--share=$REGIONPROOF_ROOT/fixtures

# The fenced blocks, one file each: block-N.LANGUAGE
awk '/^```/ { if (inside) { inside = 0 } else { inside = 1; n++; kind = substr($0, 4); if (kind == "") kind = "text" } next }
	inside { print > ("block-" n "." kind) }' "$readme"
check "README has blocks" sh -c 'ls block-*.yaml block-*.text'

# What can be around a system that somebody else runs.
cat >probing <<'END'
scenario: probing
version: 1
regions: { us-east: { role: primary }, eu-west: {} }
clients: [ { name: users, sessions: 2 per region, reads: { rate: 50/s }, writes: { rate: 10/s } } ]
timeline: [ { at: 0s, watch: steady, for: 30s }, { at: 30s, quiet: settled, for: 5s } ]
expect: [ writes.lost == 0, availability > 99% for reads in steady ]
END

# In their order: a part stands in the whole scenario before it.
for block in $(ls block-*.yaml | sort -t - -k 2 -n); do
	if grep -q '^scenario:' "$block"; then
		scenario=$block
		check "the scenario of $block is sound" "$program" check "$share" "$block"
		check "and can be planned" "$program" plan "$share" "$block"
		status=0
		"$program" run --quiet "$share" "$block" >ran 2>&1 || status=$?
		if grep -q 'short of processors\|overlap a stall\|not steady\|could not be certified' ran; then
			skip "and holds" "the machine is too busy: $(tail -1 ran)"
		else
			check "and holds" sh -c "cat ran; [ $status = 0 ]"
		fi
	else # what a scenario may have instead, or besides
		grep -q '^  endpoints:' "$block" && around=probing || around=$scenario
		awk 'NR == FNR { if (/^[a-z-]+:/) { sub(/:.*/, ""); has[$0] = 1 } next }
			/^[a-z-]+:/ { key = $0; sub(/:.*/, "", key); skip = key in has } !skip' "$block" "$around" |
			cat - "$block" >whole.yaml
		check "$block is sound as a part of a scenario" "$program" check "$share" whole.yaml
	fi
done

# Commands in blocks and in the text: each is one, with options that it has.
grep -hoE '(`|^\./build/)regionproof [a-z]+( [A-Z]+)*( --[a-z-]+)*' "$readme" |
	sed 's/^\.\/build\///; s/^`//; s/ [A-Z][A-Z]*//g' | sort -u >typed
check "README names commands" test -s typed
while read -r name command options; do
	check "regionproof $command is a command" "$program" "$command" --help
	"$program" "$command" --help >help.txt 2>&1
	for option in $options; do
		check "$command $option is an option" grep -q -e "^  $option" help.txt
	done
done <typed
for goal in $(grep -ohE '(^|`)make [a-z-]+' "$readme" "$REGIONPROOF_ROOT/CONTRIBUTING.md" | sed 's/.*make //' | sort -u); do
	check "make $goal is a goal" make -C "$REGIONPROOF_ROOT" -n "$goal"
done
for file in $(grep -ohE 'suites/scenarios/[a-z-]+\.yaml' "$readme" | sort -u); do
	check "$file is there and sound" "$program" check "$share" "$REGIONPROOF_ROOT/$file"
done
for file in $(grep -ohE '\.github/pictures/[a-z-]+\.png' "$readme" | sort -u); do
	check "$file is there" test -s "$REGIONPROOF_ROOT/$file"
done
for file in $(grep -ohE '`(suites|fixtures|probes|chaos|reports)/[a-z_/.-]+`' "$readme" \
	"$REGIONPROOF_ROOT/CONTRIBUTING.md" | tr -d '`' | sort -u); do
	check "$file is there" test -e "$REGIONPROOF_ROOT/$file"
done
done_testing
