#!/bin/sh
# What `make demo` shows: a local event server, and mfa.c waiting for an event on it and signaling it. Run from the
# repository's root; it needs cargo and a C compiler.
set -eu

. packaging/cargo.sh
cc=${CC:-cc}
scratch=$(mktemp -d)
server=

finish() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || :
        wait "$server" 2>/dev/null || :
    fi
    rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

command -v "$cc" >/dev/null || fail "there is no C compiler '$cc'; set CC"
build build --quiet --workspace
archive=$(made 'libanchor\.a')
anchor_events=$(made anchor-events)
"$cc" -std=c11 -I include -o "$scratch/mfa" examples-c/mfa.c "$archive" \
    -lgcc_s -lutil -lrt -lpthread -lm -ldl -lc

# The server's first line says where it is, and that it is ready.
mkfifo "$scratch/out"
"$anchor_events" serve --port 0 --log off >"$scratch/out" &
server=$!
exec 3<"$scratch/out"
read -r url <&3 || fail "the event server did not start"

echo
echo "A local event server is at $url"
echo "examples-c/mfa.c, compiled with $cc and libanchor $("$anchor_events" --version | cut -d ' ' -f 2), plays both sides:"
echo
ANCHORBROWSER_BASE_URL=$url ANCHORBROWSER_API_KEY=demo "$scratch/mfa" "$@"
echo
echo "That is all of it. The other examples, and how to compile them: examples-c/README.md"
