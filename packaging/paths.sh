#!/bin/sh
# The flags of rustc by which no path of the builder is in what is built, one a line. A source is named after its crate and the
# version of that, wherever cargo keeps it, so builds in two folders, by two users, are the same to the byte.
#
#     paths.sh           for RUSTFLAGS
#     paths.sh --config  as a setting for cargo's --config. Unlike RUSTFLAGS, it is added to the flags of the target
#
# Of several that match, rustc takes the last.
set -eu

cd "$(dirname "$0")/.."
. packaging/cargo.sh

metadata=$("${CARGO:-cargo}" metadata --format-version 1 --locked) || fail "cargo metadata failed"

# A text of cargo's answer.
field() {
    printf '%s\n' "$metadata" | grep -o "\"$1\":\"[^\"]*\"" | cut -d '"' -f 4
}

root=$(field workspace_root | tail -n 1)

# The folders that hold the crates' folders, other than the workspace's.
holders() {
    field manifest_path | sed 's|/[^/]*/Cargo.toml$||' | grep -vxF -e "$root" -e "${root%/*}" -e "$root/testkit" | sort -u
}

flags() {
    echo "--remap-path-prefix=$root="
    echo "--remap-path-prefix=$(field target_directory | tail -n 1)=target"
    holders | sed 's/^/--remap-path-prefix=/; s/$/=/'
}

case ${1:-} in
--config) printf "target.'cfg(all())'.rustflags=[%s]\n" "$(flags | sed 's/.*/"&"/' | paste -sd , -)" ;;
*) flags ;;
esac
