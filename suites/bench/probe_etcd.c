/*
 * The etcd probe with full history against wrk: the same cluster of one, as many connections, half
 * linearizable reads and half writes through the JSON gateway; interleaved pairs.
 */
#include "suites/tests/helpers/bench_pairs.h"

int main(void)
{
	return bench_pairs(&(struct bench_pair){
		.what = "etcd probe / wrk",
		.driver = "etcd",
		.target = 0.8,
		.start = "exec etcd --data-dir data "
			 "--listen-client-urls http://127.0.0.1:$PORT "
			 "--advertise-client-urls http://127.0.0.1:$PORT "
			 "--listen-peer-urls http://127.0.0.1:0",
		.ready =
			"etcdctl --endpoints http://127.0.0.1:$PORT endpoint health >/dev/null 2>&1",
		.peer = "cat >kv.lua <<'END'\n"
			"n = 0\n"
			"function request()\n"
			"  n = n + 1\n"
			"  if n % 2 == 0 then\n"
			"    return wrk.format('POST', '/v3/kv/range', nil, '{\"key\":\"YjE=\"}')\n"
			"  end\n"
			"  return wrk.format('POST', '/v3/kv/put', nil, "
			"'{\"key\":\"YjE=\",\"value\":\"MTc1OTIxODYwNDQ0MTc=\"}')\n"
			"end\n"
			"END\n"
			"wrk -t1 -c$CONNECTIONS -d1s -s kv.lua http://127.0.0.1:$PORT 2>/dev/null | "
			"sed -n 's/^Requests.sec: *//p'",
	});
}
