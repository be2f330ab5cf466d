#!/bin/sh
# runner: steady, timeout 200
# etcd keeps its promises while the region of its leader is cut off.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without etcd etcdctl bash

check "the leader's region is cut off" run_scenario strong etcd-leader-cut
verdict "every register is one copy" strong linearizable.violations ok
verdict "who wrote reads it everywhere" strong read_your_writes.violations ok
verdict "nothing acknowledged is lost" strong writes.lost ok
verdict "another leader takes writes in time" strong "failover.rto in cut" ok
echo "# failover $(measured strong "failover.rto in cut") s"
done_testing
