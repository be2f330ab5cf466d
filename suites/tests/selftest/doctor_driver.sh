#!/bin/sh
# runner: steady, timeout 120
# doctor --driver finds nothing wrong with a driver that is right, and finds one that takes a lost answer for a
# failure. Other mistakes are in doctor_driver_mistakes.sh.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/doctor_driver.sh"

examine right ''
check "nothing is wrong with the driver of the recipe" ends right 0
check "and all was tried that it can" says right "^  ok  *the answer comes too late"

examine sure 's/lost() { hang_up; say .*/lost() { hang_up; say '"'"'"fail":"reset"'"'"'; }/'
check "a lost answer is no sure failure" ends sure 1
check "that is told, and that the server has it" \
	says sure "^  WRONG  *the answer to a write is lost .*surely not done .*the server has it"
check "and that a server that closes may have done it" says sure "^  WRONG  *the server closes"

check "a driver without its program is explained" sh -c \
	"! '$program' doctor --driver exec 2>told; cat told; grep -q 'needs \"command:\"' told"
check "a name that is none is explained" sh -c \
	"! '$program' doctor --driver memcache 2>told; cat told; grep -q 'neither a driver' told"
for driver in redis http http-kv postgres; do
	"$program" list drivers | grep -q "^$driver " || continue
	check "$driver: nothing wrong with what needs no server" \
		sh -c "'$program' doctor --driver $driver"
done
done_testing
