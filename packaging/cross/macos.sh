#!/bin/sh
# What a linker has to know of macOS, in place of Apple's SDK: lists of names. Those of libSystem are zig's, those of the frameworks
# are what the crates for them declare. A program that is linked so takes them from the real ones when it runs.
set -eu

cd "$(dirname "$0")/../.."
. packaging/cross/where.sh

sdk=$cross/macos

# A library of this path that has these names: lines of stdin.
library() {
    file=$sdk$2
    mkdir -p "$(dirname "$file")"
    {
        printf '%s\n' '--- !tapi-tbd' 'tbd-version: 4' 'targets: [ x86_64-macos, arm64-macos ]' "install-name: '$1'"
        printf '%s\n' 'exports:' '  - targets: [ x86_64-macos, arm64-macos ]' '    symbols:'
        sed 's/^/      - _/'
        echo ...
    } >"$file.$$"
    mv "$file.$$" "$file"
}

framework() { # the framework and the crate that declares its functions
    sources=$(printf '%s\n' "$metadata" | grep -o "\"manifest_path\":\"[^\"]*/$2-[0-9][^\"]*\"" | cut -d '"' -f 4 | sort -u)
    [ -n "$sources" ] || fail "the library does not use $2"
    for source in $sources; do
        grep -rhoE '^ *pub (fn|static) +[A-Za-z0-9_]+|kSec[A-Za-z0-9]+' "$(dirname "$source")/src"
    done | awk '{ print $NF }' | sort -u |
        library "/System/Library/Frameworks/$1.framework/Versions/A/$1" "/System/Library/Frameworks/$1.framework/$1.tbd"
}

# LLVM 14 does not know all architectures that zig's list names.
system() {
    list=$("$cross/venv/bin/python" -c 'import ziglang; print(ziglang.__path__[0])')/lib/libc/darwin/libSystem.tbd
    mkdir -p "$sdk/usr/lib"
    sed 's/,* *arm64e\.x1-[a-z]*//g; s/arm64e-/arm64-/g' "$list" >"$sdk/usr/lib/libSystem.tbd"
    for other in c m; do
        cp "$sdk/usr/lib/libSystem.tbd" "$sdk/usr/lib/lib$other.tbd"
    done
}

metadata=$(cargo metadata --format-version 1 --locked --filter-platform aarch64-apple-darwin 2>/dev/null) ||
    fail "cargo metadata failed"
system
framework Security security-framework-sys
framework CoreFoundation core-foundation-sys
# The crate libc names it. Nothing is taken from it.
echo iconv | library /usr/lib/libiconv.2.dylib /usr/lib/libiconv.tbd
