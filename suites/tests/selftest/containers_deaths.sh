#!/bin/sh
# runner: alone, timeout 180
# A run that has cut one container off, killed another one and paused a third dies: the guardian undoes
# it, and `clean` where everything of ours died at once.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/containers.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/containers_watch.sh"
docker_skip

program=$REGIONPROOF_BUILD/regionproof

facts() { # of those that keep their interface; an address may still be looked for by others at first
	for container in eu ap; do
		watch_facts $container
	done | sed 's/ tentative / /'
}

started() {
	docker inspect -f '{{.State.StartedAt}} {{.State.Pid}}' eu ap
}

begin() {
	"$program" run --quiet --share="$REGIONPROOF_ROOT/fixtures" \
		"$REGIONPROOF_ROOT/suites/tests/selftest/containers_deaths.yaml" >run.out 2>&1 &
	run_pid=$!
	docker_await 300 all_in_force
}

all_in_force() {
	[ "$(docker_state us)" = exited ] && [ "$(docker_state ap)" = paused ]
}

ours() {
	pgrep rp-
	pgrep -x regionproof
}

is_undone() {
	[ "$(docker_state us)" = running ] && [ "$(docker_state ap)" = running ] && watch_nothing_left
}

same_facts() {
	facts >after
	diff before after && started | diff was_started -
}

pongs() { # from us and ap, across what was cut
	docker_await 100 docker_in_sync && docker_in ap redis-cli -h "$(docker_ip us)" PING
}

doctor_tells() {
	"$program" doctor >doctor.out 2>&1 # not an engine's matter: it may well be 0
	cat doctor.out
	grep 'NO.*dead runs.* 1, such as .*containers-deaths; .* interfaces .*, 2 stopped containers' \
		doctor.out && grep 'regionproof clean$' doctor.out
}

flows() { # an answer on the same socket after all
	n=$(wc -l <"$1.replies")
	cat "$1.state"
	docker_await 60 sh -c "[ \$(wc -l <$1.replies) -gt $n ] && grep -q open $1.state"
}

docker_up || skip_all "no Docker daemon comes up here: $(tail -n 1 docker.log)"
check "three containers and a bystander run" docker_three
facts >before
started >was_started
watch_connect local by "$(docker_ip eu)"
watch_connect thawed by "$(docker_ip ap)"

# --- the controller alone ---
check "a cut, a kill and a pause are in force" begin
kill -KILL $run_pid
killed_at=$(date +%s%N)
check "the guardian undoes all of them" docker_await 40 is_undone
echo "# undone $((($(date +%s%N) - killed_at) / 1000000)) ms after the controller's death"
check "interfaces, addresses, routes and ports are what they were" same_facts
check "all reach each other" pongs

# --- all at once ---
check "the same is in force again" begin
# shellcheck disable=SC2046 # words on purpose
kill -KILL $(ours)
wait $run_pid
sleep 2
check "without a guardian it stays so" all_in_force
check "doctor tells of it, and what to do" doctor_tells
sed -n 's/.*dead runs/# doctor: dead runs/p' doctor.out
check "clean undoes it" sh -c "'$program' clean | tee clean.out; grep -q ': cleaned' clean.out"
sed 's/^/# clean: /' clean.out
check "nothing is left" is_undone
check "interfaces, addresses, routes and ports are what they were again" same_facts
check "all reach each other again" pongs
check "an open connection to the one that was cut off goes on" flows local
check "and one to the one that was paused" flows thawed
check "doctor has nothing to tell any more" sh -c "'$program' doctor | grep 'dead runs *none'"
check "and clean nothing to do" sh -c "'$program' clean | grep 'nothing to clean'"
watch_stop

docker_down
done_testing
