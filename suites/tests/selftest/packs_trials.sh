#!/bin/sh
# runner: steady, long, timeout 2400
# The trials that a claim needs are run and counted, on the stand-in of a pack, about 9 s each: what holds passes
# with the 59th that held and not before, what is broken fails at once. Some more are run than are needed, since a
# trial that this machine disturbed is void and counts for nothing.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without unshare python3

regionproof=$REGIONPROOF_BUILD/regionproof
spare=16
needed=$(sed -n 's/^trials: //p' "$REGIONPROOF_ROOT/suites/packs/dynamodb-global-tables.yaml")

run_pack() { # NAME TRIALS...: what came to no end on this machine is none of them
	runs=$1
	shift
	status=0
	"$regionproof" run --quiet --runs="$runs" --pack dynamodb-global-tables "$@" >"$runs.out" 2>"$runs.err" || status=$?
	echo $status >"$runs.status"
	tail -n 14 "$runs.out"
	cat "$runs.err"
	[ $status -le 2 ]
}

# What the k-th stored run says of each claim by then: k, words of all verdicts, how many trials held and how many
# had no verdict. In the order of time.
cat >counted.py <<'END'
import glob, json, re, sys
needs = [1, int(sys.argv[2]), int(sys.argv[2])]
runs = [json.load(open(p)) for p in glob.glob(sys.argv[1] + "/2*/run.json")]
runs.sort(key=lambda r: r["clock"]["wall_start_ns"])
seeds = {r["seed"] for r in runs}
assert len(seeds) == len(runs), "two trials have the same seed"
held_before = [0] * len(needs)
first = {}
for k, run in enumerate(runs, 1):
    assert len(run["claims"]) == len(needs), run["claims"]
    for i, claim in enumerate(run["claims"]):
        held, decided = map(int, re.match(r"(\d+) of (\d+) trials held", claim["interval"]).groups())
        silent = re.search(r"(\d+) without a verdict", claim["interval"])
        silent = int(silent.group(1)) if silent else 0
        verdict = run["expectations"][i]["verdict"]
        held_before[i] += verdict in ("pass", "warn")
        assert held == held_before[i], (k, i, claim, verdict)
        assert decided + silent == k, (k, claim)
        if held < decided:
            wanted = "fail"
        elif held >= needs[i]:
            wanted = "pass"
        else:
            wanted = "void" if not held and claim["verdict"] == "void" else "inconclusive"
        assert claim["verdict"] == wanted, (k, needs[i], claim)
        assert held >= needs[i] or ", %d are needed" % needs[i] in claim["interval"] or held < decided, claim
        assert claim["system"].startswith("stand-in: region-store"), claim
        bound = "at 95 %% at most %.3g %% of runs break it" % (100 * (1 - 0.05 ** (1 / held))) if held else ""
        assert held < decided or bound in claim["interval"], (bound, claim)
        if claim["verdict"] == "pass" and i not in first:
            first[i] = k
print(len(runs), "trials;", *["%d held of %d needed: %s;" % (h, n, c["verdict"])
    for h, n, c in zip(held_before, needs, runs[-1]["claims"])])
print("passed first with trial:", first)
print("worst measured:", *["%s %s;" % (c["claimed"], c["measured"]) for c in runs[-1]["claims"]])
print(runs[-1]["claims"][1]["interval"])
END

check "all trials of a pack are run" run_pack enough --trials $((needed + spare))
python3 counted.py enough "$needed" >enough.told 2>&1 || :
check "there are as many runs as trials" sh -c "ls -d enough/2* | wc -l | grep -qx $((needed + spare))"
check "each says how many held by then, and passes with $needed of them and not before" \
	python3 counted.py enough "$needed"
sed 's/^/# /' enough.told
if grep -q "trials held, $needed are needed" enough.out; then
	skip "the table" "this machine was too busy: $(sed -n 's/.*needed, \([0-9]* without a verdict\).*/\1/p' enough.out | head -n 1)"
else
	check "all three claims pass" sh -c "tail -n 12 enough.out | grep -c '^  pass ' | grep -qx 3"
	check "so does the whole" grep -qx 0 enough.status
fi
check "the table names the stand-in" grep -q '^tested: stand-in: region-store' enough.out
check "it is in the last report" grep -q 'stand-in: region-store' enough/latest/report.html
check "and in claims.json" sh -c "grep -c '\"interval\": \".* of .* trials held' enough/latest/claims.json | grep -qx 3"

# One short.
check "three trials are run" run_pack few --trials 3
check "they are counted and do not carry it" python3 counted.py few "$needed"
check "so that the whole is inconclusive, or worse" sh -c "cat few.status; grep -qx '[12]' few.status"
check "no claim of $needed passes" sh -c "[ \"\$(grep -c 'trials held, $needed are needed' few.out)\" = 2 ]"

# A clock that is behind breaks a claim, and few trials are enough for that.
export CLOCK=wall OFFSET=us-east=-2s
check "two trials with a clock that is behind" run_pack behind --trials 2
check "are counted" python3 counted.py behind "$needed"
if grep -q "$verdicts_busy" behind.out; then
	skip "the claim that the last write stays fails" "this machine was too busy"
else
	check "the claim that the last write stays fails" grep -q '^  fail  *of two concurrent writes' behind.out
	check "0 of 2 trials held" grep -q '0 of 2 trials held' behind.out
	check "with 1" grep -qx 1 behind.status
fi
done_testing
