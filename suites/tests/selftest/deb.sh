#!/bin/sh
# The Debian package on a system that has nothing else: a fresh debootstrap tree. The tree as
# debootstrap made it is kept in a cache for the next time ($XDG_CACHE_HOME or /var/cache).
#
# runner: timeout 900, alone, long, online
. "$REGIONPROOF_ROOT/suites/tests/helpers/tap.sh"

[ "$(id -u)" = 0 ] || skip_all "needs root for a chroot"
command -v debootstrap >/dev/null || skip_all "debootstrap is not installed"

tree=$PWD/tree
cache=${XDG_CACHE_HOME:-/var/cache}/regionproof
mirror=$(sed -n 's/^deb  *\(\[[^]]*\] *\)*\([a-z]*:[^ ]*\) .*/\2/p;s/^URIs: *\([^ ]*\).*/\1/p' \
	/etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -1)
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")

leave() {
	umount -R "$tree" 2>/dev/null || :
	rm -rf --one-file-system "$tree" "$cache/$suite.$$"
}
trap leave EXIT

inside() { chroot "$tree" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"; }

(cd "$REGIONPROOF_ROOT" && make -s deb B="$REGIONPROOF_BUILD") >deb.log 2>&1
package=$(tail -1 deb.log)
check "make deb makes a package" test -f "$REGIONPROOF_ROOT/$package" -o -f "$package"
[ -f "$package" ] || package=$REGIONPROOF_ROOT/$package
if [ ! -d "$cache/$suite" ]; then
	mkdir -p "$cache"
	debootstrap --variant=minbase "$suite" "$cache/$suite.$$" ${mirror:+"$mirror"} \
		>debootstrap.log 2>&1 || {
		tail -5 debootstrap.log
		skip_all "debootstrap could not make a tree"
	}
	mv "$cache/$suite.$$" "$cache/$suite"
fi
cp -a --reflink=auto "$cache/$suite" "$tree"
apt-config dump 2>/dev/null | grep '^Acquire::http' >"$tree/etc/apt/apt.conf.d/99proxy" || :
cp /etc/resolv.conf "$tree/etc/" 2>/dev/null || :
mount --bind "$tree" "$tree" # what a root is: a mount
mount -t proc proc "$tree/proc"
mount --rbind /sys "$tree/sys" && mount --make-rslave "$tree/sys"
mount --rbind /dev "$tree/dev" && mount --make-rslave "$tree/dev"
cp "$package" "$tree/tmp/regionproof.deb"

inside apt-get -qq update >apt.log 2>&1 || :
check "it installs with what it depends on" \
	inside apt-get -qq -y install --no-install-recommends /tmp/regionproof.deb
check "doctor finds an engine there" inside regionproof doctor
check "the demo passes there" inside sh -c 'cd /tmp &&
	regionproof run /usr/share/regionproof/scenarios/demo-pass.yaml'
check "and the one that fails fails" inside sh -c 'cd /tmp; status=0
	regionproof run /usr/share/regionproof/scenarios/demo-fail.yaml || status=$?; [ $status = 1 ]'
check "the manual page is there" test -f "$tree/usr/share/man/man1/regionproof.1.gz"
check "it can be removed" inside dpkg --purge regionproof
check "and leaves nothing" sh -c "! ls -d '$tree'/usr/share/regionproof '$tree'/usr/bin/region* 2>/dev/null"
done_testing
