#!/bin/sh
# runner: steady, timeout 120
# Every pack is sound on its scenario; one trial of one is run, and says what it does not carry.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"

regionproof=$REGIONPROOF_BUILD/regionproof
check "there are packs" sh -c "'$regionproof' list packs | grep -q redis-sentinel"
for pack in $("$regionproof" list packs | cut -d ' ' -f 1); do
	scenario=$(sed -n 's/^scenario: //p' "$REGIONPROOF_ROOT/suites/packs/$pack.yaml")
	check "$pack is sound on $scenario" "$regionproof" check --pack "$pack"
done
check "a pack that there is not is told" sh -c \
	"! '$regionproof' run --pack aurora 2>told; cat told; grep -q 'list packs' told"

skip_without unshare
run_pack() {
	for try in 1 2 3; do
		rm -rf claims
		mkdir claims
		"$regionproof" run --runs=claims --pack dynamodb-global-tables --trials 1 >out 2>err
		echo $? >status
		case $(cat status) in
		4 | 5) cat out err ;;
		*) grep -q "$verdicts_busy" out || break ;;
		esac
	done
	cat out err
	[ "$(cat status)" -le 2 ]
}
check "one trial of a pack" run_pack
if grep -q "$verdicts_busy" out; then
	skip "its rows" "this machine was too busy"
else
	check "what needs one trial is carried by one" grep -q '^  pass  *a newly written item' out
	check "what needs 59 is not" grep -q '1 of 1 trials held, 59 are needed' out
	check "so that the whole is inconclusive" grep -qx 2 status
fi
check "the stand-in is called one" grep -q '^tested: stand-in: region-store' out
check "a stored run tells it, too" sh -c "'$regionproof' report claims/latest | grep '^tested: stand-in: region-store'"
check "and tells it as Markdown" sh -c \
	"'$regionproof' report --format markdown claims/latest | grep '| pass | a newly\|pass | a newly'"
check "the table is in the report" grep -q '<section id="claims">' claims/latest/report.html
check "and in claims.json" sh -c "python3 -m json.tool claims/latest/claims.json | grep -q '\"source\": \"https://'"
done_testing
