#!/bin/sh
# runner: alone, long, timeout 200
# The driver dynamodb and a server that is not ours: nothing is wrong with the driver, and a server that stops for
# a while leaves outcomes unknown and loses nothing.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
PATH=$REGIONPROOF_ROOT/build/npm/node_modules/.bin:$PATH
export PATH
skip_without dynalite node

check "a table of dynalite is worked with while its server stops" run_scenario api dynamodb-api
verdict "all is well before" api "errors in steady" ok
verdict "a stopped server answers nobody" api "errors.count in stopped" ok
verdict "sessions read what they wrote" api "read_your_writes.violations" ok
verdict "strong reads are of one copy" api "linearizable.violations" ok
verdict "nothing acknowledged is lost" api "writes.lost" ok

# The recipe's own way to make the table, on a port of our own namespace.
ip link set lo up 2>/dev/null || :
sed -n '/table.js: |/,/ready:/p' "$REGIONPROOF_ROOT/fixtures/systems/dynalite.yaml" | sed '1d;$d' |
	sed 's/{address}/127.0.0.1/; s/{port}/21800/' >table.js
dynalite --host 127.0.0.1 --port 21800 --createTableMs 0 >dynalite.log 2>&1 &
server=$!
trap 'kill $server; wait $server 2>/dev/null || :' EXIT
i=0
until node table.js >table.log 2>&1; do
	i=$((i + 1))
	[ $i -lt 40 ] || break
	sleep 0.25
done
check "doctor finds nothing wrong with the driver" \
	"$REGIONPROOF_BUILD/regionproof" doctor --driver dynamodb --url 127.0.0.1:21800
done_testing
