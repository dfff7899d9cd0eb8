#!/bin/sh
# Runs the fuzz targets, or those named as arguments, for FUZZ_SECONDS (60) each, FUZZ_JOBS (2) at a time. A run keeps new inputs
# in target/fuzz/corpus, and the next run begins with them. An input that fails is written to fuzz/artifacts. With FUZZ_KEEP=1
# nothing is fuzzed: inputs of target/fuzz/corpus that reach code no input of fuzz/corpus reaches are copied there, to be
# committed.
#
# The folder has the layout of cargo-fuzz, but this script needs only the stable compiler.
set -eu
cd "$(dirname "$0")"

built=${CARGO_TARGET_DIR:-$PWD/../target}/fuzz
triple=x86_64-unknown-linux-gnu
# With the default settings, libFuzzer and AddressSanitizer spend most of the time on weighing inputs and recording the stack of
# each allocation. Run an input that failed again without these settings to see the stacks.
options="-entropic=0 -timeout=60 -rss_limit_mb=2048 -print_final_stats=1"
export ASAN_OPTIONS=detect_stack_use_after_return=0:malloc_context_size=4:quarantine_size_mb=32

build() {
    flags="--cfg fuzzing -Zsanitizer=address -Ccodegen-units=1 -Cpasses=sancov-module"
    for option in level=4 inline-8bit-counters pc-table trace-compares; do
        flags="$flags -Cllvm-args=-sanitizer-coverage-$option"
    done
    # With --target the flags do not apply to build scripts. clippy's driver lints the targets as it compiles them.
    RUSTC_BOOTSTRAP=1 RUSTFLAGS=$flags CARGO_TARGET_DIR=$built RUSTC_WORKSPACE_WRAPPER=clippy-driver \
        cargo build --release --quiet --locked --target "$triple"
}

keep() {
    mkdir -p "corpus/$1" "$built/corpus/$1" "artifacts/$1"
    "$built/$triple/release/$1" -merge=1 -use_counters=0 -artifact_prefix="artifacts/$1/" \
        "corpus/$1" "$built/corpus/$1" 2>&1 | sed -n "s/MERGE-OUTER: \(.* new files\).*/$1: \1/p"
}

run() {
    log=$built/$1.log
    mkdir -p "$built/corpus/$1" "artifacts/$1"
    # The options are separate words.
    # shellcheck disable=SC2086
    if ! "$built/$triple/release/$1" $options -max_total_time="${FUZZ_SECONDS:-60}" -dict="dictionaries/$1" \
        -artifact_prefix="artifacts/$1/" "$built/corpus/$1" "corpus/$1" >"$log" 2>&1; then
        tail -n 60 "$log"
        echo "$1 failed; the input is in fuzz/artifacts/$1"
        return 1
    fi
    sed -n "s/.*\(Done .*\)/$1: \1/p" "$log"
}

if [ "${1:-}" = --built ]; then
    "$2" "$3"
    exit
fi
build
[ $# -gt 0 ] || set -- answer calls json request started
step=run
[ "${FUZZ_KEEP:-0}" = 0 ] || step=keep
printf '%s\n' "$@" | xargs -n 1 -P "${FUZZ_JOBS:-2}" sh ./run.sh --built "$step"
