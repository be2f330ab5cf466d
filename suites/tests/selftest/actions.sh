#!/bin/sh
# runner: steady, timeout 120
# Commands and webhooks of a timeline: which end well is told from which do not; their output is kept and none
# outlives its limit. A person is waited for at a terminal.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
. "$REGIONPROOF_ROOT/suites/tests/helpers/verdicts.sh"
skip_without python3
ip link set lo up 2>/dev/null || :

program=$REGIONPROOF_BUILD/regionproof
scenario=$REGIONPROOF_ROOT/suites/tests/selftest/actions.yaml
cat >hook.py <<'END'
import http.server, sys
class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length'])).decode()
        open('hooked', 'a').write(self.path + ' ' + body + '\n')
        self.send_response(200 if self.path == '/good' else 503)
        self.end_headers()
        self.wfile.write(b'not today')
    def log_message(self, *a): pass
server = http.server.HTTPServer(('127.0.0.1', 0), Hook)
open('port.new', 'w').write(str(server.server_port))
import os; os.rename('port.new', 'port')
server.serve_forever()
END
python3 hook.py &
server=$!
trap 'kill $server; wait $server 2>/dev/null || :' EXIT
i=0
until [ -e port ] || [ $i -ge 200 ]; do i=$((i + 1)); sleep 0.05; done
HOOK_PORT=$(cat port)
export HOOK_PORT

act() {
	for try in 1 2 3; do
		rm -rf runs hooked done-well
		mkdir runs
		"$program" run --runs=runs "$scenario" >out 2>err
		echo $? >status
		case $(cat status) in 4 | 5) cat out err ;; *) break ;; esac
	done
	cat out err
	[ "$(cat status)" = 1 ]
}
line() { # NAME WORD: the row of that action ends with this verdict
	cat out
	grep -q "^  $2  *action.$1 " out
}
check "actions that fail fail the run" act
check "a command that ends with 0 is well" line well ok
check "it ran, and knew who it was" grep -qx well done-well
check "what it printed is kept" grep -qx promoting runs/latest/action-well.log
check "status 3 is not" line badly FAIL
check "and its last words are told" grep -q 'exited with status 3; it said: no such cluster' out
check "a command beyond its limit is killed" line hangs FAIL
check "that is told" grep -q 'was killed at its limit of 1s' out
check "nothing of it is left" sh -c '! grep -lsz "^sleep" /proc/[0-9]*/cmdline | grep -q .'
check "a webhook that is answered by 200 is well" line hook ok
check "it was told which run and action" grep -q '/good {"run":".*-actions","action":"hook",' hooked
check "one that is answered by 503 is not" line bad-hook FAIL

# The plan says so without doing it.
rm -f done-well
check "plan prints actions and does none" sh -c \
	"'$program' plan '$scenario' | grep -q 'do well: echo promoting' && [ ! -e done-well ]"

sed 's/^  - { at: 1s, do: "echo prom.*/  - { at: 1s, wait: the cable is unplugged, within: 20s }/; /badly\|hangs\|hook/d' \
	"$scenario" >wait.yaml
check "nobody at hand: refused before anything is done" sh -c \
	"'$program' run --runs=runs wait.yaml </dev/null >told 2>&1; [ \$? = 64 ] && grep -q 'waits for a person' told"
cat >person.py <<'END'
import os, pty, sys, time, select
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
seen, pressed, end = b'', False, time.time() + 60
while time.time() < end:
    if select.select([fd], [], [], 1)[0]:
        try: data = os.read(fd, 65536)
        except OSError: break
        if not data: break
        seen += data
    if not pressed and b'held before the cable is unplugged' in seen:
        time.sleep(1); os.write(fd, b'\n'); pressed = True
print(seen.decode(errors='replace'))
sys.exit(0 if pressed and os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) in (0, 2) else 1)
END
check "a person at a terminal goes on by Enter" python3 person.py "$program" run --runs=runs wait.yaml
check "and the run knows how long that took" sh -c "grep -q 'went on after' runs/latest/run.json"
done_testing
