#!/bin/sh
# Makes libanchor-VERSION-TARGET.tar.gz, of what `make release` has built: to be used where it is unpacked, or installed by the
# install.sh in it.
#
#     make.sh FOLDER     PROFILE, COMMAND, TARGET and GLIBC are those of `make release`
#
# It has the same bytes whenever it is made: its files have the time SOURCE_DATE_EPOCH, that of the last commit unless said
# otherwise.
set -eu

cd "$(dirname "$0")/../.."
. packaging/cargo.sh

folder=$1
strip=strip
if [ -n "${TARGET:-}" ]; then
    . packaging/cross/where.sh
    . packaging/cross/target.sh
    target "$TARGET"
    strip=${binutils}strip
fi
name=libanchor-$(version)-${TARGET:-$(rustc --print host-tuple)}
SOURCE_DATE_EPOCH=$(source_date)
export SOURCE_DATE_EPOCH

mkdir -p "$folder"
work=$(mktemp -d "$folder/unfinished.XXXXXX")
trap 'rm -rf "$work"' EXIT

# As `make install` does it. The prefix is in none of the files.
PREFIX=/$name DESTDIR=$work LIBDIR=/$name/lib BUILD=no sh packaging/install.sh install >/dev/null
"$strip" --strip-unneeded "$work/$name/lib/libanchor.so.$(version)"
"$strip" --strip-debug --enable-deterministic-archives "$work/$name/lib/libanchor.a"
cp packaging/tarball/install.sh packaging/tarball/Makefile README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE \
    THIRD-PARTY.txt "$work/$name"
chmod 755 "$work/$name/install.sh"
# Only a debug build has them.
[ "${PROFILE:-release}" = dev ] || has_no_path "$work/$name"

pack "$work" "$name" | gzip -9n >"$work/$name.tar.gz"
mv "$work/$name.tar.gz" "$folder"
echo "$folder/$name.tar.gz"
