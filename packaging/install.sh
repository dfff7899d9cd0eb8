#!/bin/sh
# Installs the library (headers, shared and static library, what pkg-config, CMake and man look for) and the command with
# its pages and completions. `make install` and `make uninstall` call it; CMakeLists.txt does for a program that builds
# libanchor within itself.
#
#     PREFIX=/usr/local DESTDIR= LIBDIR=$PREFIX/lib INCLUDEDIR=$PREFIX/include
#     BINDIR=$PREFIX/bin DATADIR=$PREFIX/share MANDIR=$DATADIR/man DOCDIR=$DATADIR/doc/libanchor
#     PROFILE=release   the cargo profile; dev builds in a fraction of the time
#     COMMAND=yes       no leaves the command out
#     BUILD=            yes builds first; no installs what `make release` has built. By default yes if the checkout belongs
#                       to the calling user: with sudo, another Rust would build all of it again, as root
set -eu

action=${1:?install or uninstall}
cd "$(dirname "$0")/.."
. packaging/cargo.sh

prefix=${PREFIX:-/usr/local}
libdir=${LIBDIR:-$prefix/lib}
includedir=${INCLUDEDIR:-$prefix/include}
bindir=${BINDIR:-$prefix/bin}
datadir=${DATADIR:-$prefix/share}
mandir=${MANDIR:-$datadir/man}
docdir=${DOCDIR:-$datadir/doc/libanchor}
destdir=${DESTDIR:-}
command=${COMMAND:-yes}

version=$(version)
soversion=$(sed -n 's/.*-soname,libanchor\.so\.\([0-9]*\).*/\1/p' build.rs)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
built=$work/built

# The command has a page of its own, and one for each subcommand.
command_pages="anchor-events anchor-events-wait anchor-events-signal anchor-events-drain anchor-events-probe anchor-events-serve anchor-events-completions"

# All that is installed, a line each: mode, file, path. A link has its target in the place of the file.
plan() {
    echo "644|include/anchor.h|$includedir/anchor.h"
    echo "644|include/anchor.hpp|$includedir/anchor.hpp"
    echo "644|include/anchor.cdef|$includedir/anchor.cdef"
    echo "755|$built/libanchor.so|$libdir/libanchor.so.$version"
    echo "link|libanchor.so.$version|$libdir/libanchor.so.$soversion"
    echo "link|libanchor.so.$soversion|$libdir/libanchor.so"
    echo "644|$built/libanchor.a|$libdir/libanchor.a"
    echo "644|$work/anchor.pc|$libdir/pkgconfig/anchor.pc"
    echo "644|$work/anchorConfig.cmake|$libdir/cmake/anchor/anchorConfig.cmake"
    echo "644|$work/anchorConfigVersion.cmake|$libdir/cmake/anchor/anchorConfigVersion.cmake"
    for page in docs/man/*.3; do
        echo "644|$page|$mandir/man3/${page##*/}"
    done
    for file in LICENSE-MIT LICENSE-APACHE THIRD-PARTY.txt packaging/libanchor.cdx.json; do
        echo "644|$file|$docdir/${file##*/}"
    done
    echo "644|$built/compilers.txt|$docdir/compilers.txt"
    [ "$command" = yes ] || return 0
    echo "644|packaging/anchor-events.cdx.json|$docdir/anchor-events.cdx.json"
    echo "755|$built/anchor-events|$bindir/anchor-events"
    for page in $command_pages; do
        echo "644|$built/man/$page.1|$mandir/man1/$page.1"
    done
    echo "644|$built/completion.bash|$datadir/bash-completion/completions/anchor-events"
    echo "644|$built/completion.zsh|$datadir/zsh/site-functions/_anchor-events"
    echo "644|$built/completion.fish|$datadir/fish/vendor_completions.d/anchor-events.fish"
}

