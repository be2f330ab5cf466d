# redis_run: one run of the shipped Redis scenario, and what redis-cli reads of its servers meanwhile.
# Source it after tap.sh.
#
#	redis_run NAME MIN_REPLICAS     leaves NAME/: old (the old primary's ledger keys, just before the
#	                                cut is lifted), new (the new primary's, once clients are quiet),
#	                                roles (of all servers 3 s after the cut), run/ (the stored run)
#
# The servers are found by their working directories, which lie in the run's, and reached through
# their network namespaces; our own probes have no part in it.

redis_scenario=$REGIONPROOF_ROOT/suites/scenarios/redis-sentinel-cut.yaml
redis_cut_s=12

redis_skip() {
	for program in redis-server redis-sentinel redis-cli nsenter; do
		command -v $program >/dev/null || skip_all "$program is not installed"
	done
	unshare -n true 2>/dev/null || skip_all "no network namespaces here"
}

redis_await() { # NAME TEXT: on the run's stderr, within 90 s
	i=0
	until grep -q "$2" "$1/err" 2>/dev/null; do
		i=$((i + 1))
		[ $i -lt 1800 ] && kill -0 "$redis_pid" 2>/dev/null || return 1
		sleep 0.05
	done
}

redis_server() { # NAME REGION: its pid
	for p in /proc/[0-9]*; do
		[ "$(cat "$p/comm" 2>/dev/null)" = redis-server ] || continue
		case $(readlink "$p/cwd") in
		"$PWD/$1/"*"/work/$2/nodes/redis") echo "${p#/proc/}" ;;
		esac
	done
}

redis_ask() { # NAME REGION COMMAND...
	pid=$(redis_server "$1" "$2")
	shift 2
	[ -n "$pid" ] && nsenter -t "$pid" -n redis-cli -h 127.0.0.1 -p 6379 --raw "$@"
}

# The server's clock in microseconds, then "key value" of every ledger key; one script, so that
# nothing is written in between.
redis_dump() { # NAME REGION
	redis_ask "$1" "$2" EVAL "local t = redis.call('TIME')
		local r = {t[1] .. string.format('%06d', t[2])}
		for _, k in ipairs(redis.call('KEYS', 'l:*')) do
			r[#r + 1] = k .. ' ' .. redis.call('GET', k)
		end
		return r" 0
}

redis_role() { # NAME REGION
	redis_ask "$1" "$2" ROLE | head -n 1
}

redis_new_primary() { # NAME
	for region in eu-west ap-south; do
		[ "$(redis_role "$1" $region)" = master ] && echo $region
	done | head -n 1
}

redis_run() { # NAME MIN_REPLICAS
	mkdir "$1"
	MIN_REPLICAS=$2 "$REGIONPROOF_BUILD/regionproof" run --runs="$1" "$redis_scenario" \
		>"$1/out" 2>"$1/err" &
	redis_pid=$!
	# Said 150 ms ahead of the cut: the dump is taken about 300 ms before its end.
	redis_await "$1" "partition us-east" && sleep "$((redis_cut_s - 1)).8" &&
		redis_dump "$1" us-east >"$1/old"
	redis_await "$1" lifted && sleep 3 &&
		for region in us-east eu-west ap-south; do redis_role "$1" $region; done >"$1/roles"
	# The controller waits, and with it the tear-down.
	redis_await "$1" "clients are quiet" && kill -STOP "$redis_pid" &&
		redis_dump "$1" "$(redis_new_primary "$1")" >"$1/new"
	kill -CONT "$redis_pid" 2>/dev/null
	wait "$redis_pid"
	cp -r "$1/latest/." "$1/run"
}

redis_number() { # NAME FIELD: the first such number of run.json
	sed -n "s/.*\"$2\": \([0-9]*\),*\$/\1/p" "$1/run/run.json" | head -n 1
}
