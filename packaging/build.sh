#!/bin/sh
# Builds the library and the command as they are installed, with the command's pages and completions, into a folder. `make
# release` calls it, and so does packaging/install.sh.
#
#     build.sh [FOLDER]    by default the folder that `build.sh folder` prints
#
#     PROFILE=release   the cargo profile; dev builds in a fraction of the time
#     COMMAND=yes       no leaves the command out
#     FEATURES=default  the cargo features of the library; empty leaves out what it can do without
#     TARGET=           another system, of packaging/cross/target.sh, by the Rust and the compilers that cross/prepare.sh gets
#     GLIBC=            2.17 or later: what is built loads with that glibc and every later one, whatever this machine
#                       has. By cargo-zigbuild, in PATH or in venv/bin of ANCHOR_CROSS=target/cross
#     AUDITABLE=no      yes: the shared library and the command have the list of their crates in a section, as scanners such as
#                       `cargo audit` read it. By cargo-auditable, in PATH
#     LD OBJCOPY READELF AR   the target's tools, where they are not those of this machine
set -eu

cd "$(dirname "$0")/.."
. packaging/cargo.sh
profile=${PROFILE:-release}
command=${COMMAND:-yes}
glibc=${GLIBC:-}
features=${FEATURES-default}
triple=${TARGET:-}

# Builds with the symbols of that version, which Zig has.
use_glibc() {
    PATH=${ANCHOR_CROSS:-$PWD/target/cross}/venv/bin:$PATH
    cargo=cargo-zigbuild
    command -v $cargo >/dev/null || fail "GLIBC=$glibc needs cargo-zigbuild: pip install ziglang cargo-zigbuild"
    cargo_options="--target $(system).$glibc"
    # Packed ones need glibc 2.36.
    export ANCHOR_PACK_RELOCATIONS=0
}

# Another system's Rust, compilers and binutils.
use_target() {
    . packaging/cross/where.sh
    . packaging/cross/target.sh
    sh packaging/cross/prepare.sh "$triple"
    target "$triple"
    # cargo-zigbuild has a linker of its own.
    [ -n "$glibc" ] || export_target
    export ANCHOR_CROSS="$cross" RUSTC="$rust/bin/rustc" PATH="$rust/bin:$PATH"
    cargo_options="--target $triple"
    LD=${binutils}ld OBJCOPY=${binutils}objcopy READELF=${binutils}readelf AR=${binutils}ar
}

use_auditable() {
    command -v cargo-auditable >/dev/null || fail "AUDITABLE=yes needs cargo-auditable: cargo install cargo-auditable"
    # cargo-zigbuild calls what CARGO names.
    export CARGO="$PWD/packaging/auditable.sh"
    [ -n "$glibc" ] || cargo=$CARGO
}

# The crate types are named because cargo does not optimize across crates while there is an rlib among them.
build_library() {
    case $profile,$command,$triple in
    dev,no,) build build --package anchor-events --no-default-features --features "$features" ;;
    dev,*,) build build --workspace ;;
    *-musl)
        build_for_musl
        return
        ;;
    *) build_types cdylib,staticlib ;;
    esac
    case $triple in
    *-windows-*)
        for file in anchor.dll libanchor.dll.a libanchor.a; do
            found=$(made "$file")
            cp "$found" "$folder"
        done
        ;;
    *)
        shared=$(made 'libanchor\.so')
        archive=$(made 'libanchor\.a')
        cp "$shared" "$folder/libanchor.so"
        make_archive "$archive"
        ;;
    esac
}

build_types() {
    build rustc --package anchor-events --lib --crate-type "$1" --profile "$profile" --no-default-features --features "$features"
}

# Rust does not make the shared library while it links musl statically.
build_for_musl() {
    build_types staticlib
    archive=$(made 'libanchor\.a')
    make_archive "$archive"
    (
        target "$triple-dynamic"
        export_target
        build_types cdylib
        shared=$(made 'libanchor\.so')
        cp "$shared" "$folder/libanchor.so"
    )
}

