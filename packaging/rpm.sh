#!/bin/sh
# Makes the RPM packages libanchor, libanchor-devel and anchor-events of what `make release` has built.
#
#     rpm.sh FOLDER     PROFILE and GLIBC are those of `make release`
#
# Needs rpmbuild, but not the packages that the spec builds with: Rust is this machine's.
set -eu

cd "$(dirname "$0")/.."
. packaging/cargo.sh

mkdir -p "$1"
folder=$(cd "$1" && pwd)
version=$(version)
CARGO_TARGET_DIR=$(target_directory)
SOURCE_DATE_EPOCH=$(source_date)
export CARGO_TARGET_DIR SOURCE_DATE_EPOCH

work=$(mktemp -d "$folder/unfinished.XXXXXX")
trap 'rm -rf "$work"' EXIT
name=libanchor-$version
mkdir -p "$work/SOURCES" "$work/$name"
tar -c --exclude=./.git --exclude=./target --exclude=./vendor . | tar -x -C "$work/$name"
tar -C "$work" -c "$name" | xz -T2 -0 >"$work/SOURCES/$name.tar.xz"
sed -e "s|@VERSION@|$version|g" -e "s|@DATE@|$(LC_ALL=C date -u -d "@$SOURCE_DATE_EPOCH" '+%a %b %d %Y')|" \
    packaging/rpm/libanchor.spec.in >"$work/libanchor.spec"
rpmbuild -bb --nodeps --define "built 1" --define "_topdir $work" --define "_libdir /usr/lib64" \
    --define "use_source_date_epoch_as_buildtime 1" --define "clamp_mtime_to_source_date_epoch 1" \
    --define "_buildhost localhost" "$work/libanchor.spec" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "rpmbuild failed"; }
for package in "$work"/RPMS/*/*.rpm; do
    mv "$package" "$folder"
    echo "$folder/${package##*/}"
done
