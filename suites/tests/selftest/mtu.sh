#!/bin/sh
# runner: steady, timeout 120
# MTUs of regions and links: planned, laid, told by the run, and refused where they can mean nothing.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
here=$REGIONPROOF_ROOT/suites/tests/selftest
program=$REGIONPROOF_BUILD/regionproof
skip_without

planned() { # TEXT
	"$program" plan "$here/mtu.yaml" >out
	grep MTU out
	grep -q -- "$1" out
}

silent() { # a plan of usual links says nothing of it
	"$program" plan "$here/small.yaml" >out && ! grep MTU out
}

refused() { # WORDS NAME=VALUE...
	words=$1
	shift
	env "$@" "$program" check "$here/mtu.yaml" >out 2>err
	status=$?
	cat err
	[ "$status" = 3 ] && grep -q "mtu.yaml:[0-9]*:[0-9]*: .*$words" err
}

meets_none() { # a black hole for packets that are larger than the tunnel's
	hole="  - { at: 2s, blackhole-mtu: us-east, from: eu-west, size-above: $1, for: 1s }"
	sed "s/^  - { at: 2s, quiet.*/$hole\\n  - { at: 4s, quiet: settled, for: 3s }/" "$here/mtu.yaml" >hole.yaml
	"$program" check hole.yaml >out 2>err
	status=$?
	cat hole.yaml out err
	[ "$status" = "$2" ] && { [ "$status" = 0 ] || grep -q "MTU from us-east to eu-west is 1400" err; }
}

no_containers() { # what belongs to others keeps its own
	sed 's/role: replica }/role: replica, mtu: 1400 }/' "$here/containers.yaml" >containers.yaml
	"$program" check containers.yaml >out 2>err
	status=$?
	cat err
	[ "$status" = 3 ] && grep -q "containers keep the MTU of their network" err
}

told() { # FILE
	laid="9000 in us-east, 9000 in eu-west, 1280 in ap-south, 1400 from us-east to eu-west"
	find mtu -name "$1" -exec grep -h "$laid" {} + | grep -c "$laid"
}

check "the plan says it of a region" planned "region us-east (primary), MTU 9000: a namespace"
check "of a link" planned "us-east -> eu-west .*, MTU 1400$"
check "and of a way that has it from its region" planned "us-east -> ap-south .*, MTU 1280$"
check "it says nothing where all is as usual" silent
check "less than IPv6 needs is refused" refused "mtu: 1279 is below the least allowed, 1280" EU_MTU=1279
check "more than 9000 is refused" refused "mtu: 9001 is above the most allowed, 9000" EU_MTU=9001
check "what is no number is refused" refused "mtu: 'large' is not a whole number" EU_MTU=large
check "a link cannot carry more than its regions" refused "1500 of region eu-west" EU_MTU=1500 TUNNEL=9000
check "containers keep theirs" no_containers
check "a black hole above the MTU of its links is refused" meets_none 1400b 3
check "one below it is not" meets_none 1399b 0
check "a run with them passes" run_file mtu "$here/mtu.yaml"
check "and tells what was laid" told run.json
check "in its report, too" told report.html
done_testing
