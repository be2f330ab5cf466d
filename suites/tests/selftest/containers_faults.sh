#!/bin/sh
# runner: alone, long, timeout 180
# Containers are restarted, killed and paused, and adopted again: what was in force meanwhile is laid on
# their new interface, and the certificate says what passed before.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/containers.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/containers_watch.sh"
docker_skip

said() { # PATTERN: in what the run printed
	cat run/out
	grep -q "$1" run/out
}

# What it sent before it was adopted again was counted. Where that was something, or it was seen too late to
# count, the cut did not hold.
cut_is_as_told() {
	grep 'cut .*container us was away' run/out
	if said 'us was away .* when the fault was laid on its new interface; no packet of it passed'; then
		! said 'fault cut: '
	else
		said 'fault cut: partial: container us was away .*\(packets of it passed\|nobody knows\)'
	fi
}

docker_up || skip_all "no Docker daemon comes up here: $(tail -n 1 docker.log)"
check "three containers and a bystander run" docker_three
check "containers are restarted, killed and paused" run_scenario run \
	../tests/selftest/containers_faults
verdict "reads of a container that is killed fail" run \
	"availability for reads in death at ap" ok
verdict "so do those of one that is paused" run "availability for reads in sleep at us" ok
verdict "and all are answered afterwards" run "availability for reads in recovery at eu" ok
verdict "also by the one that was restarted" run "availability for reads in recovery at us" ok
verdict "and by the one that was killed" run "availability for reads in recovery at ap" ok
check "the certificate tells when the cut was laid on the new interface" \
	said 'cut  *container us was away from .* laid on its new interface'
check "and holds where nothing passed before" cut_is_as_told
sed -n 's/^ *[0-9.]*s  *cut  *\(container.*\)/# \1/p' run/out
check "every container is back, nothing is left" watch_nothing_left
docker_down
done_testing
