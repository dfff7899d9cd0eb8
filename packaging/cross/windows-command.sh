#!/bin/sh
# Tests the command for Windows under wine: its own unit tests, then tests that run on this machine and drive anchor-events.exe.
#
#     windows-command.sh
set -eu

cd "$(dirname "$0")/../.."
. packaging/cross/where.sh
. packaging/cross/target.sh

target x86_64-pc-windows-gnu
folder=${CARGO_TARGET_DIR:-$PWD/target/cross/build}

windows_cargo() {
    sh packaging/cross/cargo.sh "$triple" "$@"
}

windows_cargo build --package anchor-events-cli
windows_cargo test --package anchor-events-cli --bin anchor-events

# wine decodes arguments and file names by the locale.
export LC_ALL=C.UTF-8
ANCHOR_TEST_COMMAND=$(command_file anchor-events.exe "$runner" "$folder/$triple/debug/anchor-events.exe")
export ANCHOR_TEST_COMMAND ANCHOR_TEST_SERVER="$ANCHOR_TEST_COMMAND"

# What holds on every system, and what differs on Windows. The other tests are about signals, shells and terminals of Unix.
unset RUSTC
cargo test --package anchor-events-cli --test windows --test commands --test wait_several \
    --test serve_access --test serve_api --test serve_delivery --test serve_faults --test serve_hang_up --test serve_settings
