#!/bin/sh
# cargo for another target, with the compilers and the emulator that prepare.sh got for it.
#
#     cargo.sh TARGET SUBCOMMAND ARGUMENT...
#     cargo.sh aarch64-unknown-linux-gnu test --test behaviour
#
# What it builds is in target/cross/build. CARGO_TARGET_DIR names another folder.
set -eu

cd "$(dirname "$0")/../.."
. packaging/cross/where.sh
. packaging/cross/target.sh

target "$1"
subcommand=$2
shift 2
export_target
export RUSTC="$rust/bin/rustc" RUSTDOC="$rust/bin/rustdoc" CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$(build_folder)}"
# Small, since a program of a test that is linked statically has all of it.
export CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG="${CARGO_PROFILE_DEV_DEBUG:-none}"
# An emulator takes many times as long for what is not optimized.
case $runner in qemu*) export CARGO_PROFILE_DEV_OPT_LEVEL="${CARGO_PROFILE_DEV_OPT_LEVEL:-1}" ;; esac
exec nice -n 5 "$rust/bin/cargo" "$subcommand" --target "$triple" "$@"
