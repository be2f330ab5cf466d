#!/bin/sh
# Make a Debian package of what `make install` installs. Called by `make deb`; needs dpkg-dev, whose
# dpkg-shlibdeps finds the packages of the libraries that the programs are linked with.
set -eu

command -v dpkg-shlibdeps >/dev/null || { echo "make deb needs the Debian package dpkg-dev" >&2; exit 1; }
tree=$B/deb
arch=$(dpkg --print-architecture)
package=$B/regionproof_${VERSION}_$arch.deb

rm -rf "$tree"
mkdir -p "$tree/root" "$tree/debian"
"$MAKE" --no-print-directory -s install B="$B" DESTDIR="$(realpath "$tree/root")" PREFIX=/usr

doc=$tree/root/usr/share/doc/regionproof
mkdir -p "$doc"
cp LICENSE "$doc/copyright"
gzip -9nc CHANGELOG.md >"$doc/changelog.gz"
cp README.md "$doc"

# dpkg-shlibdeps wants a source tree around it.
printf 'Source: regionproof\n\nPackage: regionproof\nArchitecture: any\n' >"$tree/debian/control"
depends=$(cd "$tree" && dpkg-shlibdeps -O --ignore-missing-info root/usr/bin/* 2>/dev/null |
	sed 's/^shlibs:Depends=//')
mkdir -p "$tree/root/DEBIAN"
cat >"$tree/root/DEBIAN/control" <<END
Package: regionproof
Version: $VERSION
Architecture: $arch
Maintainer: the regionproof maintainers <maintainers@regionproof.invalid>
Section: admin
Priority: optional
Depends: $depends
Recommends: iproute2
Installed-Size: $(du -sk "$tree/root/usr" | cut -f1)
Description: proves whether a multi-region system keeps its promises
 Brings regions up on one machine, lays latency, loss and partitions between
 them, proves on the wire that these are in force, lets clients work in every
 region, and judges read-your-writes, stale data, lost writes and failover
 time against expectations written beforehand.
END
dpkg-deb --root-owner-group --build "$tree/root" "$package" >/dev/null
echo "$package"
