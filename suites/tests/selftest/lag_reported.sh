#!/bin/sh
# runner: alone, long, timeout 400
# Lag as clients see it beside what the system says of itself.
#
# PostgreSQL's replay_lag ends when the primary has heard that a standby has applied: it is longer than
# what readers meet by the way back. Redis' lag= counts the seconds since a replica was last heard of, in
# whole ones: it says nothing about the age of the data.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without /usr/lib/postgresql/15/bin/postgres bash redis-server redis-sentinel redis-cli nsenter

PATH=/usr/lib/postgresql/15/bin:$PATH

# The pid of a program whose working directory lies in the run's, in us-east.
server() { # NAME COMMAND
	for p in /proc/[0-9]*; do
		[ "$(cat "$p/comm" 2>/dev/null)" = "$2" ] || continue
		case $(readlink "$p/cwd") in
		"$PWD/$1/"*/work/us-east/*) echo "${p#/proc/}" && return ;;
		esac
	done
}

postgres_says() { # REGION: milliseconds
	nsenter -t "$pid" -n psql -qAtX -h 127.0.0.1 -U postgres -d postgres -c \
		"select (extract(epoch from replay_lag) * 1000)::int from pg_stat_replication
		where application_name = '$1'"
}

redis_says() { # REGION: seconds; replicas are named by their addresses, so of any of them
	nsenter -t "$pid" -n redis-cli -h 127.0.0.1 -p 6379 info replication |
		sed -n 's/^slave[0-9].*lag=\([0-9]*\).*/\1/p'
}

# Run lag_NAME.yaml and ask its primary meanwhile, as long as clients are at work.
run_and_ask() { # NAME COMMAND
	rm -rf "$1"
	mkdir "$1"
	: >"$1/eu-west" >"$1/ap-south"
	"$REGIONPROOF_BUILD/regionproof" run --runs="$1" \
		"$REGIONPROOF_ROOT/suites/tests/selftest/lag_$1.yaml" >"$1/out" 2>"$1/err" &
	run=$!
	while kill -0 $run 2>/dev/null && ! grep -q quiet "$1/err"; do
		pid=$(server "$1" "$2")
		for region in eu-west ap-south; do
			[ -z "$pid" ] || "$1_says" $region >>"$1/$region" 2>/dev/null
		done
		sleep 0.3
	done
	wait $run
	[ $? -le 2 ] || { cat "$1/out" "$1/err"; false; }
}

says() { # NAME REGION: the median
	grep . "$1/$2" | sort -n | awk '{ v[NR] = $1 } END { if (NR) print v[int((NR + 1) / 2)] }'
}

ours() { # NAME REGION: milliseconds
	sed -n "s/^  ok  *visibility.p50 in steady from us-east to $2  *\([0-9.]*\) \([a-z]*\) .*/\1 \2/p" "$1/out" |
		awk '{ print int($1 * ($2 == "s" ? 1000 : 1)) }'
}

# Ours is an upper end between two looks of 50 ms; a reply takes the way back, and waits for the next record.
agrees() { # REGION WAY_BACK
	theirs=$(says postgres "$1") seen=$(ours postgres "$1")
	echo "PostgreSQL says $theirs ms, of them $2 ms the way back; readers see $seen ms"
	[ "$seen" -ge $((theirs - $2 - 60)) ] && [ "$seen" -le $((theirs - $2 + 80)) ]
}

whole_seconds() {
	cat redis/eu-west
	grep -q . redis/eu-west && ! grep -q '[^0-9]' redis/eu-west && [ "$(says redis eu-west)" -le 1 ]
}

compare() { # WHAT REGION WAY_BACK
	if [ -z "$(ours postgres "$2")" ] && grep -q "$verdicts_busy" postgres/out; then
		skip "$1" "this machine was too busy"
	else
		check "$1" agrees "$2" "$3"
	fi
}

check "PostgreSQL works and is asked" run_and_ask postgres postgres
compare "eu-west: replay_lag is the lag that readers see and the way back" eu-west 40
compare "ap-south: so there" ap-south 95
check "Redis works and is asked" run_and_ask redis redis-server
check "its lag= is of whole seconds, whatever readers see" whole_seconds
for region in eu-west ap-south; do
	echo "# $region: PostgreSQL's replay_lag $(says postgres $region) ms, visible after" \
		"$(ours postgres $region) ms; Redis' lag= $(says redis $region) s, visible after $(ours redis $region) ms"
done
done_testing
