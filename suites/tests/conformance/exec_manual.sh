#!/bin/sh
# The example of EXEC.md does what the manual says.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"

manual=$REGIONPROOF_ROOT/probes/drivers/EXEC.md
mkdir store
DIR=$PWD/store
export DIR
awk '/^```sh$/ { on = 1; next } /^```$/ { on = 0 } on' "$manual" >driver.sh
ask() { sh driver.sh; }

# The requests of the manual itself, and a read that finds nothing any more.
requests() {
	sed -n '/^{"id"/p' "$manual"
	sed -n 's/^{"id":2/{"id":5/p' "$manual"
}

cat >expected <<END
{"id":0,"ok":true,"protocol":1}
{"id":1,"ok":true}
{"id":2,"ok":true,"value":"42"}
{"id":3,"ok":true}
{"id":4,"unknown":"other"}
{"id":5,"ok":true,"absent":true}
END

answers() { requests | ask >got; diff expected got; }
check "the example answers the requests of the manual" answers
done_testing
