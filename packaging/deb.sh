#!/bin/sh
# Makes the Debian packages libanchor0, libanchor-dev and anchor-events of what `make release` has built.
#
#     deb.sh FOLDER     PROFILE is that of `make release`
#
# They are for the release of Debian that this machine has, and later ones. Needs debhelper, but not the packages that Debian
# would build with: Rust is this machine's.
set -eu

cd "$(dirname "$0")/.."
. packaging/cargo.sh

mkdir -p "$1"
folder=$(cd "$1" && pwd)
version=$(version)
CARGO_TARGET_DIR=$(target_directory)
SOURCE_DATE_EPOCH=$(source_date)
export CARGO_TARGET_DIR SOURCE_DATE_EPOCH BUILD=no

work=$(mktemp -d "$folder/unfinished.XXXXXX")
trap 'rm -rf "$work"' EXIT
source=$work/libanchor-$version
mkdir "$source"
tar -c --exclude=./.git --exclude=./target --exclude=./vendor . | tar -x -C "$source"
mv "$source/packaging/debian" "$source/debian"

# Each function with the version that it is there since, as the header says it.
symbols() {
    echo "libanchor.so.0 libanchor0 #MINVER#"
    awk '/^ \* @since / { since = $3 }
        /^[A-Za-z].*[ *]anchor_[a-z_]*\(/ && match($0, /anchor_[a-z_]*\(/) {
            if (since) print " " substr($0, RSTART, RLENGTH - 1) "@Base " since
            since = ""
        }' include/anchor.h | sort
}

changelog() {
    printf 'libanchor (%s-1) unstable; urgency=medium\n\n' "$version"
    printf '  * Version %s; its changelog says what is new.\n\n' "$version"
    printf ' -- %s  %s\n' "$(sed -n 's/^Maintainer: //p' packaging/debian/control)" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")"
}

# The text of the licence, as a paragraph of this format.
copyright() {
    holder=$(sed -n 's/^Copyright (c) //p' LICENSE-MIT)
    sed '/^Copyright/d' LICENSE-MIT | cat -s | sed '/./,$!d; s/^$/./; s/^/ /' >"$work/mit"
    sed -e "s|@HOLDER@|$holder|" -e "/@MIT@/{r $work/mit" -e 'd;}' packaging/debian/copyright.in
}

symbols >"$source/debian/libanchor0.symbols"
changelog >"$source/debian/changelog"
copyright >"$source/debian/copyright"
rm "$source/debian/copyright.in"
# What is edited last is what is built last.
(cd "$source" && dpkg-buildpackage --build=binary --no-check-builddeps --unsigned-changes >"$work/log" 2>&1) ||
    { cat "$work/log" >&2; fail "dpkg-buildpackage failed"; }
# Not the .changes and the .buildinfo: they are for an upload to Debian, and name the time and the machine.
for package in "$work"/*.deb; do
    mv "$package" "$folder"
    echo "$folder/${package##*/}"
done
