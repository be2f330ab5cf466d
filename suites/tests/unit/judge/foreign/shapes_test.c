/*
 * Shapes in which histories come: notations, missing fields, noise, and what different tools write for
 * the same; each is read, and judged as it should be, or refused with its line.
 */
#include "suites/judge/foreign/format.h"
#include "fixtures/base/arena.h"
#include "suites/judge/models/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define REFUSED FINDINGS

struct shape_row {
	const char *name, *format, *model, *initial, *consistency;
	enum finding finding;
	const char *text;
};

static const struct shape_row shapes[] = {
	{"la-empty", "elle", "list-append", NULL, NULL, FINDING_UNDECIDED, "[]\n"},
	{"la-unk-prefix", "elle", "list-append", NULL, NULL, FINDING_VIOLATED,
		"[{\"index\": 0, \"process\": 0, \"type\": \"invoke\", \"value\": [[\"append\", 1, 1]]},\n"
		" {\"index\": 1, \"process\": 0, \"type\": \"ok\", \"value\": [[\"append\", 1, 1]]},\n"
		" {\"index\": 2, \"process\": 1, \"type\": \"invoke\", \"value\": [[\"append\", 1, 2], [\"r\", 1, [1]]]},\n"
		" {\"index\": 3, \"process\": 1, \"type\": \"ok\", \"value\": [[\"append\", 1, 2], [\"r\", 1, [1]]]}]\n"},
	{"la-twice", "elle", "list-append", NULL, NULL, FINDING_VIOLATED,
		"[{\"index\": 0, \"process\": 0, \"type\": \"invoke\", \"value\": [[\"append\", 1, 1]]},\n"
		" {\"index\": 1, \"process\": 0, \"type\": \"ok\", \"value\": [[\"append\", 1, 1]]},\n"
		" {\"index\": 2, \"process\": 1, \"type\": \"invoke\", \"value\": [[\"append\", 1, 2]]},\n"
		" {\"index\": 3, \"process\": 1, \"type\": \"ok\", \"value\": [[\"append\", 1, 2]]},\n"
		" {\"index\": 4, \"process\": 2, \"type\": \"invoke\", \"value\": [[\"r\", 1, null], [\"r\", 1, null]]},\n"
		" {\"index\": 5, \"process\": 2, \"type\": \"ok\", \"value\": [[\"r\", 1, [1]], [\"r\", 1, [1, 2]]]}]\n"},
	{"la-info-read", "elle", "list-append", NULL, NULL, FINDING_VALID,
		"[{\"index\": 0, \"process\": 0, \"type\": \"invoke\", \"value\": [[\"append\", 1, 1]]},\n"
		" {\"index\": 1, \"process\": 0, \"type\": \"ok\", \"value\": [[\"append\", 1, 1]]},\n"
		" {\"index\": 2, \"process\": 0, \"type\": \"invoke\", \"value\": [[\"r\", 1, null]]},\n"
		" {\"index\": 3, \"process\": 0, \"type\": \"info\", \"value\": [[\"r\", 1, null]]}]\n"},
	{"la-read-empty", "elle", "list-append", NULL, NULL, FINDING_VALID,
		"[{\"index\": 0, \"process\": 0, \"type\": \"invoke\", \"value\": [[\"r\", 1, null]]},\n"
		" {\"index\": 1, \"process\": 0, \"type\": \"ok\", \"value\": [[\"r\", 1, []]]}]\n"},
	{"la-future", "elle", "list-append", NULL, NULL, FINDING_VIOLATED,
		"[{\"index\": 0, \"process\": 0, \"type\": \"invoke\", \"value\": [[\"r\", 1, [1]], [\"append\", 1, 1]]},\n"
		" {\"index\": 1, \"process\": 0, \"type\": \"ok\", \"value\": [[\"r\", 1, [1]], [\"append\", 1, 1]]}]\n"},
	{"la-incompat", "elle", "list-append", NULL, NULL, FINDING_VIOLATED,
		"[{\"index\": 0, \"process\": 0, \"type\": \"invoke\", \"value\": [[\"append\", 1, 1]]},\n"
		" {\"index\": 1, \"process\": 0, \"type\": \"ok\", \"value\": [[\"append\", 1, 1]]},\n"
		" {\"index\": 2, \"process\": 1, \"type\": \"invoke\", \"value\": [[\"append\", 1, 2]]},\n"
		" {\"index\": 3, \"process\": 1, \"type\": \"ok\", \"value\": [[\"append\", 1, 2]]},\n"
		" {\"index\": 4, \"process\": 2, \"type\": \"invoke\", \"value\": [[\"r\", 1, [1, 2]]]},\n"
		" {\"index\": 5, \"process\": 2, \"type\": \"ok\", \"value\": [[\"r\", 1, [1, 2]]]},\n"
		" {\"index\": 6, \"process\": 3, \"type\": \"invoke\", \"value\": [[\"r\", 1, [2, 1]]]},\n"
		" {\"index\": 7, \"process\": 3, \"type\": \"ok\", \"value\": [[\"r\", 1, [2, 1]]]}]\n"},
	{"rw-thin", "elle", "rw-register", NULL, NULL, FINDING_VIOLATED,
		"[{\"index\": 0, \"process\": 0, \"type\": \"invoke\", \"f\": \"txn\", \"value\": [[\"w\", \"x\", 2]]},\n"
		" {\"index\": 1, \"process\": 0, \"type\": \"ok\", \"f\": \"txn\", \"value\": [[\"w\", \"x\", 2]]},\n"
		" {\"index\": 2, \"process\": 0, \"type\": \"invoke\", \"f\": \"txn\", \"value\": [[\"r\", \"x\", null]]},\n"
		" {\"index\": 3, \"process\": 0, \"type\": \"ok\", \"f\": \"txn\", \"value\": [[\"r\", \"x\", 3]]},\n"
		" {\"index\": 4, \"process\": 0, \"type\": \"invoke\", \"f\": \"txn\", \"value\": [[\"r\", \"x\", null]]},\n"
		" {\"index\": 5, \"process\": 0, \"type\": \"ok\", \"f\": \"txn\", \"value\": [[\"r\", \"x\", 2]]}]\n"},
	{"rw-seq-anom", "elle", "rw-register", NULL, NULL, FINDING_VIOLATED,
		"[{\"index\": 0, \"process\": 0, \"type\": \"invoke\", \"f\": \"txn\", \"value\": [[\"r\", \"x\", 1]]},\n"
		" {\"index\": 1, \"process\": 0, \"type\": \"ok\", \"f\": \"txn\", \"value\": [[\"r\", \"x\", 1]]},\n"
		" {\"index\": 2, \"process\": 0, \"type\": \"invoke\", \"f\": \"txn\", \"value\": [[\"w\", \"x\", 1]]},\n"
		" {\"index\": 3, \"process\": 0, \"type\": \"ok\", \"f\": \"txn\", \"value\": [[\"w\", \"x\", 1]]}]\n"},
	{"rw-empty", "elle", "rw-register", NULL, NULL, FINDING_UNDECIDED, "[]\n"},
	{"longfork", "elle", "long-fork", NULL, NULL, FINDING_VIOLATED,
		"[{:type :invoke, :f :read, :value [[:r 0 nil] [:r 1 nil] [:r 2 nil]]},\n"
		"{:type :ok, :f :read, :value [[:r 0 1] [:r 1 1] [:r 2 nil]]},\n"
		"{:type :invoke, :f :read, :value [[:r 2 nil] [:r 0 nil] [:r 1 nil]]},\n"
		"{:type :ok, :f :read, :value [[:r 2 1]   [:r 0 1]   [:r 1 nil]]}]\n"},
	{"si-nogs", "elle", "list-append", NULL, "snapshot-isolation", FINDING_VALID,
		"; comment\n"
		"{:index 10, :time 0, :type :invoke, :process 2, :f :txn, :value [[:append 9 2]]}\n"
		"{:index 11, :time 0, :type :ok, :process 2, :f :txn, :value [[:append 9 2]]}\n"
		"{:index 20, :time 0, :type :invoke, :process 4, :f :txn, :value [[:append 8 1] [:r 9 nil]]}\n"
		"{:index 21, :time 0, :type :ok, :process 4, :f :txn, :value [[:append 8 1] [:r 9 nil]]}\n"
		"{:index 30, :time 0, :type :invoke, :process 7, :f :txn, :value [[:r 6 nil] [:r 8 nil] [:append 9 5]]}\n"
		"{:index 31, :time 0, :type :ok, :process 7, :f :txn, :value [[:r 6 nil] [:r 8 nil] [:append 9 5]]}\n"
		"{:index 40, :time 0, :type :invoke, :process 9, :f :txn, :value [[:append 6 2] [:r 9 nil]]}\n"
		"{:index 41, :time 0, :type :ok, :process 9, :f :txn, :value [[:append 6 2] [:r 9 [2]]]}\n"},
	{"cas-ok", "elle", "cas-register", NULL, NULL, FINDING_VALID,
		"; x\n"
		"{:process 1, :type :invoke, :f :read, :value nil}\n"
		"{:process 1, :type :ok,     :f :read, :value nil}\n"
		"\n"
		"{:process 1, :type :invoke, :f :cas,  :value [nil 1]}\n"
		"{:process 1, :type :ok,     :f :cas,  :value [nil 1]}\n"
		"{:process 2, :type :invoke, :f :cas,  :value [nil 2]}\n"
		"{:process 2, :type :fail,   :f :cas,  :value [nil 2]}\n"},
	{"cas-fail", "elle", "cas-register", NULL, NULL, FINDING_VIOLATED,
		"\n"
		"{:process 1, :type :invoke, :f :cas,  :value [nil 1]}\n"
		"{:process 1, :type :ok,     :f :cas,  :value [nil 1]}\n"
		"{:process 2, :type :invoke, :f :cas,  :value [nil 2]}\n"
		"{:process 2, :type :ok,   :f :cas,  :value [nil 2]}\n"},
	{"kv-ok", "knossos", "register", "\"\"", NULL, FINDING_VALID,
		"{:process 0, :type :invoke, :f :append, :key \"0\", :value \"x 0 0 y\"}\n"
		"{:process 0, :type :ok, :f :append, :key \"0\", :value \"x 0 0 y\"}\n"
		"{:process 0, :type :invoke, :f :get, :key \"7\", :value nil}\n"
		"{:process 0, :type :ok, :f :get, :key \"7\", :value \"\"}\n"
		"{:process 0, :type :invoke, :f :append, :key \"0\", :value \"x 0 1 y\"}\n"
		"{:process 0, :type :ok, :f :append, :key \"0\", :value \"x 0 1 y\"}\n"
		"{:process 0, :type :invoke, :f :get, :key \"0\", :value nil}\n"
		"{:process 0, :type :ok, :f :get, :key \"0\", :value \"x 0 0 yx 0 1 y\"}\n"
		"{:process 0, :type :invoke, :f :put, :key \"0\", :value \"z\"}\n"
		"{:process 0, :type :ok, :f :put, :key \"0\", :value \"z\"}\n"
		"{:process 0, :type :invoke, :f :get, :key \"0\", :value nil}\n"
		"{:process 0, :type :ok, :f :get, :key \"0\", :value \"z\"}\n"},
	{"kv-bad", "knossos", "register", "\"\"", NULL, FINDING_VIOLATED,
		"{:process 0, :type :invoke, :f :append, :key \"0\", :value \"x 0 0 y\"}\n"
		"{:process 0, :type :ok, :f :append, :key \"0\", :value \"x 0 0 y\"}\n"
		"{:process 0, :type :invoke, :f :get, :key \"7\", :value nil}\n"
		"{:process 0, :type :ok, :f :get, :key \"7\", :value \"\"}\n"
		"{:process 0, :type :invoke, :f :append, :key \"0\", :value \"x 0 1 y\"}\n"
		"{:process 0, :type :ok, :f :append, :key \"0\", :value \"x 0 1 y\"}\n"
		"{:process 0, :type :invoke, :f :get, :key \"0\", :value nil}\n"
		"{:process 0, :type :ok, :f :get, :key \"0\", :value \"x 0 0 y\"}\n"
		"{:process 0, :type :invoke, :f :put, :key \"0\", :value \"z\"}\n"
		"{:process 0, :type :ok, :f :put, :key \"0\", :value \"z\"}\n"
		"{:process 0, :type :invoke, :f :get, :key \"0\", :value nil}\n"
		"{:process 0, :type :ok, :f :get, :key \"0\", :value \"z\"}\n"},
	{"mr-bad", "knossos", "multi-register", NULL, NULL, FINDING_VIOLATED,
		"; A multi-register with x=0 and y=0\n"
		"[{:type :invoke, :f :txn, :value [[:read :x nil]], :process 3, :time 7}\n"
		"{:type :invoke, :f :txn, :value [[:write :y 2]], :process 4, :time 8}\n"
		"{:type :ok, :f :txn, :value [[:read :x 0]], :process 3, :time 9}\n"
		"{:type :ok, :f :txn, :value [[:write :y 2]], :process 4, :time 10}\n"
		"{:type :invoke, :f :txn, :value [[:read :x nil] [:read :y nil]], :process 3, :time 11}\n"
		"{:type :ok, :f :txn, :value [[:read :x 1] [:read :y 2]], :process 3, :time 12}]\n"},
	{"mr-init", "knossos", "multi-register", "{:x 0 :y 0}", NULL, FINDING_VIOLATED,
		"; A multi-register with x=0 and y=0\n"
		"[{:type :invoke, :f :txn, :value [[:read :x nil]], :process 3, :time 7}\n"
		"{:type :invoke, :f :txn, :value [[:write :y 2]], :process 4, :time 8}\n"
		"{:type :ok, :f :txn, :value [[:read :x 0]], :process 3, :time 9}\n"
		"{:type :ok, :f :txn, :value [[:write :y 2]], :process 4, :time 10}\n"
		"{:type :invoke, :f :txn, :value [[:read :x nil] [:read :y nil]], :process 3, :time 11}\n"
		"{:type :ok, :f :txn, :value [[:read :x 1] [:read :y 2]], :process 3, :time 12}]\n"},
	{"mr-init2", "knossos", "multi-register", "{:x 3 :y 4}", NULL, FINDING_VALID,
		"{:type :invoke :f :txn :value [[:r :x nil] [:r :y nil]] :process 0}{:type :ok :f :txn :value [[:r :x 3] [:r :y 4]] :process 0}"},
	{"mutex-bad", "knossos", "mutex", NULL, NULL, FINDING_VIOLATED,
		"{:process 0 :type :invoke :f :acquire :value nil}\n"
		"{:process 0 :type :ok :f :acquire :value nil}\n"
		"{:process 1 :type :invoke :f :acquire :value nil}\n"
		"{:process 1 :type :ok :f :acquire :value nil}\n"},
	{"mutex-info", "knossos", "mutex", NULL, NULL, FINDING_VALID,
		"{:process 0 :type :invoke :f :acquire}\n"
		"{:process 0 :type :ok :f :acquire}\n"
		"{:process 0 :type :invoke :f :release}\n"
		"{:process 0 :type :info :f :release}\n"
		"{:process 1 :type :invoke :f :acquire}\n"
		"{:process 1 :type :ok :f :acquire}\n"},
	{"record", "knossos", "register", NULL, NULL, FINDING_VALID,
		"#jepsen.history.Op{:index 0, :time 1, :type :invoke, :process 0, :f :write, :value 1}\n"
		"#jepsen.history.Op{:index 1, :time 2, :type :ok, :process 0, :f :write, :value 1}\n"
		"#jepsen.history.Op{:index 2 :time 3 :type :info :process :nemesis :f :start :value nil}\n"
		"#jepsen.history.Op{:index 3, :time 3, :type :invoke, :process 0, :f :read, :value nil}\n"
		"#jepsen.history.Op{:index 4, :time 4, :type :ok, :process 0, :f :read, :value 1}\n"},
	{"crlf-bom", "knossos", "register", NULL, NULL, FINDING_VALID,
		"\xef\xbb\xbf{:process 0 :type :invoke :f :write :value 1}\r\n"
		"{:process 0 :type :ok :f :write :value 1}\r\n"},
	{"discard", "knossos", "register", NULL, NULL, FINDING_VALID,
		"#_{:a 1} {:process 0 :type :invoke :f :write :value 1 #_ #_ :x :y}, {:process 0 :type :ok :f :write :value 1}\n"},
	{"bignum", "knossos", "register", NULL, NULL, FINDING_VALID,
		"{:process 0 :type :invoke :f :write :value 123456789012345678901234567890N}{:process 0 :type :ok :f :write :value 123456789012345678901234567890}{:process 1 :type :invoke :f :read :value nil}{:process 1 :type :ok :f :read :value 123456789012345678901234567890}"},
	{"float", "knossos", "register", NULL, NULL, FINDING_VALID,
		"{:process 0 :type :invoke :f :write :value 1.50}{:process 0 :type :ok :f :write :value 1.5}{:process 1 :type :invoke :f :read :value nil}{:process 1 :type :ok :f :read :value 1.5}"},
	{"set-order", "knossos", "register", NULL, NULL, FINDING_VALID,
		"{:process 0 :type :invoke :f :write :value #{1 2}}{:process 0 :type :ok :f :write :value #{1 2}}{:process 1 :type :invoke :f :read :value nil}{:process 1 :type :ok :f :read :value #{2 1}}"},
	{"map-order", "knossos", "register", NULL, NULL, FINDING_VALID,
		"{:process 0 :type :invoke :f :write :value {:a 1 :b 2}}{:process 0 :type :ok :f :write :value {:a 1 :b 2}}{:process 1 :type :invoke :f :read :value nil}{:process 1 :type :ok :f :read :value {:b 2 :a 1}}"},
	{"set-lost", "elle", "set", NULL, NULL, FINDING_VIOLATED,
		"[{:type :invoke,:f :add, :value 0, :process 0}, {:type :ok, :f :add, :value 0, :process 0},{:type :invoke, :f :read, :value nil, :process 0},{:type :ok, :f :read, :value #{}, :process 0}]"},
	{"set-nilread", "elle", "set", NULL, NULL, FINDING_UNDECIDED,
		"[{:type :invoke,:f :add, :value 0, :process 0}, {:type :ok, :f :add, :value 0, :process 0},{:type :invoke, :f :read, :value nil, :process 0},{:type :ok, :f :read, :value nil, :process 0}]"},
	{"ind-map", "knossos", "register", NULL, NULL, FINDING_VIOLATED,
		"{:process 0 :type :invoke :f :write :value [:x 1]}{:process 0 :type :ok :f :write :value [:x 1]}{:process 1 :type :invoke :f :read :value [:x nil]}{:process 1 :type :ok :f :read :value [:x 1]}{:process 1 :type :invoke :f :read :value [:y nil]}{:process 1 :type :ok :f :read :value [:y 1]}"},
	{"ind-tuple", "knossos", "register", NULL, NULL, FINDING_VALID,
		"{:process 0 :type :invoke :f :write :value #jepsen.independent.Tuple[0 1]}{:process 0 :type :ok :f :write :value #jepsen.independent.Tuple [0 1]}"},
	{"ind-entry",
		"knossos", "cas-register", NULL, NULL, FINDING_VALID, "{:process 0 :type :invoke :f :cas :value [9 [0 1]]}{:process 0 :type :ok :f :cas :value [9 [0 1]]}{:process 1 :type :invoke :f :read :value [9 nil]}{:process 1 :type :ok :f :read :value [9 1]}"},
	{"badret", "knossos", "register", NULL, NULL, REFUSED,
		"{:process 0 :type :ok :f :write :value 1}"},
	{"emptyfile", "knossos", "register", NULL, NULL, FINDING_UNDECIDED, ""},
	{"blank", "knossos", "register", NULL, NULL, FINDING_UNDECIDED,
		"\n"
		"\n"
		" ; only\n"},
	{"procstr", "knossos", "register", NULL, NULL, FINDING_VALID,
		"{\"process\":\"0\",\"type\":\"invoke\",\"f\":\"write\",\"value\":1}\n"
		"{\"process\":\"0\",\"type\":\"ok\",\"f\":\"write\",\"value\":1}\n"},
	{"nem-str", "knossos", "register", NULL, NULL, FINDING_VALID,
		"{\"process\":\"nemesis\",\"type\":\"info\",\"f\":\"kill\",\"value\":null}\n"
		"{\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"value\":1}\n"
		"{\"process\":0,\"type\":\"ok\",\"f\":\"write\",\"value\":1}\n"},
	{"dupidx", "knossos", "register", NULL, NULL, FINDING_VALID,
		"{:index 0 :process 0 :type :invoke :f :write :value 1}{:index 0 :process 0 :type :ok :f :write :value 1}"},
	{"counter", "elle", "counter", NULL, NULL, FINDING_VIOLATED,
		"{:type :invoke :f :add :value 1 :process 0}{:type :ok :f :add :value 1 :process 0}{:type :invoke :f :read :process 0}{:type :ok :f :read :value 2 :process 0}"},
	{"counter-inc", "elle", "counter", NULL, NULL, FINDING_VALID,
		"{:type :invoke :f :inc :value 1 :process 0}{:type :ok :f :inc :value 1 :process 0}{:type :invoke :f :read :process 0}{:type :ok :f :read :value 1 :process 0}"},
	{"bank-json", "elle", "bank", NULL, NULL, FINDING_VIOLATED,
		"{\"type\":\"invoke\",\"f\":\"read\",\"process\":0}\n"
		"{\"type\":\"ok\",\"f\":\"read\",\"process\":0,\"value\":{\"0\":10,\"1\":90}}\n"
		"{\"type\":\"invoke\",\"f\":\"read\",\"process\":0}\n"
		"{\"type\":\"ok\",\"f\":\"read\",\"process\":0,\"value\":{\"0\":11,\"1\":90}}"},
	{"bank-nil", "elle", "bank", NULL, NULL, FINDING_VIOLATED,
		"{:type :invoke :f :read :process 0}{:type :ok :f :read :process 0 :value {0 10 1 nil}}"},
	{"etcd-ok", "etcd-log", "cas-register", NULL, NULL, FINDING_VALID,
		"INFO  jepsen.util - 0\t:invoke\t:write\t3\n"
		"INFO  jepsen.util - 0\t:ok\t:write\t3\n"
		"INFO  jepsen.util - 1\t:invoke\t:read\tnil\n"
		"INFO  jepsen.util - 1\t:ok\t:read\t3\n"},
	{"etcd-bad", "etcd-log", "cas-register", NULL, NULL, FINDING_VIOLATED,
		"INFO  jepsen.util - 0\t:invoke\t:write\t3\n"
		"INFO  jepsen.util - 0\t:ok\t:write\t3\n"
		"INFO  jepsen.util - 1\t:invoke\t:read\tnil\n"
		"INFO  jepsen.util - 1\t:ok\t:read\tnil\n"},
	{"etcd-to", "etcd-log", "cas-register", NULL, NULL, FINDING_VALID,
		"INFO  jepsen.util - 0\t:invoke\t:write\t3\n"
		"INFO  jepsen.util - 0\t:ok\t:write\t3\n"
		"INFO  jepsen.util - 1\t:invoke\t:read\tnil\n"
		"INFO  jepsen.util - 1\t:fail\t:read\t:timed-out\n"},
	{"etcd-crlf", "etcd-log", "cas-register", NULL, NULL, FINDING_VALID,
		"INFO  jepsen.util - 0\t:invoke\t:write\t3\r\n"
		"INFO  jepsen.util - 0\t:ok\t:write\t3\r\n"
		"INFO  jepsen.util - 1\t:invoke\t:read\tnil\r\n"
		"INFO  jepsen.util - 1\t:ok\t:read\t3\r\n"},
	{"etcd-ts", "etcd-log", "cas-register", NULL, NULL, FINDING_VALID,
		"2014-06-01 12:00:00,123 INFO  jepsen.util - 0\t:invoke\t:write\t3\n"
		"2014-06-01 12:00:00,123 INFO  jepsen.util - 0\t:ok\t:write\t3\n"
		"2014-06-01 12:00:00,123 INFO  jepsen.util - 1\t:invoke\t:read\tnil\n"
		"2014-06-01 12:00:00,123 INFO  jepsen.util - 1\t:ok\t:read\t3\n"},
	{"etcd-sp", "etcd-log", "cas-register", NULL, NULL, FINDING_VALID,
		"INFO jepsen.util - 0\t:invoke\t:write\t3\n"
		"INFO jepsen.util - 0\t:ok\t:write\t3\n"
		"INFO jepsen.util - 1\t:invoke\t:read\tnil\n"
		"INFO jepsen.util - 1\t:ok\t:read\t3\n"},
	{"awdit", "awdit", "rw-register", NULL, "causal", FINDING_VALID,
		"w 0 1\r\n"
		"-----\r\n"
		"r 0 1\r\n"
		"=====\r\n"
		"  r   0\t1  \n"},
	{"awdit-sep", "awdit", "rw-register", NULL, "read-committed", FINDING_VIOLATED,
		"w 0 1\n"
		"----\n"
		"r 0 1\n"
		"====\n"
		"r 0 2\n"},
	{"plume", "awdit", "rw-register", NULL, "causal", FINDING_VALID,
		"w(1,2,0,0)\n"
		"r(1,2,1,1)\n"
		"r(3,0,1,1)\n"},
	{"jsonl", "jsonl", "register", NULL, NULL, FINDING_VALID,
		"{\"process\":0,\"f\":\"write\",\"value\":1,\"outcome\":\"ok\",\"call\":1,\"ret\":2}\n"
		"{\"process\":1,\"f\":\"read\",\"result\":1,\"outcome\":\"ok\",\"call\":3,\"ret\":4}\n"},
	{"gz", "knossos", "register", NULL, NULL, REFUSED, "\037\213\010\000abc"},
	{"comments-noproc", "knossos", "register", NULL, NULL, FINDING_VALID,
		"{:index 1, :type :invoke :f :read   :value nil}\n"
		"{:index 2, :type :invoke :f :write  :value 425}\n"
		"{:index 3, :type :ok     :f :write  :value 425}\n"
		"{:index 6 :type :ok :f :read :value 425}"},
	{"la-noprocess", "elle", "list-append", NULL, NULL, FINDING_VALID,
		"{:index 2 :type :invoke, :value [[:append 255 8] [:r 253 nil]]}\n"
		"{:index 3 :type :ok,     :value [[:append 255 8] [:r 253 nil]]}\n"},
	{"read-args", "knossos", "register", NULL, NULL, FINDING_VIOLATED,
		"{:process 0 :type :invoke :f :write :value 1}{:process 0 :type :fail :f :write :value 1 :error :timeout}{:process 0 :type :invoke :f :read :value nil}{:process 0 :type :ok :f :read :value 1}"},
	{"info-dup", "knossos", "register", NULL, NULL, FINDING_VALID,
		"{:process 0 :type :invoke :f :write :value 1}{:process 0 :type :info :f :write :value 1}{:process 0 :type :info :f :write :value 1}{:process 1 :type :invoke :f :read :value nil}{:process 1 :type :ok :f :read :value 1}"},
	{"nested", "knossos", "register", NULL, NULL, REFUSED,
		"{:history [{:process 0 :type :invoke :f :write :value 1}{:process 0 :type :ok :f :write :value 1}]}"},
	{"inst", "knossos", "register", NULL, NULL, FINDING_VALID,
		"{:process 0 :type :invoke :f :write :value 1 :wall #inst \"2020-01-01T00:00:00Z\" :u #uuid \"f81d4fae-7dec-11d0-a765-00a0c91e6bf6\" :c \\a :s \\n"
		"ewline}{:process 0 :type :ok :f :write :value 1}"},
	{"ratio", "knossos", "register", NULL, NULL, FINDING_VALID,
		"{:process 0 :type :invoke :f :write :value 1/2}{:process 0 :type :ok :f :write :value 1/2}{:process 0 :type :invoke :f :read :value nil}{:process 0 :type :ok :f :read :value 1/2}"},
	{"ns-map", "knossos", "register", NULL, NULL, REFUSED, "#:jepsen{:x 1}"},
	{"ws-kw", "knossos", "register", NULL, NULL, FINDING_VALID,
		"[{\"type\": \":invoke\", \"f\": \":write\", \"value\": 1, \"process\": 0},{\"type\": \":ok\", \"f\": \":write\", \"value\": 1, \"process\": 0}]"},
	{"ok-nil-write", "knossos", "register", NULL, NULL, FINDING_VALID,
		"{:process 0 :type :invoke :f :write :value 1}{:process 0 :type :ok :f :write :value nil}{:process 0 :type :invoke :f :read :value nil}{:process 0 :type :ok :f :read :value 1}"},
};

static enum finding judge_row(const struct shape_row *row, struct buf *said)
{
	struct arena arena = {0};
	struct past past = {0};
	struct model_options options = {
		.past = &past, .initial = row->initial, .consistency = row->consistency};
	struct judgement judgement = {0};
	struct err err = {0};
	enum finding finding = REFUSED;

	if (format_find(row->format)
			->read_text(&arena, row->text, strlen(row->text), &past, &err) ||
		model_judge(model_find(row->model), &arena, &options, &judgement, &err)) {
		assert_int_equal(strncmp(err.text, "line ", 5), 0);
		buf_puts(said, err.text);
	} else {
		finding = judgement.finding;
		buf_puts(said, buf_str(&judgement.reason));
	}
	judgement_release(&judgement);
	arena_release(&arena);
	return finding;
}

static void each_shape_is_judged_as_it_should_be(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		struct buf said = {0};
		enum finding finding = judge_row(&shapes[i], &said);

		if (finding != shapes[i].finding)
			fail_msg("%s: %d, not %d: %s", shapes[i].name, (int)finding,
				(int)shapes[i].finding, buf_str(&said));
		buf_release(&said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_shape_is_judged_as_it_should_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
