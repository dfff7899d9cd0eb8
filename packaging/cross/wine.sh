#!/bin/sh
# Runs a program for Windows under wine, whose drives and registry are the project's own: $ANCHOR_CROSS/wine.
#
#     wine.sh PROGRAM ARGUMENT...
set -eu

here=$(dirname "$0")
. "$here/where.sh"

export WINEPREFIX="$cross/wine" WINEDEBUG="${WINEDEBUG:--all}" WINEDLLOVERRIDES="mscoree,mshtml="
wine=/usr/lib/wine/wine64
[ -x $wine ] || fail "$wine is missing: apt-get install wine64"

# Created under another name, so that it is complete or is not there.
prepare() {
    [ ! -e "$cross/wine" ] || return 0
    rm -rf "$cross/wine.unfinished"
    WINEPREFIX="$cross/wine.unfinished" $wine wineboot --init >/dev/null 2>&1
    WINEPREFIX="$cross/wine.unfinished" /usr/lib/wine/wineserver64 -w
    x86_64-w64-mingw32-gcc -O2 -shared -o "$cross/wine.unfinished/drive_c/windows/system32/bcryptprimitives.dll" \
        "$here/prng.c" -ladvapi32
    mv "$cross/wine.unfinished" "$cross/wine"
}

exec 9>"$cross/wine.lock"
flock 9
prepare
exec 9>&-
[ $# -gt 0 ] || exit 0

# wine's server outlives the program. Started by the program, it would hold its stdout and stderr open, and write there.
/usr/lib/wine/wineserver64 -p60 </dev/null >/dev/null 2>&1 || true
exec $wine "$@"
