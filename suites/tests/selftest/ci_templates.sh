#!/bin/sh
# What the templates for GitHub, GitLab and Jenkins tell a runner to do, done: their own lines, in a
# shell, on a short scenario.
#
# runner: timeout 240, alone, long
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"

ci=$REGIONPROOF_ROOT/suites/packaging/ci
python3 -c 'import yaml' 2>/dev/null || skip_all "python3-yaml is missing"
# As installed, and sudo as a runner has it.
mkdir bin
ln -s "$REGIONPROOF_BUILD/regionproof" "$REGIONPROOF_BUILD/region-store" bin/
printf '#!/bin/sh\ncase $1 in --preserve-env=*) shift ;; esac\nexec "$@"\n' >bin/sudo
chmod +x bin/sudo
PATH=$PWD/bin:$PATH
mkdir scenarios
sed 's/^expect:/expect:\n  - errors < 100%/' "$REGIONPROOF_ROOT/suites/tests/selftest/small.yaml" >scenarios/small.yaml

lines() { # PYTHON: the shell lines of a template, d is its content
	python3 -c "import sys, yaml; d = yaml.safe_load(open(sys.argv[1])); print($2)" "$ci/$1"
}

# Runs them where nothing is yet; the status goes to ./status, what was said to ./said.
play() { # DIR SCRIPT
	mkdir "$1"
	cp -r scenarios "$1"
	printf '%s\n' "$2" >"$1/script"
	status=0
	(cd "$1" && bash -e script >said 2>&1) || status=$?
	echo $status >"$1/status"
}

ended() { # DIR: with a verdict, whatever it was on a busy machine
	cat "$1/said"
	case $(cat "$1/status") in 0 | 1 | 2) ;; *) return 1 ;; esac
}

export GITLAB_CI=true SCENARIOS=scenarios/small.yaml
play gitlab "$(lines gitlab.yml '"\n".join(d[".regionproof"]["script"])')"
unset GITLAB_CI
check "GitLab's script runs" ended gitlab
check "its section is closed" grep -q section_end gitlab/said
report=$(lines gitlab.yml 'd[".regionproof"]["artifacts"]["reports"]["junit"]')
check "its JUnit report is where it looks" sh -c "cd gitlab && ls $report"

step=$(lines action.yml '[s for s in d["runs"]["steps"] if s.get("id") == "run"][0]["run"]' |
	sed 's/\${{ inputs.scenarios }}/scenarios\/*.yaml/')
GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY=$PWD/summary GITHUB_OUTPUT=$PWD/outputs GITHUB_WORKSPACE=$PWD/github \
	play github "$step"
check "GitHub's step runs" ended github
check "it has a summary" grep -q '| expectation |' summary
check "its outputs are those of the action" sh -c 'grep -q "^verdict<<" outputs && grep -q "^report<<" outputs'
kept=$(lines action.yml 'd["runs"]["steps"][-1]["with"]["path"]')
check "its artifact is where it looks" test -d "github/$kept"
wanted=$(lines action.yml '" ".join(d["outputs"])')
check "it promises no more" [ "$wanted" = "verdict report" ]

play jenkins "$(sed -n "s/.*sh '\(.*\)'.*/\1/p" "$ci/Jenkinsfile")"
check "Jenkins' step runs" ended jenkins
check "its JUnit report is where it looks" sh -c \
	"cd jenkins && ls $(sed -n "s/.*junit '\(.*\)'.*/\1/p" "$ci/Jenkinsfile")"
check "each is at most 12 lines for the user" sh -c "
	for f in '$ci/gitlab.yml' '$ci/Jenkinsfile'; do [ \$(wc -l <\$f) -le 12 ] || exit 1; done"
done_testing
