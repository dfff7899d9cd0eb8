#!/bin/sh
# Prints the figures that the README promises, measured on this machine with the release build: wall times, resident
# memory, instructions (with valgrind) and system calls (with strace). Quiet machine, please; it takes two minutes.
set -eu
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
cargo build --release --package anchor-cli
make release
work=$(mktemp -d)
server=
stop() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$work"
}
trap stop EXIT INT TERM

ln -s "$(cd "$target/release" && pwd)/libanchor.so" "$work/libanchor.so.0"
cc -std=c11 -O2 -Wall -Wextra -Wpedantic -Werror -Iinclude bench/measure.c -o "$work/measure" \
    -L"$target/release" -lanchor -lpthread -Wl,-rpath,"$work"

# serve OPTION...: a server of its own; its address goes into the environment.
serve() {
    [ -z "$server" ] || kill "$server"
    "$target/release/anchor" serve --port 0 "$@" >"$work/serve" 2>"$work/serve.log" &
    server=$!
    until [ -s "$work/serve" ] && { [ "$*" != --tls ] || [ "$(wc -l <"$work/serve")" -ge 2 ]; }; do
        kill -0 "$server"
        sleep 0.1
    done
    ANCHORBROWSER_BASE_URL=$(sed -n 1p "$work/serve")
    ANCHORBROWSER_API_KEY=bench
    export ANCHORBROWSER_BASE_URL ANCHORBROWSER_API_KEY
}

measure() {
    printf '%-28s ' "measure $*"
    "$work/measure" "$@"
}

serve
strip -o "$work/stripped.so" "$target/release/libanchor.so"
printf '%-28s %s bytes\n' 'libanchor.so, stripped' "$(wc -c <"$work/stripped.so")"
measure warm 5000
measure cancel 1000
measure overshoot 100 1000 10000
measure memory 1000
measure beside 5000
measure many 5000
if command -v valgrind >/dev/null; then
    valgrind --tool=callgrind --callgrind-out-file="$work/callgrind" --toggle-collect=anchor_wait_for_event \
        "$work/measure" warm 500 2>&1 >/dev/null |
        awk '/Collected/ { printf "%-28s %d instructions a warm wait\n", "callgrind", $4 / 502 }'
fi
if command -v strace >/dev/null; then
    echo 'strace, one warm wait:'
    strace -f -e trace=network,poll,ppoll,desc "$work/measure" warm 3 2>&1 |
        awk '/sendto.*wait HTTP/ { seen++ } seen == 3 && /sendto.*wait|ppoll|recvfrom/ { print "    " substr($0, 1, 100) } seen > 3 { exit }'
fi
serve --tls
ANCHOR_BENCH_CA_FILE=$(sed -n 2p "$work/serve")
export ANCHOR_BENCH_CA_FILE
echo 'Over TLS:'
measure warm 5000
measure memory 1000
