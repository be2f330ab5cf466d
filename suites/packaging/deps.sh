#!/bin/sh
# Install the Debian packages named as arguments, where they are missing.
#
# Packages that carry a daemon (redis-server, nginx) would start it at once. Debian's way to say no
# is /usr/sbin/policy-rc.d, asked before any service is started. One is put there for this call
# only: it refuses while REGIONPROOF_DEPS stands in the environment, which the children of this
# script inherit and nobody else, so that it stays harmless should we die before it is removed.
# A policy that was there before is kept and comes back.
set -eu

POLICY=${POLICY:-/usr/sbin/policy-rc.d} # set by the test of this script only

missing() {
	have=$(dpkg-query -W -f '${db:Status-Abbrev}${Package} ' "$@" 2>/dev/null) || :
	for p; do
		case " $have" in
		*" ii $p "* | *" ii  $p "*) ;;
		*) printf ' %s' "$p" ;;
		esac
	done
}

restore_policy() {
	if [ -e "$POLICY.regionproof" ]; then
		mv -f "$POLICY.regionproof" "$POLICY"
	else
		rm -f "$POLICY"
	fi
}

refuse_services() {
	if [ -e "$POLICY" ] && ! grep -q REGIONPROOF_DEPS "$POLICY"; then
		mv "$POLICY" "$POLICY.regionproof"
	fi
	trap restore_policy EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	cat >"$POLICY" <<-EOF
	#!/bin/sh
	[ -z "\${REGIONPROOF_DEPS-}" ] || exit 101
	[ ! -x "$POLICY.regionproof" ] || exec "$POLICY.regionproof" "\$@"
	EOF
	chmod 755 "$POLICY"
}

if ! command -v dpkg-query >/dev/null 2>&1; then
	echo "make deps knows Debian and Ubuntu only; install by other means what is the same as: $*" >&2
	exit 1
fi
packages=$(missing "$@")
[ -n "$packages" ] || exit 0
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null 2>&1; then
		echo "make deps must be root, or find sudo, to install:$packages" >&2
		exit 1
	fi
	exec sudo POLICY="$POLICY" sh "$0" "$@"
fi

echo "installing:$packages"
export REGIONPROOF_DEPS=1 DEBIAN_FRONTEND=noninteractive
refuse_services
apt-get -qq update
# shellcheck disable=SC2086 # a list on purpose
apt-get -qq -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 install --no-install-recommends \
	$packages </dev/null
left=$(missing "$@")
[ -z "$left" ] || { echo "apt-get did not install:$left" >&2; exit 1; }
