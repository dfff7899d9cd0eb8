#!/bin/sh
# zig cc for a target, as a linker of Rust's and as a C compiler: without the options that zig does not take, and with stubs of
# the system's libraries that zig does not bring.
#
#     zigcc.sh ZIG-TARGET ARGUMENT...
set -eu

here=$(dirname "$0")
. "$here/where.sh"

zig_target=$1
shift

# Each argument goes to the end of the list, or away.
for argument in "$@"; do
    shift
    case $argument in
    --target=*) continue ;; # rustc's and cc-rs's name of the target, which is not zig's
    -lgcc_s) argument=-lunwind ;;
    esac
    set -- "$@" "$argument"
done

case $zig_target in
*-freebsd) set -- "$@" "-L$here/stubs/freebsd" ;;
*-macos) set -- "$@" "-L$here/stubs/macos" "-F$here/stubs/macos" ;;
esac
exec "$cross/venv/bin/python" -m ziglang cc -target "$zig_target" "$@"
