#!/bin/sh
# Makes libanchor-VERSION-x86_64-pc-windows-gnu.zip, of what `make release TARGET=x86_64-pc-windows-gnu` has built: to be used where
# it is unpacked.
#
#     make.sh FOLDER     PROFILE is that of `make release`
#
# Needs mingw-w64, llvm-dlltool and zip.
set -eu
umask 022

cd "$(dirname "$0")/../.."
. packaging/cross/where.sh
. packaging/cargo.sh

mkdir -p "$1"
folder=$(cd "$1" && pwd)
export TARGET=x86_64-pc-windows-gnu
built=$(sh packaging/build.sh folder)
name=libanchor-$(version)-$TARGET
[ -s "$built/anchor.dll" ] || fail "nothing is built in $built: run make release TARGET=$TARGET first"

work=$(mktemp -d "$folder/unfinished.XXXXXX")
trap 'rm -rf "$work"' EXIT
tree=$work/$name
doc=$tree/share/doc/libanchor
mkdir -p "$tree/bin" "$tree/lib/pkgconfig" "$tree/lib/cmake/anchor" "$doc"

cp -R include "$tree"
cp "$built/anchor.dll" "$built/anchor-events.exe" "$tree/bin"
cp "$built/libanchor.dll.a" "$built/libanchor.a" "$tree/lib"
# strip writes a time into a file: the one of this variable.
time=$(source_date)
export SOURCE_DATE_EPOCH="$time"
x86_64-w64-mingw32-strip --strip-unneeded "$tree/bin/anchor.dll" "$tree/bin/anchor-events.exe"
x86_64-w64-mingw32-strip --strip-debug --enable-deterministic-archives "$tree/lib/libanchor.a"
# For Visual C++.
sh packaging/cross/windows-import.sh "$tree/bin/anchor.dll" "$tree/lib"

native=$(cat packaging/windows/native-static-libs)
fill() { # a template, without its .in, and its folder
    sed -e "s|@VERSION@|$(version)|" -e "s|@VERSION_MAJOR_MINOR@|$(version | sed 's/\.[0-9]*$//')|" -e 's|@POINTER_BYTES@|8|' \
        -e "s|@NATIVE@|$native|" -e "s|@CMAKE_NATIVE@|$(echo "$native" | sed 's/-l//g; s/ /;/g')|" "$1.in" >"$2/${1##*/}"
}
fill packaging/windows/anchor.pc "$tree/lib/pkgconfig"
fill packaging/windows/anchorConfig.cmake "$tree/lib/cmake/anchor"
fill packaging/anchorConfigVersion.cmake "$tree/lib/cmake/anchor"
cp "$built/compilers.txt" packaging/libanchor.cdx.json packaging/anchor-events.cdx.json docs/windows.md "$doc"
cp README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE THIRD-PARTY.txt "$tree"
# Only a debug build has them.
[ "${PROFILE:-release}" = dev ] || has_no_path "$tree"

# The same bytes whenever it is made. A zip has no time zone.
find "$tree" -exec touch -h -d "@$time" {} +
(cd "$work" && find "$name" -type f | LC_ALL=C sort | TZ=UTC zip -q -X -9 "$name.zip" -@)
mv "$work/$name.zip" "$folder"
echo "$folder/$name.zip"
