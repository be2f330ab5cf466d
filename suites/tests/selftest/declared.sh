#!/bin/sh
# runner: alone, long, timeout 300
# A region of a system that somebody else runs is taken away by their own command: the failover is measured,
# and said to hang on a fault that is declared and not proven. Where it is declared and did not happen, what
# hangs on it is void.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"

declared=$REGIONPROOF_ROOT/suites/tests/selftest/declared.yaml
peers=us-east/store=127.0.0.1:18080,eu-west/store=127.0.0.1:18081,ap-south/store=127.0.0.1:18082

cat >store.sh <<-END
	#!/bin/sh
	# NAME PORT: in the background, its pid in NAME.pid
	setsid "$REGIONPROOF_BUILD/region-store" --node "\$1/store" --peers "$peers" \
		--listen "127.0.0.1:\$2" --ack majority >>"$PWD/\$1.log" 2>&1 &
	echo \$! >"$PWD/\$1.pid"
END
stop() {
	for pid in *.pid; do
		kill "$(cat "$pid")" 2>/dev/null
	done
	sleep 1
}
trap stop EXIT
started() {
	sh store.sh us-east 18080
	sh store.sh eu-west 18081
	sh store.sh ap-south 18082
	sleep 2
}
says() { # NAME TEXT: in the console, the page and the JSON
	cat "$1/out"
	grep -q "$2" "$1/out" && grep -q "$2" "$1/latest/report.html" && grep -q "$2" "$1/latest/run.json"
}
status_is() { # NAME STATUS
	cat "$1/out" "$1/err"
	[ "$(cat "$1/status")" = "$2" ]
}

started
TAKE_AWAY="kill -KILL \$(cat '$PWD/us-east.pid')" BRING_BACK="sh '$PWD/store.sh' us-east 18080"
export TAKE_AWAY BRING_BACK
check "a region is taken away by a command" run_file away "$declared"
verdict "the failover is measured" away "failover.rto in outage" ok
verdict "nothing acknowledged is lost" away writes.lost ok
check "the verdict says that the fault is declared" says away \
	"'outage' was declared by the user, not proven by packets"
check "and so does the fault itself" grep -q "^  fault outage: declared: by the user, not proven" away/out
check "junit.xml does not call it observed" grep -q '<skipped' away/latest/junit.xml

refused() { # SENTENCE SED-EXPRESSION
	sed "$2" "$declared" >refused.yaml
	"$REGIONPROOF_BUILD/regionproof" check refused.yaml >said 2>&1
	[ $? = 3 ] && grep -q "$1" said && return 0
	cat said
	return 1
}
check "a failover from a region that is not declared lost is refused" refused \
	"does not touch us-east, the primary" 's/declared: us-east/declared: eu-west/'
check "and one that ends after the fault" refused "the bound must be below 10" \
	's/failover.rto < 8s/failover.rto < 12s/'

unset TAKE_AWAY BRING_BACK
check "it is declared, and nothing happens" run_file none "$declared"
verdict "a failover is not passed by silence" none "failover.rto in outage" void
verdict "nor is anything of the whole run" none writes.lost void
verdict "what hangs on no fault is judged" none "availability for reads in steady" ok
check "it ends as inconclusive" status_is none 2
done_testing
