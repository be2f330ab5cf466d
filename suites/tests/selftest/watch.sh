#!/bin/sh
# Beacons and probes without faults: metrics that Prometheus takes, and an orderly end.
#
# runner: timeout 60
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"

program=$REGIONPROOF_BUILD/regionproof
command -v python3 >/dev/null || skip_all "python3 is missing"

fetch() { # the metrics, once those of beacons are there (they are two seconds old)
	python3 - "$(sed -n 's/^metrics  //p' said)" <<-'END'
	import sys, time, urllib.request
	opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
	for _ in range(200):
	    try:
	        answer = opener.open(sys.argv[1], timeout=2)
	        text = answer.read().decode()
	        if "_rtt_seconds{" in text and 'role="primary"} 1' in text:
	            print(answer.headers["Content-Type"])
	            print(text, end="")
	            sys.exit(0)
	    except Exception:
	        pass
	    time.sleep(0.1)
	sys.exit("no metrics within 20 s")
	END
}

between() { # NAME LEAST MOST: of the pair us-east, ap-south
	awk -v least="$2" -v most="$3" -v name="$1" '
		index($0, name "{from=\"us-east\",to=\"ap-south\"}") { n++; ok = $2 >= least && $2 <= most; print }
		END { exit !(n == 1 && ok) }' metrics
}

TMPDIR=$PWD "$program" watch "$REGIONPROOF_ROOT/suites/tests/selftest/live.yaml" >out 2>said &
pid=$!
for _ in $(seq 100); do grep -q '^metrics' said && break; sleep 0.1; done
check "it says where" grep '^metrics  http://127.0.0.1:' said
fetch >answer 2>&1 || :
check "metrics are served" grep -q _rtt_seconds answer
check "as OpenMetrics" sh -c 'head -1 answer | grep "^application/openmetrics-text; version=1.0.0"'
sed 1d answer >metrics
check "to their end" sh -c 'tail -1 metrics | grep -x "# EOF"'
check "the round trip is the link's" between regionproof_watch_rtt_seconds 0.029 0.060
check "nothing is lost" between regionproof_watch_loss_ratio 0 0.2
check "reads are young" between regionproof_watch_staleness_seconds 0 1
check "the primary is told" grep -x 'regionproof_watch_node_role{node="us-east/store",region="us-east",role="primary"} 1' metrics
if command -v promtool >/dev/null; then
	check "promtool takes them" sh -c 'promtool check metrics <metrics'
else
	skip "promtool takes them" "promtool is not installed"
fi
check "no fault is begun" sh -c '! grep -i partition said'
kill -TERM $pid
status=0
wait $pid || status=$?
check "it ends orderly when it is asked to" [ "$status" = 0 ]
check "and leaves nothing" sh -c '! ls -d regionproof-watch.* regionproof-runs'
done_testing
