#!/bin/sh
# Installs what is in this folder, or removes it again. Neither a compiler nor Rust is needed. The folder can also be used where
# it is: what pkg-config and CMake find in lib/ follows it.
#
#     install.sh [install | uninstall]
#
#     PREFIX=/usr/local DESTDIR= LIBDIR=$PREFIX/lib
set -eu
umask 022

action=${1:-install}
cd "$(dirname "$0")"
prefix=${PREFIX:-/usr/local}
libdir=${LIBDIR:-$prefix/lib}
destdir=${DESTDIR:-}

fail() {
    echo "install: $1" >&2
    exit 1
}

files() {
    find bin include lib share ! -type d | sort
}

# Where a file of this folder goes.
place() {
    case $1 in
    lib/*) echo "$destdir$libdir/${1#lib/}" ;;
    *) echo "$destdir$prefix/$1" ;;
    esac
}

# From the library's folder back to the prefix; the prefix itself if it is not below.
back() { # what stands for the library's folder
    case $libdir in
    "$prefix"/*) echo "$1/$(echo "${libdir#"$prefix"/}" | sed 's|/*$||; s|[^/][^/]*|..|g')" ;;
    *) echo "$prefix" ;;
    esac
}

# The library's folder as these files name it.
below() { # what stands for the prefix
    case $libdir in
    "$prefix"/*) echo "$1${libdir#"$prefix"}" ;;
    *) echo "$libdir" ;;
    esac
}

# A file that names other folders than it did, if LIBDIR is another.
copy() {
    rm -f "$2"
    case $1 in
    *.pc)
        sed -e "s|^prefix=.*|prefix=$(back '${pcfiledir}/..')|" \
            -e "s|^libdir=.*|libdir=$(below '${prefix}')|" "$1" >"$2"
        ;;
    */anchorConfig.cmake)
        sed -e "s|\"\${_anchor_here}/../../..\"|\"$(back '${_anchor_here}/../..')\"|" \
            -e "s|\${_anchor_prefix}/lib/|$(below '${_anchor_prefix}')/|" "$1" >"$2"
        ;;
    *) cp -P "$1" "$2" ;;
    esac
    [ ! -L "$2" ] || return 0
    case $1 in
    bin/* | *.so.*) chmod 755 "$2" ;;
    *) chmod 644 "$2" ;;
    esac
}

# Looks at all of it before anything is copied, so that nothing is half installed.
check() {
    files | while read -r file; do
        folder=$(dirname "$(place "$file")")
        mkdir -p "$folder" 2>/dev/null && [ -w "$folder" ] || fail "$folder cannot be written"
    done
}

case $action in
install)
    check
    files | while read -r file; do
        copy "$file" "$(place "$file")"
    done
    echo "installed into $destdir$prefix"
    ;;
uninstall)
    files | while read -r file; do
        rm -f "$(place "$file")"
    done
    rmdir "$destdir$libdir/cmake/anchor" "$destdir$prefix/share/doc/libanchor" 2>/dev/null || true
    ;;
*) fail "install or uninstall, not $action" ;;
esac
