#!/bin/sh
# Gets what a target needs: Rust with its standard library, compilers and an emulator. What needs no root it fetches or builds, and
# keeps in $ANCHOR_CROSS; Debian's packages it names.
#
#     prepare.sh TARGET...
#     prepare.sh --packages TARGET...     prints the packages that are not installed, for apt-get install; all for all targets
set -eu

cd "$(dirname "$0")/../.."
. packaging/cross/where.sh
. packaging/cross/target.sh

missing() { # of these packages
    for package in "$@"; do
        dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || echo "$package"
    done
}

# The compiler of several systems, pinned: each version of Zig brings other libraries.
zig() {
    [ -x "$cross/venv/bin/python" ] || python3 -m venv "$cross/venv"
    "$cross/venv/bin/python" -m ziglang version 2>/dev/null | grep -qx 0.17.1 ||
        "$cross/venv/bin/pip" install --quiet --disable-pip-version-check ziglang==0.17.1
}

if [ "${1:-}" = --packages ]; then
    shift
    [ "$*" != all ] || set -- $targets
    for name in "$@"; do
        target "$name"
        missing $packages
    done | sort -u
    exit
fi
for name in "$@"; do
    target "$name"
    missing=$(missing $packages)
    [ -z "$missing" ] || fail "$name needs these packages: apt-get install" $missing
    case $cc in */bin/*-cc) zig ;; esac
    case $std in
    '') ;;
    built) sh packaging/cross/std.sh "$triple" ;;
    *) sh packaging/cross/debian-rust.sh "${rust##*-}" "$std" ;;
    esac >/dev/null
    case $triple in
    aarch64-*-musl) sh packaging/cross/musl.sh arm64 "$arch" >/dev/null ;;
    *-apple-*) sh packaging/cross/macos.sh >/dev/null ;;
    esac
done
