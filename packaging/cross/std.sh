#!/bin/sh
# Rust's standard library for targets for which Debian has none, built once from Debian's sources and kept with that Rust in
# $ANCHOR_CROSS.
#
#     std.sh TARGET...
#
# Bootstrap mode is for the standard library alone, which cannot be built without it. What is built on top of it is ordinary.
set -eu

cd "$(dirname "$0")/../.."
. packaging/cross/where.sh

version=1.96
rust=$(sh packaging/cross/debian-rust.sh $version source)
libraries=$rust/usr/lib/rustlib
sources=$libraries/src/rust/library
export RUSTC="$rust/bin/rustc" RUSTC_BOOTSTRAP=1

# Its messages name files. What is packaged has no path of the builder in it, so they are named from here on.
flags="-Cembed-bitcode=yes --remap-path-prefix=$(cd "$sources" && pwd -P)=library --remap-path-prefix=$sources=library"
flags="$flags --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src=crates"

# An empty library crate, whose dependencies are the standard library's crates.
build() {
    crate=$cross/std
    mkdir -p "$crate/src" "$cross/log"
    printf '[package]\nname = "empty"\nedition = "2021"\n[profile.release]\npanic = "unwind"\n[workspace]\n' >"$crate/Cargo.toml"
    echo '#![no_std]' >"$crate/src/lib.rs"
    (cd "$crate" && RUSTFLAGS="$flags" CARGO_TARGET_DIR=$crate/target \
        nice -n 5 "$rust/bin/cargo" build --quiet --release -Zbuild-std=std,panic_unwind,test --target "$1" \
        >"$cross/log/std-$1.log" 2>&1) || fail "no standard library for $1: see $cross/log/std-$1.log"
    rm -f "$crate/target/$1/release/deps"/libempty-*
    mkdir -p "$libraries/$1/unfinished"
    cp "$crate/target/$1/release/deps"/*.rlib "$libraries/$1/unfinished/"
    case $1 in *-windows-gnu) start_files "$1" ;; esac
    mv "$libraries/$1/unfinished" "$libraries/$1/lib"
    rm -rf "$crate/target/$1"
}

# The first and the last object of a program for Windows.
start_files() {
    for object in rsbegin rsend; do
        "$RUSTC" --target "$1" --emit=obj -o "$libraries/$1/unfinished/$object.o" \
            "$sources/rtstartup/$object.rs"
    done
}

for target in "$@"; do
    [ ! -d "$libraries/$target/lib" ] || continue
    began=$(date +%s)
    build "$target"
    echo "std for $target: $(($(date +%s) - began)) s"
done
