#!/bin/sh
# runner: alone, long, timeout 200
# Reads that etcd answers without asking the leader: they are stale, and no longer one copy.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without etcd etcdctl bash

export READ=serializable
check "the leader's region is cut off" run_scenario weak etcd-leader-cut
verdict "registers are more than one copy" weak linearizable.violations FAIL
verdict "and the cut region's reads grow old" weak staleness.p99 FAIL
verdict "writes are as safe as ever" weak writes.lost ok
echo "# $(measured weak linearizable.violations) violations, p99 of the age $(measured weak staleness.p99) s"
done_testing
