#!/bin/sh
# runner: alone, long, timeout 120
# A system that no driver of ours knows, by templates of HTTP: files over WebDAV, and mirrors that keep
# them for a second.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without nginx

check "nginx with mirrors, one of them cut off" run_scenario dav nginx-dav-mirrors
verdict "clients do not read their own writes at a mirror" dav \
	"read_your_writes.violations in steady" FAIL
verdict "what is old is marked as such" dav "stale_reads.unflagged" ok
verdict "and no older than the mirrors may keep it" dav "staleness.max in steady" ok
verdict "no acknowledged write is lost" dav "writes.lost" ok
verdict "a mirror that is cut off has nothing to say" dav \
	"availability for reads in cut at eu-west" ok
verdict "the other mirror has" dav "availability for reads in cut at ap-south" ok
done_testing
