#!/bin/sh
# zig cc, or zig c++, for a target, as a linker of Rust's and as a C compiler: without the options that zig does not take, and without libraries
# that the crate libc names, zig does not have, and nothing is taken from.
#
#     zigcc.sh cc|c++ ZIG-TARGET ARGUMENT...
set -eu

here=$(dirname "$0")
. "$here/where.sh"

language=$1
zig_target=$2
shift 2

# Each argument goes to the end of the list, or away.
linking=-dynamic
for argument in "$@"; do
    shift
    case $argument in
    --target=*) continue ;; # rustc's and cc-rs's name of the target, which is not zig's
    -lkvm | -lmemstat | -lprocstat | -ldevstat) continue ;;
    -lgcc_s) argument=-lunwind ;;
    -static-pie) argument=-static linking= ;; # zig links no such program
    -static | -c | -E | -S) linking= ;;
    esac
    set -- "$@" "$argument"
done

# Zig links musl statically unless it is told otherwise. In a dynamic program that is not position-independent, its copy of
# `stdout` is another stream.
case $zig_target in *-musl) set -- $linking -fPIC "$@" ;; esac
# Without an optimization zig adds a sanitizer, whose runtime only its own linker has.
exec "$cross/venv/bin/python" -m ziglang "$language" -target "$zig_target" -fno-sanitize=undefined "$@"