# Builds, or finds what was built.
provide() {
    if [ "${BUILD:-$(is_own)}" = yes ]; then
        sh packaging/build.sh "$built"
        return
    fi
    built=$(sh packaging/build.sh folder)
    [ -s "$built/libanchor.so" ] || fail "nothing is built in $built: run make release first"
    newer=$(find Cargo.toml Cargo.lock build.rs cbindgen.toml src cli/Cargo.toml cli/src include/anchor.hpp docs/man packaging \
        -type f -newer "$built/began" | head -n 1)
    [ -z "$newer" ] || fail "$built is older than $newer: run make release first"
}

# Whether the checkout belongs to the calling user.
is_own() {
    [ -z "$(find . -prune -user "$(id -u)")" ] || echo yes
}

# Looks at all of it before anything is copied, so that nothing is half installed.
check() {
    plan | while IFS='|' read -r mode file path; do
        [ "$mode" = link ] || [ -s "$file" ] || fail "$file is missing: run make release first"
        install -d "$destdir$(dirname "$path")"
        [ -w "$destdir$(dirname "$path")" ] || fail "$destdir$(dirname "$path") cannot be written"
    done
}

copy() {
    plan | while IFS='|' read -r mode file path; do
        case $mode in
        link) ln -sf "$file" "$destdir$path" ;;
        *) install -m "$mode" "$file" "$destdir$path" ;;
        esac
    done
}

# A path below the prefix, from what stands for the prefix in a template; another path as it is.
from_prefix() {
    case $2 in
    "$prefix"/*) echo "$1${2#"$prefix"}" ;;
    *) echo "$2" ;;
    esac
}

# From the library's folder back to the prefix, as ../.. ; empty if it is not below.
up() {
    case $libdir in
    "$prefix"/*) echo "${libdir#"$prefix"/}" | sed 's|/*$||; s|[^/][^/]*|..|g' ;;
    esac
}

# The templates, filled in.
fill() { # a file of packaging, without its .in
    pc_prefix=$prefix
    [ -z "$(up)" ] || pc_prefix="\${pcfiledir}/../$(up)"
    cmake_prefix='${_anchor_prefix}'
    [ -n "$(up)" ] || cmake_prefix=$prefix
    sed -e "s|@PC_PREFIX@|$pc_prefix|" \
        -e "s|@PC_LIBDIR@|$(from_prefix '${prefix}' "$libdir")|" \
        -e "s|@PC_INCLUDEDIR@|$(from_prefix '${prefix}' "$includedir")|" \
        -e "s|@CMAKE_LIBDIR@|$(from_prefix "$cmake_prefix" "$libdir")|" \
        -e "s|@CMAKE_INCLUDEDIR@|$(from_prefix "$cmake_prefix" "$includedir")|" \
        -e "s|@CMAKE_NATIVE@|$(echo "$native" | sed 's/-l//g; s/ /;/g')|" \
        -e "s|@UP@|$(up)|" \
        -e "s|@NATIVE@|$native|" \
        -e "s|@URL@|$(sed -n 's/^repository = "\(.*\)"/\1/p' Cargo.toml | head -n 1)|" \
        -e "s|@VERSION@|$version|" \
        -e "s|@VERSION_MAJOR_MINOR@|${version%.*}|" \
        -e "s|@SOVERSION@|$soversion|" \
        -e "s|@POINTER_BYTES@|$(pointer_bytes)|" \
        "packaging/$1.in" >"$work/$1"
}

# Of the machine that the library is for: the class in its ELF header, 1 for 32 bits and 2 for 64.
pointer_bytes() {
    echo $(($(od -An -tu1 -j4 -N1 "$built/libanchor.so") * 4))
}

case $action in
install)
    provide
    native=$(cat "$built/native-static-libs")
    for template in anchor.pc anchorConfig.cmake anchorConfigVersion.cmake; do
        fill $template
    done
    check
    copy
    echo "installed libanchor $version into $destdir$prefix"
    ;;
uninstall)
    plan | while IFS='|' read -r _ _ path; do
        rm -f "$destdir$path"
    done
    rmdir "$destdir$libdir/cmake/anchor" "$destdir$docdir" 2>/dev/null || true
    ;;
esac
