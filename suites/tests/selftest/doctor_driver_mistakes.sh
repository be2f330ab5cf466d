#!/bin/sh
# runner: alone, long, timeout 120
# doctor --driver finds a driver that sends twice, that takes late answers for others', that says done of all.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/doctor_driver.sh"

examine twice "s|write) printf|write) (exec 4<>/dev/tcp/\$host/\$port; printf 'set %s 0 0 1\\\\r\\\\n1\\\\r\\\\n' \"\$key\" >\&4); printf|"
check "a request that is sent twice is seen" says twice "^  WRONG  *the answer to a write is lost .*asked again, on 2"

examine keeps 's/lost() { hang_up; /lost() { /'
check "a late answer that is taken for the next one's is seen" \
	says keeps "^  WRONG  *the answer comes too late"

examine yes 's/lost() { hang_up; say .*/lost() { hang_up; say "$(node)"; }/'
check "a driver that says done of everything is seen" says yes "^  WRONG  *the server resets .*write: done"
done_testing
