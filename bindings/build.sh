#!/bin/sh
# Builds a package with the library inside, installs it by its language's own installer into an empty environment, and runs its
# tests there, against the local server. `make bindings` calls it.
#
#     PACKAGE=          a folder of bindings/; by default each in turn
#     PROFILE=release   the cargo profile of the library; dev builds in a fraction of the time
#     GLIBC=            2.17 or later: what is built loads with that glibc and every later one
#     BUILD=            no takes the library and the command that `make release` has built with these settings
#
# What it makes is in target/bindings.
set -eu

cd "$(dirname "$0")/.."
root=$PWD
. packaging/cargo.sh
into=$(target_directory)/bindings
mkdir -p "$into"

[ "${BUILD:-yes}" = no ] || sh packaging/build.sh
library_folder=$(sh packaging/build.sh folder)
export PATH="$library_folder:$PATH"
export ANCHOR_LIBRARY="$library_folder/libanchor.so"

for package in ${PACKAGE:-python node}; do
    printf '\n== %s\n' "$package"
    INTO="$into/$package" sh "$root/bindings/$package/build.sh"
done
