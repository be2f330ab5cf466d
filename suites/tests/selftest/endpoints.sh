#!/bin/sh
# runner: steady, timeout 120
# A system that somebody else runs is probed where it is: a sound one passes, one whose region is a
# system of its own diverges, and nothing of it is touched.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without nginx openssl

scenario=$REGIONPROOF_ROOT/suites/tests/selftest/endpoints.yaml
peers=us-east/store=127.0.0.1:18080,eu-west/store=[::1]:18081,ap-south/store=127.0.0.1:18082

store() { # NAME PEERS LISTEN
	"$REGIONPROOF_BUILD/region-store" --node "$1" --peers "$2" --listen "$3" \
		--ack majority >"store-$3.log" 2>&1 &
	stores="$stores $!"
}
stop() {
	# shellcheck disable=SC2086
	kill $stores 2>/dev/null
	wait
}
trap stop EXIT

# The same three behind TLS, by a certificate that only ca.pem vouches for.
tls_proxies() {
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out ca.pem -days 2 \
		-subj /CN=stores -addext "subjectAltName=IP:127.0.0.1,IP:::1,DNS:localhost" 2>/dev/null
	cat >nginx.conf <<-CONF
		daemon off; pid $PWD/nginx.pid; error_log $PWD/nginx.err; worker_processes 1;
		events {}
		http {
		    access_log off; ssl_certificate $PWD/ca.pem; ssl_certificate_key $PWD/key.pem;
		    client_body_temp_path $PWD; proxy_temp_path $PWD; fastcgi_temp_path $PWD;
		    uwsgi_temp_path $PWD; scgi_temp_path $PWD;
		    server { listen 127.0.0.1:18443 ssl; location / { proxy_pass http://127.0.0.1:18080; } }
		    server { listen [::1]:18444 ssl; location / { proxy_pass http://[::1]:18081; } }
		    server { listen 127.0.0.1:18445 ssl; location / { proxy_pass http://127.0.0.1:18082; } }
		}
	CONF
	nginx -p "$PWD" -c "$PWD/nginx.conf" -e "$PWD/nginx.err" &
	stores="$stores $!"
}

probe() { # DIRECTORY STATUS...
	for try in 1 2 3; do
		rm -rf "$1"
		mkdir "$1"
		"$REGIONPROOF_BUILD/regionproof" run --runs="$1" "$scenario" >"$1/out" 2>"$1/err"
		echo $? >"$1/status"
		grep -q "$verdicts_busy" "$1/out" || break
	done
	cat "$1/out" "$1/err"
	[ "$(cat "$1/status")" = "$2" ]
}

refused() { # SENTENCE SED-EXPRESSION
	sed "$2" "$scenario" >refused.yaml
	"$REGIONPROOF_BUILD/regionproof" check refused.yaml >said 2>&1
	[ $? = 3 ] && grep -q "$1" said && return 0
	cat said
	return 1
}

store us-east/store "$peers" 127.0.0.1:18080
store eu-west/store "$peers" "[::1]:18081"
store ap-south/store "$peers" 127.0.0.1:18082
store alone/store "alone/store=127.0.0.1:18083" 127.0.0.1:18083
tls_proxies
sleep 2

check "a sound system passes" probe sound 0
verdict "no session misses its own writes" sound read_your_writes.violations ok
verdict "replication is seen" sound visibility.p99 ok
verdict "and the regions agree in the end" sound divergence.keys ok
check "the report says where the clients are" grep -q "way from here to the endpoint" sound/out

PORT_A=18443 PORT_B=18444 PORT_C=18445
export PORT_A PORT_B PORT_C
plain=$scenario scenario=tls.yaml
sed "s|^    node: store|&\n    tls: yes\n    ca: $PWD/ca.pem|" "$plain" >tls.yaml
check "the same behind TLS passes" probe private 0
verdict "and its regions agree" private divergence.keys ok
sed -i '/^    ca:/d' tls.yaml
check "a certificate that nobody vouches for passes nothing" probe untrusted 5
check "and it is said" grep -q "certificate" untrusted/out
scenario=$plain
unset PORT_A PORT_B
export PORT_C=18083
check "a region that is another system is caught" probe apart 1
verdict "for it never agrees" apart divergence.keys FAIL

export PORT_C=18084
check "where nobody listens nothing passes" probe absent 5
check "and it is said" grep -q "localhost port 18084 did not say its role" absent/out

check "a fault on links is refused" refused "run by somebody" \
	's/- { at: 0s, watch: steady.*/- { at: 1s, partition: us-east, from: [eu-west], for: 1s }/'
check "and one on nodes" refused "run by somebody" \
	's|- { at: 0s, watch: steady.*|- { at: 1s, kill: us-east/store, for: 1s }|'
check "links are not laid" refused "leave \"links\" out" 's/^clients:/links: { preset: aws }\n\n&/'
check "every region has an address" refused "region ap-south has no address" '/ap-south: "loc/d'
check "TLS needs a driver that speaks it" refused "does not speak TLS" \
	's/driver: http-kv/driver: redis/; s/^    node: store/&\n    tls: yes/; s/demand-version.*/timeout: 1s/'
check "an address has a port" refused 'refused.yaml:18:.*"localhost" is no address' \
	's/"localhost:.*"/localhost/'
done_testing
