#!/bin/sh
# runner: alone, long, timeout 600
# One recipe as nodes of a lab and as running containers: the same scenario ends in the same verdicts. The
# compose file is the one that `init --docker` writes, images are made of what is installed here.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/containers.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/containers_watch.sh"
docker_skip
command -v docker-compose >/dev/null || skip_all "docker-compose is not installed"

program=$REGIONPROOF_BUILD/regionproof
scenarios=$REGIONPROOF_ROOT/suites/scenarios

bring_up() { # DIRECTORY SCENARIO
	mkdir "$1" && (cd "$1" &&
		"$program" init --docker --share="$REGIONPROOF_ROOT/fixtures" "$scenarios/$2.yaml" &&
		docker-compose -p "$1" up -d --no-build) && docker_await 600 all_ready "$1"
}

# Health where the recipe says how it is seen, else an answer to a client.
all_ready() { # PROJECT
	for name in $(docker ps --filter "label=com.docker.compose.project=$1" --format '{{.Names}}'); do
		case $(docker inspect -f '{{if .State.Health}}{{.State.Health.Status}}{{end}}' "$name") in
		healthy) ;;
		"") answers "$name" || return 1 ;;
		*) return 1 ;;
		esac
	done
}

answers() { # NAME: it listens at the port of its recipe
	docker_in "$1" ss -Htln | grep -q ':\(8080\|6379\) '
}

run_containers() { # NAME
	for try in 1 2 3; do
		rm -rf "$1-runs"
		mkdir "$1-runs"
		"$program" run --runs="$1-runs" "$1/regionproof.yaml" >"$1-runs/out" 2>"$1-runs/err"
		echo $? >"$1-runs/status"
		case $(cat "$1-runs/status") in
		4 | 5) cat "$1-runs/out" "$1-runs/err" ;;
		*) grep -q "$verdicts_busy" "$1-runs/out" || break ;;
		esac
	done
}

ran() { # NAME
	cat "$1-runs/out" "$1-runs/err"
	[ "$(cat "$1-runs/status")" -le 2 ]
}

verdicts_of() { # DIRECTORY OF RUNS
	python3 -c 'import json, sys
for e in json.load(open(sys.argv[1] + "/latest/run.json"))["expectations"]:
	print(e["id"], "=", e["verdict"])' "$1"
}

same_verdicts() { # NAME
	verdicts_of "$1-lab" >lab.verdicts && verdicts_of "$1-runs" >containers.verdicts &&
		cat lab.verdicts && diff lab.verdicts containers.verdicts
}

both_ways() { # NAME SCENARIO
	check "$2: as nodes of a lab" run_scenario "$1-lab" "$2"
	check "$2: its containers come up" bring_up "$1" "$2"
	run_containers "$1"
	if grep -q "$verdicts_busy" "$1-lab/out" "$1-runs/out"; then
		skip "$2: as running containers, with the same verdicts" "this machine was too busy"
	else
		check "$2: as running containers" ran "$1"
		check "$2: each expectation has the same verdict" same_verdicts "$1"
		sed 's/^/# /' lab.verdicts
	fi
	check "$2: nothing is left" watch_nothing_left
	(cd "$1" && docker-compose -p "$1" down -t 1 >/dev/null 2>&1)
}

docker_up || skip_all "no Docker daemon comes up here: $(tail -n 1 docker.log)"
docker_image regionproof-region-store "$REGIONPROOF_BUILD/region-store" sh cp
docker_image regionproof-redis-sentinel redis-server redis-sentinel redis-cli sh cp grep
both_ways pass demo-pass
both_ways fail demo-fail
both_ways redis redis-sentinel-cut
docker_down
done_testing
