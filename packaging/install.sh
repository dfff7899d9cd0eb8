#!/bin/sh
# Installs the library (headers, shared and static library, what pkg-config, CMake and man look for) and the command with
# its pages and completions. `make install` and `make uninstall` call it; CMakeLists.txt does for a program that builds
# libanchor within itself.
#
#     PREFIX=/usr/local DESTDIR= LIBDIR=$PREFIX/lib INCLUDEDIR=$PREFIX/include
#     BINDIR=$PREFIX/bin DATADIR=$PREFIX/share MANDIR=$DATADIR/man
#     PROFILE=release   the cargo profile; dev builds in a fraction of the time
#     COMMAND=yes       no leaves the command out
set -eu

action=${1:?install or uninstall}
cd "$(dirname "$0")/.."

prefix=${PREFIX:-/usr/local}
libdir=${LIBDIR:-$prefix/lib}
includedir=${INCLUDEDIR:-$prefix/include}
bindir=${BINDIR:-$prefix/bin}
datadir=${DATADIR:-$prefix/share}
mandir=${MANDIR:-$datadir/man}
destdir=${DESTDIR:-}
profile=${PROFILE:-release}
command=${COMMAND:-yes}

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
soversion=$(sed -n 's/.*-soname,libanchor\.so\.\([0-9]*\).*/\1/p' build.rs)
native=$(cat packaging/native-static-libs)

# The command has a profile of its own; Cargo.toml says why.
target=${CARGO_TARGET_DIR:-target}
case $profile in
dev) built=$target/debug program=$target/debug/anchor-events ;;
*) built=$target/$profile program=$target/command/anchor-events ;;
esac

# The command's pages: its own, and one for each subcommand.
pages="anchor-events anchor-events-wait anchor-events-signal anchor-events-drain anchor-events-probe anchor-events-serve anchor-events-completions"

files() {
    echo "$includedir/anchor.h"
    echo "$includedir/anchor.hpp"
    echo "$libdir/libanchor.so.$version"
    echo "$libdir/libanchor.so.$soversion"
    echo "$libdir/libanchor.so"
    echo "$libdir/libanchor.a"
    echo "$libdir/pkgconfig/anchor.pc"
    echo "$libdir/cmake/anchor/anchorConfig.cmake"
    echo "$libdir/cmake/anchor/anchorConfigVersion.cmake"
    for page in docs/man/*.3; do
        echo "$mandir/man3/${page##*/}"
    done
    [ "$command" = yes ] || return 0
    echo "$bindir/anchor-events"
    for page in $pages; do
        echo "$mandir/man1/$page.1"
    done
    echo "$datadir/bash-completion/completions/anchor-events"
    echo "$datadir/zsh/site-functions/_anchor-events"
    echo "$datadir/fish/vendor_completions.d/anchor-events.fish"
}

put() { # mode, file, where to
    install -d "$destdir$(dirname "$3")"
    install -m "$1" "$2" "$destdir$3"
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

fill() { # template, where to
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
        -e "s|@POINTER_BYTES@|$(($(getconf LONG_BIT) / 8))|" \
        "$1" >"$work/filled"
    put 644 "$work/filled" "$2"
}

# Rust's runtime has global symbols, such as rust_eh_personality, that a second Rust library brings too: a program with
# both could not be linked. So the archive is made one object, from which what no export needs is dropped, and in which
# only anchor_* stays global. COMDAT groups are dissolved: the linker would keep one library's, and the other's symbols
# are local by then.
# A function of a newer libc that Rust uses if it is there is weak; ld forgets that of those that nothing refers to.
# LLVM's bitcode, several in one section now, is of no use and confuses its linker plugin.
archive() {
    roots=$(sed -n 's/^[A-Za-z].*[ *]\(anchor_[a-z_]*\)(.*/-u \1/p' include/anchor.h)
    weak=$("${READELF:-readelf}" -sW "$built/libanchor.a" | sed -n 's/.* WEAK .* UND \([^ ]*\)$/--weaken-symbol=\1/p' | sort -u)
    # The options are words of their own.
    # shellcheck disable=SC2086
    "${LD:-ld}" -r --gc-sections $roots --force-group-allocation -o "$work/anchor.o" \
        --whole-archive "$built/libanchor.a"
    # shellcheck disable=SC2086
    "${OBJCOPY:-objcopy}" --wildcard --keep-global-symbol='anchor_*' $weak \
        --remove-section=.llvmbc --remove-section=.llvmcmd "$work/anchor.o"
    rm -f "$work/libanchor.a"
    "${AR:-ar}" rcs "$work/libanchor.a" "$work/anchor.o"
    put 644 "$work/libanchor.a" "$libdir/libanchor.a"
}

# With sudo there may be no cargo: then what `make release` has built before is installed.
build() {
    command -v cargo >/dev/null || return 0
    case $profile,$command in
    dev,no) cargo build --package anchor-events ;;
    dev,*) cargo build --workspace ;;
    *,no) build_library ;;
    *) build_library && cargo build --package anchor-events-cli --profile command ;;
    esac
}

# The crate types are named because cargo does not optimize across crates while there is an rlib among them.
build_library() {
    cargo rustc --package anchor-events --lib --crate-type cdylib,staticlib --profile "$profile"
}

install_command() {
    put 755 "$program" "$bindir/anchor-events"
    mkdir "$work/pages"
    "$program" man "$work/pages"
    for page in $pages; do
        put 644 "$work/pages/$page.1" "$mandir/man1/$page.1"
    done
    completion bash "$datadir/bash-completion/completions/anchor-events"
    completion zsh "$datadir/zsh/site-functions/_anchor-events"
    completion fish "$datadir/fish/vendor_completions.d/anchor-events.fish"
}

completion() { # shell, where to
    "$program" completions "$1" >"$work/completion"
    put 644 "$work/completion" "$2"
}

install_all() {
    build
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    put 644 include/anchor.h "$includedir/anchor.h"
    put 644 include/anchor.hpp "$includedir/anchor.hpp"
    put 755 "$built/libanchor.so" "$libdir/libanchor.so.$version"
    ln -sf "libanchor.so.$version" "$destdir$libdir/libanchor.so.$soversion"
    ln -sf "libanchor.so.$soversion" "$destdir$libdir/libanchor.so"
    archive
    fill packaging/anchor.pc.in "$libdir/pkgconfig/anchor.pc"
    fill packaging/anchorConfig.cmake.in "$libdir/cmake/anchor/anchorConfig.cmake"
    fill packaging/anchorConfigVersion.cmake.in "$libdir/cmake/anchor/anchorConfigVersion.cmake"
    for page in docs/man/*.3; do
        put 644 "$page" "$mandir/man3/${page##*/}"
    done
    [ "$command" = no ] || install_command
    echo "installed libanchor $version into $destdir$prefix"
}

case $action in
install) install_all ;;
uninstall)
    files | while read -r file; do
        rm -f "$destdir$file"
    done
    rmdir "$destdir$libdir/cmake/anchor" 2>/dev/null || true
    ;;
esac
