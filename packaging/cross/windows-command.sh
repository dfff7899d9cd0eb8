#!/bin/sh
# Tests the command for Windows under wine: tests that run on this machine and drive anchor-events.exe.
#
#     windows-command.sh SKIPPED...     the names of tests that are not run
set -eu

cd "$(dirname "$0")/../.."
. packaging/cross/where.sh
. packaging/cross/target.sh

target x86_64-pc-windows-gnu
folder=${CARGO_TARGET_DIR:-$PWD/target/cross/build}

sh packaging/cross/cargo.sh "$triple" build --package anchor-events-cli

# wine's own processes start with its first program, and hold the stdout and stderr of that one. A test that reads to the end of
# its program's output would wait for them, so this program is the first, and stays until the tests have ended.
keep_wine() {
    "$runner" cmd.exe /c exit </dev/null >/dev/null 2>&1
    mkfifo "$folder/wine.$$"
    "$runner" cmd.exe /c more <"$folder/wine.$$" >/dev/null 2>&1 &
    exec 8>"$folder/wine.$$"
    rm "$folder/wine.$$"
}

# wine decodes arguments and file names by the locale.
export LC_ALL=C.UTF-8
ANCHOR_TEST_COMMAND=$(command_file anchor-events.exe "$runner" "$folder/$triple/debug/anchor-events.exe")
export ANCHOR_TEST_COMMAND ANCHOR_TEST_SERVER="$ANCHOR_TEST_COMMAND"
keep_wine

# What differs on Windows, and what holds on every system. The other tests are about signals, shells, terminals and /proc, end
# the server by SIGTERM, or read files whose Windows path it printed.
unset RUSTC
skip=
for name in "$@"; do
    skip="$skip --skip $name"
done
cargo test --package anchor-events-cli --test windows --test commands --test wait_several --test serve_api --test serve_faults \
    -- $skip 8>&-
