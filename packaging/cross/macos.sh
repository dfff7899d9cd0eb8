#!/bin/sh
# Apple's frameworks for a linker that has no SDK of Apple's: lists of the names that the crates for them declare. A program that
# is linked so takes them from the real ones when it runs. It prints the folder.
set -eu

cd "$(dirname "$0")/../.."
. packaging/cross/where.sh

stub() { # the framework and the crate that declares its functions
    folder=$cross/macos/$1.framework
    sources=$(printf '%s\n' "$metadata" | grep -o "\"manifest_path\":\"[^\"]*/$2-[0-9][^\"]*\"" | cut -d '"' -f 4 | sort -u)
    [ -n "$sources" ] || fail "the library does not use $2"
    mkdir -p "$folder"
    {
        printf '%s\n' '--- !tapi-tbd' 'tbd-version: 4' 'targets: [ x86_64-macos, arm64-macos ]'
        echo "install-name: '/System/Library/Frameworks/$1.framework/Versions/A/$1'"
        printf '%s\n' 'exports:' '  - targets: [ x86_64-macos, arm64-macos ]' '    symbols:'
        for source in $sources; do
            grep -rhoE '^ *pub (fn|static) +[A-Za-z0-9_]+|kSec[A-Za-z0-9]+' "$(dirname "$source")/src"
        done | awk '{ print "      - _" $NF }' | sort -u
        echo ...
    } >"$folder/$1.tbd.$$"
    mv "$folder/$1.tbd.$$" "$folder/$1.tbd"
}

metadata=$(cargo metadata --format-version 1 --locked --filter-platform aarch64-apple-darwin 2>/dev/null) ||
    fail "cargo metadata failed"
stub Security security-framework-sys
stub CoreFoundation core-foundation-sys
echo "$cross/macos"
