#!/bin/sh
# Builds a package with the library inside, installs it by its language's own installer into an empty environment, and runs its
# tests there, against the local server. `make bindings` calls it.
#
#     PACKAGE=          folders of bindings/; by default each in turn. One whose tools are missing is named and left out, unless
#                       ANCHOR_TEST_REQUIRE_ALL is 1; its own build.sh says what it needs
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

# What the language itself consists of.
tools() {
    case $1 in
    python) echo python3 ;;
    node) echo node npm ;;
    go) echo go ;;
    java) echo javac mvn clang-format ;;
    csharp) echo mcs mono nuget clang-format ;;
    ruby) echo gem rubocop ;;
    php) echo php composer phpunit phpcs ;;
    lua) echo luajit luarocks luacheck busted npm ;;
    perl) echo perl make perltidy perlcritic ;;
    rust) echo cargo ;;
    esac
}

missing() {
    for tool in $(tools "$1"); do
        command -v "$tool" >/dev/null || echo "$tool"
    done
}

for package in ${PACKAGE:-python node go java csharp ruby php lua perl rust}; do
    printf '\n== %s\n' "$package"
    missing=$(missing "$package" | tr '\n' ' ')
    if [ -n "$missing" ] && [ "${ANCHOR_TEST_REQUIRE_ALL:-}" != 1 ]; then
        echo "skipped: $missing is not here"
        continue
    fi
    INTO="$into/$package" sh "$root/bindings/$package/build.sh"
done
