#!/bin/sh
# cargo for another target, with the compilers and the emulator that packaging/cross prepared for it.
#
#     cargo.sh TARGET SUBCOMMAND ARGUMENT...
#     cargo.sh aarch64-unknown-linux-gnu test --test behaviour
#
# What it builds is in target/cross/build, and CARGO_TARGET_DIR says otherwise.
set -eu

cd "$(dirname "$0")/../.."
. packaging/cross/where.sh
. packaging/cross/target.sh

target "$1"
subcommand=$2
shift 2

lower=$(echo "$triple" | tr - _)
upper=$(echo "$lower" | tr a-z A-Z)
export RUSTC="$rust/bin/rustc" RUSTDOC="$rust/bin/rustdoc"
export "CC_$lower=$cc" "AR_$lower=$ar" "CARGO_TARGET_${upper}_LINKER=$cc"
[ -z "$runner" ] || export "CARGO_TARGET_${upper}_RUNNER=$runner"
[ -z "$flags" ] || export "CARGO_TARGET_${upper}_RUSTFLAGS=$flags"
case $name in
"$triple") export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target/cross/build}" ;;
*) export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target/cross/build-dynamic}" ;;
esac
export ANCHOR_CROSS="$cross"
exec nice -n 5 "$rust/bin/cargo" "$subcommand" --target "$triple" "$@"
