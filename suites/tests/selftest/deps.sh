#!/bin/sh
# make deps: installs only what is missing, starts no service, and leaves the machine's own policy as
# it was, also on failure. apt-get and dpkg-query are replaced by scripts that only tell.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"

mkdir -p bin
PATH=$PWD/bin:$PATH
export PATH POLICY="$PWD/policy-rc.d"

cat >bin/dpkg-query <<'S'
#!/bin/sh
cat installed
S
cat >bin/apt-get <<'S'
#!/bin/sh
echo "apt-get $*" >>log
case $* in
*install*)
	sh ./policy-rc.d redis-server start
	echo "policy inside $?" >>log
	env -u REGIONPROOF_DEPS sh ./policy-rc.d redis-server start
	echo "policy of others $?" >>log
	[ ! -e broken ] || exit 100
	printf 'ii new ' >>installed ;;
esac
S
cat >bin/id <<'S'
#!/bin/sh
echo 0
S
chmod +x bin/*

deps() {
	printf 'ii gcc ii make rc old ' >installed
	rm -f log
	touch log
	sh "$REGIONPROOF_ROOT/suites/packaging/deps.sh" "$@"
}

said() {
	grep -qxF -e "$1" log || { cat log; return 1; }
}

nothing_to_do() {
	deps gcc make && [ ! -s log ]
}

installs_what_is_missing() {
	deps gcc new make &&
		said 'apt-get -qq -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 install --no-install-recommends new'
}

fails_when_apt_fails() {
	touch broken
	! deps new
}

own_policy() {
	printf '#!/bin/sh\nexit 7\n' >policy-rc.d
	chmod +x policy-rc.d
}

own_policy_is_there() {
	[ "$(tail -n 1 policy-rc.d)" = 'exit 7' ] && [ ! -e policy-rc.d.regionproof ]
}

says_what_is_still_missing() {
	deps new never 2>&1 | grep -q 'did not install: never'
}

check "nothing is asked of apt where all is installed" nothing_to_do
check "only what is missing is installed" installs_what_is_missing
check "a removed package with its configuration left counts as missing" sh -c '
	printf "rc new " >installed; sh "$REGIONPROOF_ROOT/suites/packaging/deps.sh" new && grep -q install log'
check "services are refused during the call" said 'policy inside 101'
check "services of others are not" said 'policy of others 0'
check "no policy is left" test ! -e policy-rc.d
check "a package that apt does not install is named" says_what_is_still_missing
own_policy
check "with a policy of the machine's own" installs_what_is_missing
check "services are refused all the same" said 'policy inside 101'
check "others get the machine's own answer" said 'policy of others 7'
check "the machine's own policy is back" own_policy_is_there
check "a failure of apt is a failure" fails_when_apt_fails
check "the machine's own policy is back after a failure" own_policy_is_there
rm broken
# As if an earlier call had been killed: our policy in place, the machine's own one beside it.
check "what a killed call left behind is mended" sh -c '
	mv policy-rc.d policy-rc.d.regionproof
	echo ": REGIONPROOF_DEPS" >policy-rc.d
	printf "ii gcc " >installed
	sh "$REGIONPROOF_ROOT/suites/packaging/deps.sh" new'
check "the machine's own policy is back after that" own_policy_is_there
done_testing
