#!/bin/sh
# Fills in the recipes for the source tarball in FOLDER, into FOLDER/libanchor-VERSION-recipes.tar.gz.
#
#     fill.sh FOLDER
#
# A recipe names the tarball by its address and its checksum, so that neither is written by hand.
set -eu

cd "$(dirname "$0")/../.."
. packaging/cargo.sh

mkdir -p "$1"
folder=$(cd "$1" && pwd)
name=libanchor-$(version)
tarball=$folder/$name.tar.xz
[ -s "$tarball" ] || fail "$tarball is missing: make packages PARTS=source makes it"
repository=$(sed -n 's/^repository = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
SOURCE_DATE_EPOCH=$(source_date)
export SOURCE_DATE_EPOCH
rust=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)

work=$(mktemp -d "$folder/unfinished.XXXXXX")
trap 'rm -rf "$work"' EXIT
recipes=$work/$name-recipes
fill() {
    sed -e "s|@VERSION@|$(version)|g" -e "s|@REPOSITORY@|$repository|g" -e "s|@RUST@|$rust|g" \
        -e "s|@URL@|$repository/releases/download/v$(version)/$name.tar.xz|g" \
        -e "s|@SHA256@|$(sha256sum "$tarball" | cut -d ' ' -f 1)|g" -e "s|@SHA512@|$(sha512sum "$tarball" | cut -d ' ' -f 1)|g" \
        -e "s|@NATIVE@|$(sed 's/-l//g; s/ /", "/g; s/.*/"&"/' packaging/native-static-libs)|g" "$1"
}
(cd packaging/recipes && find . -type f ! -name fill.sh | LC_ALL=C sort) | while read -r file; do
    file=${file#./}
    mkdir -p "$recipes/$(dirname "$file")"
    case $file in
    *.in) fill "packaging/recipes/$file" >"$recipes/${file%.in}" ;;
    *) cp "packaging/recipes/$file" "$recipes/$file" ;;
    esac
done
! grep -rn '@[A-Z0-9]*@' "$recipes" || fail "this is not filled in"
pack "$work" "$name-recipes" | gzip -9n >"$work/$name-recipes.tar.gz"
mv "$work/$name-recipes.tar.gz" "$folder"
echo "$folder/$name-recipes.tar.gz"
