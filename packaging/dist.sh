#!/bin/sh
# Makes libanchor-VERSION.tar.xz of the last commit, with every crate in it: it builds without a network. `make dist`
# calls it; the tarball goes to DIST, target/dist unless said otherwise.
set -eu

cd "$(dirname "$0")/.."
. packaging/cargo.sh
name=libanchor-$(version)
dist=${DIST:-target/dist}
SOURCE_DATE_EPOCH=$(source_date)
export SOURCE_DATE_EPOCH

rm -rf "${dist:?}/$name"
mkdir -p "$dist/$name/.cargo"
git archive HEAD | tar -x -C "$dist/$name"
cargo vendor --quiet --locked --versioned-dirs "$dist/$name/vendor" >/dev/null

cat >"$dist/$name/.cargo/config.toml" <<'CONFIG'
# The crates are in vendor/: nothing is fetched.
[source.crates-io]
replace-with = "vendored-sources"

[source.vendored-sources]
directory = "vendor"
CONFIG

pack "$dist" "$name" | xz -T2 -1 >"$dist/$name.tar.xz"
rm -rf "${dist:?}/$name"
echo "$dist/$name.tar.xz: $(($(wc -c <"$dist/$name.tar.xz") / 1024 / 1024)) MiB"
