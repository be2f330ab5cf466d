#!/bin/sh
# No test is skipped for want of a package once `make deps` has run: what a recipe needs stands in the Makefile's
# one list, or is on every Debian, and what a script could be skipped without is here.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
grep -qs '^ID=debian' /etc/os-release || skip_all "the list is of Debian's packages"

cat >needed.py <<'END'
import sys, yaml
for path in sys.argv[1:]:
    for package in yaml.safe_load(open(path))["needs"]["programs"].values():
        if package: # else a program of ours
            print(package)
END
listed=" $(sed -n '/^DEPS_BUILD :=/,/^DEPS_DEV :=/{/^DEPS_DEV/!p}' "$REGIONPROOF_ROOT/Makefile" | tr '\\\t\n' '   ') "
needed=$(/usr/bin/python3 needed.py "$REGIONPROOF_ROOT"/fixtures/systems/*.yaml | sort -u)

are_listed() {
	for package in $needed; do
		case $listed in *" $package "*) continue ;; esac
		dpkg-query -W -f '${Essential} ${Priority}\n' "$package" 2>/dev/null |
			grep -q '^yes\| required$' || { echo "$package is not in DEPS_BUILD or DEPS_TEST"; return 1; }
	done
}
are_here() {
	for program in $(sed -n 's/^skip_without //p' "$REGIONPROOF_ROOT"/suites/tests/*/*.sh); do
		command -v "$program" >/dev/null || { echo "$program is not installed"; return 1; }
	done
}

check "recipes need packages" test "$(echo "$needed" | wc -l)" -gt 10
check "all of them are in the list" are_listed
check "all that scripts could be skipped without is installed" are_here
needed="$needed no-such-package"
one_is_missing() { ! are_listed; }
check "a package that is not in the list is found out" one_is_missing
done_testing
