#!/bin/sh
# Tests the command for Windows under wine: tests that run on this machine and drive anchor-events.exe.
#
#     windows-command.sh SKIPPED...     the names of tests that are not run
#
# run.sh calls it, and keeps wine running.
set -eu

cd "$(dirname "$0")/../.."
. packaging/cross/where.sh
. packaging/cross/target.sh

target x86_64-pc-windows-gnu
folder=${CARGO_TARGET_DIR:-$PWD/target/cross/build}

sh packaging/cross/cargo.sh "$triple" build --package anchor-events-cli

# wine decodes arguments and file names by the locale.
export LC_ALL=C.UTF-8
ANCHOR_TEST_COMMAND=$(command_file anchor-events.exe "$runner" "$folder/$triple/debug/anchor-events.exe")
export ANCHOR_TEST_COMMAND ANCHOR_TEST_SERVER="$ANCHOR_TEST_COMMAND"

# What differs on Windows, and what holds on every system. The other tests are about signals, shells, terminals and /proc, end
# the server by SIGTERM, or read files whose Windows path it printed.
unset RUSTC
skip=
for name in "$@"; do
    skip="$skip --skip $name"
done
cargo test --package anchor-events-cli --test windows --test commands --test wait_several --test serve_api --test serve_faults \
    -- $skip
