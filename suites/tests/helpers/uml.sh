# uml: test programs in one boot of User Mode Linux, reported in TAP. Source it.
#
#	uml_skip                        exit with the reason where it cannot be
#	uml_run [OPTION=VALUE ...] -- PROGRAM[,ARG ...]...
#
# $uml_refused: what a program must not have given as its reason to skip; the machine is made for it.
# Options go to uml_init (rp_load=..., rp_groups=...). That machine has one CPU, and its clock can run
# apart from this one's, so everything is measured inside.

uml_build=${REGIONPROOF_BUILD:-build}
uml_limit_s=300
uml_refused=

uml_no() { # REASON
	echo "1..0 # SKIP $1"
	exit 0
}

uml_skip() {
	uml_init=$uml_build/tests/conformance/uml_init
	[ -z "${REGIONPROOF_SANITIZED-}" ] ||
		uml_no "the shadow memory of a sanitizer has no room in User Mode Linux"
	uml=$(command -v linux.uml) || uml_no "user-mode-linux is not installed"
	uml_modules=$(ls -d /usr/lib/uml/modules/*/ 2>/dev/null | head -n 1)
	[ -n "$uml_modules" ] || uml_no "user-mode-linux has no modules in /usr/lib/uml/modules"
	[ -x "$uml_init" ] || uml_no "not built: make tests"
	grep -qE '__[at]san_init' "$uml_init" &&
		uml_no "a sanitizer's memory map does not fit User Mode Linux"
	uml_out=$(mktemp -d) || exit 70
	trap 'rm -rf "$uml_out"' EXIT
}

uml_options() { # as far as --, onto one line
	uml_asked=
	while [ "$1" != -- ]; do
		uml_asked="$uml_asked $1"
		shift
	done
}

uml_programs() { # with their real paths, joined by +
	uml_order=
	for program; do
		path=${program%%,*}
		[ -x "$path" ] || uml_no "not built: make tests"
		uml_order=$uml_order${uml_order:++}$(realpath "$path")${program#"$path"}
	done
}

uml_boot() { # $uml_asked is several words
	timeout -k 5 "$uml_limit_s" "$uml" mem=512M root=/dev/root rootfstype=hostfs ro quiet \
		con=null con0=null,fd:2 ssl=null umid="rp-$$" uml_dir="$uml_out/" \
		init="$(realpath "$uml_init")" rp_out="$uml_out" rp_modules="${uml_modules%/}" \
		$uml_asked rp_run="$uml_order" CMOCKA_MESSAGE_OUTPUT=TAP \
		</dev/null >"$uml_out/console" 2>&1
}

uml_report() { # NUMBER PROGRAM
	[ -r "$uml_out/$1.output" ] && sed 's/^/    /' "$uml_out/$1.output"
	status=$(cat "$uml_out/$1.status" 2>/dev/null || echo "none within $uml_limit_s s")
	[ -n "$uml_refused" ] && grep -q "skip:.*$uml_refused" "$uml_out/$1.output" &&
		status="it skipped what this machine is for"
	if [ "$status" = 0 ]; then
		echo "ok $1 - $(basename "$2") in User Mode Linux"
		return
	fi
	echo "not ok $1 - $(basename "$2") in User Mode Linux: status $status"
	[ -r "$uml_out/$1.status" ] || sed 's/^/# /' "$uml_out/console" | tail -n 30
	uml_failed=1
}

uml_run() {
	uml_options "$@"
	while [ "$1" != -- ]; do
		shift
	done
	shift
	uml_programs "$@"
	echo "1..$#"
	uml_boot
	number=0 uml_failed=0
	for program; do
		number=$((number + 1))
		uml_report $number "$program"
	done
	return $uml_failed
}
