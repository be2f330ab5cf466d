#!/bin/sh
# No test is skipped for want of a package once `make deps` has run: what a recipe needs stands in the Makefile's
# one list, or in package.json where the recipe says "NAME of npm", or is on every Debian; what a script could be
# skipped without is here.
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"
grep -qs '^ID=debian' /etc/os-release || skip_all "the list is of Debian's packages"

cat >needed.py <<'END'
import sys, yaml
for path in sys.argv[1:]:
    for package in yaml.safe_load(open(path))["needs"]["programs"].values():
        if package: # else a program of ours
            print(package.split()[0] + ("@npm" if " of npm" in package else ""))
END
listed=" $(sed -n '/^DEPS_BUILD :=/,/^DEPS_DEV :=/{/^DEPS_DEV/!p}' "$REGIONPROOF_ROOT/Makefile" | tr '\\\t\n' '   ') "
needed=$(/usr/bin/python3 needed.py "$REGIONPROOF_ROOT"/fixtures/systems/*.yaml | sort -u)

npm_list=$REGIONPROOF_ROOT/suites/packaging/package.json
are_listed() {
	for package in $needed; do
		case $listed in *" $package "*) continue ;; esac
		case $package in *@npm) grep -q "\"${package%@npm}\":" "$npm_list" && continue ;; esac
		dpkg-query -W -f '${Essential} ${Priority}\n' "$package" 2>/dev/null |
			grep -q '^yes\| required$' || { echo "$package is not in DEPS_BUILD or DEPS_TEST"; return 1; }
	done
}
are_here() {
	for program in $(sed -n 's/^skip_without //p' "$REGIONPROOF_ROOT"/suites/tests/*/*.sh); do
		[ -x "$REGIONPROOF_BUILD/npm/node_modules/.bin/$program" ] || command -v "$program" >/dev/null || { echo "$program is not installed"; return 1; }
	done
}

check "recipes need packages" test "$(echo "$needed" | wc -l)" -gt 10
check "all of them are in the list" are_listed
check "all that scripts could be skipped without is installed" are_here
one_is_missing() { # NAME
	needed=$1
	! are_listed
}
check "a package that is not in the list is found out" one_is_missing no-such-package
check "so is one of npm" one_is_missing no-such-package@npm
done_testing