# Rust's runtime has global symbols, such as rust_eh_personality, that a second Rust library has too: a program with both
# could not be linked. So the archive becomes one object, without what no export needs, in which only anchor_* is global.
# COMDAT groups are dissolved: the linker would keep one library's, and the other's symbols are local by then. A function of
# a newer libc that Rust uses if it is there is weak; ld forgets that for those that nothing refers to. LLVM's bitcode,
# several modules in one section now, is of no use and confuses LLVM's linker plugin. Debug information, which C code of a crate
# may have with its path, is in the debug build only; cargo does the same for the shared library.
#
# On RISC-V all functions stay: where GNU ld leaves some out, it breaks the table by which a panic finds its way (binutils 2.40).
make_archive() {
    strip=--strip-debug
    [ "$profile" != dev ] || strip=
    only=$(sed -n 's/^[A-Za-z].*[ *]\(anchor_[a-z_]*\)(.*/-u \1/p' include/anchor.h)
    only="--gc-sections $only"
    case $(system) in riscv64*) only= ;; esac
    weak=$("${READELF:-readelf}" -sW "$1" | sed -n 's/.* WEAK .* UND \([^ ]*\)$/--weaken-symbol=\1/p' | sort -u)
    # The options are words of their own.
    # shellcheck disable=SC2086
    "${LD:-ld}" -r $only --force-group-allocation -o "$folder/anchor.o" --whole-archive "$1"
    # shellcheck disable=SC2086
    "${OBJCOPY:-objcopy}" --wildcard --keep-global-symbol='anchor_*' $weak $strip \
        --remove-section=.llvmbc --remove-section=.llvmcmd "$folder/anchor.o"
    "${AR:-ar}" rcs "$folder/libanchor.a" "$folder/anchor.o"
    rm "$folder/anchor.o"
}

# The command has a profile of its own; Cargo.toml says why.
build_command() {
    case $profile,$triple in
    dev,) ;;
    dev,*) build build --package anchor-events-cli ;;
    *) build build --package anchor-events-cli --profile command ;;
    esac
    case $triple in
    # It has no manual pages, and none of these shells.
    *-windows-*)
        program=$(made 'anchor-events\.exe')
        cp "$program" "$folder"
        return
        ;;
    esac
    program=$(made anchor-events)
    cp "$program" "$folder/anchor-events"
    mkdir "$folder/man"
    run "$folder/anchor-events" man "$folder/man" ||
        fail "the command does not run on this machine, so it has no pages: COMMAND=no leaves it out"
    for shell in bash zsh fish; do
        run "$folder/anchor-events" completions $shell >"$folder/completion.$shell"
    done
}

# The target's name in Rust, or this machine's.
system() {
    echo "${triple:-$(rustc --print host-tuple)}"
}

# What a program with libanchor.a needs. gcc and clang add libgcc_s where it is used, and libgcc_eh to a program that is static as a
# whole, which could not be linked if libgcc_s, which is shared only, were named here.
native_static_libs() {
    case $(system) in
    *-musl) echo "-lgcc_eh -lc" ;;
    *) cat packaging/native-static-libs ;;
    esac
}

# What it was compiled by, which goes with what is built.
compilers() {
    echo "Rust: $("${RUSTC:-rustc}" --version)"
    echo "C: $(c_compiler | head -n 1)"
}

# CC may be several words.
# shellcheck disable=SC2086
c_compiler() {
    if [ -n "$glibc" ]; then
        cargo-zigbuild zig cc -- --version | sed "s/$/, by $(cargo-zigbuild --version)/"
    elif [ -n "$triple" ]; then
        "$cc" --version
    else
        ${CC:-cc} --version
    fi
}

# A program of the target, on this machine or by what runs such programs here.
run() {
    # The runner may be several words.
    # shellcheck disable=SC2086
    ${runner:-} "$@"
}

name=$profile${triple:+-$triple}${glibc:+-glibc-$glibc}
case ${1:-} in
folder) echo "$(target_directory)/installable/$name" && exit ;;
'') into=$(target_directory)/installable/$name ;;
*) into=$1 ;;
esac
[ -z "$triple" ] || use_target
[ -z "$glibc" ] || use_glibc
[ "${AUDITABLE:-no}" != yes ] || use_auditable
# The debug build is the one that the tests use, and stays as cargo makes it.
[ "$profile" = dev ] || hide_paths

# It takes its place when all of it is there. What is edited from now on is newer than it.
folder=$into.unfinished
rm -rf "$folder"
mkdir -p "$folder"
: >"$folder/began"
build_library
[ "$command" = no ] || build_command
compilers >"$folder/compilers.txt"
native_static_libs >"$folder/native-static-libs"
rm -rf "$into"
mv "$folder" "$into"
