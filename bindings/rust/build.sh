#!/bin/sh
# Makes the crate as crates.io would have it, adds it to an empty project by cargo, and runs formatter, linter, documentation and
# tests there. bindings/build.sh calls it, with INTO, a folder of its own.
set -eu

cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
grep -q "^version = \"$version\"" Cargo.toml || {
    echo "bindings/rust/Cargo.toml is not of version $version" >&2
    exit 1
}
rustfmt --config-path "$root/rustfmt.toml" --edition 2024 --check src/lib.rs src/bin/*.rs tests/*_test.rs

[ ! -d "$INTO/crate" ] || chmod -R u+w "$INTO/crate"
rm -rf "$INTO/package/package" "$INTO/empty" "$INTO/crate"
mkdir -p "$INTO/empty" "$INTO/crate"
(cd "$root" && cargo package --quiet --package anchor-events --locked --allow-dirty --no-verify --target-dir "$INTO/package")
# cargo sees by its time that a file changed, and all are of 2006 in the package.
tar -C "$INTO/crate" --touch -xf "$INTO/package/package/anchor-events-$version.crate"
crate=$INTO/crate/anchor-events-$version
# What crates.io shows is the page whose programs are tested here.
grep -qx 'readme = "bindings/rust/README.md"' "$crate/Cargo.toml"
cmp README.md "$crate/bindings/rust/README.md"
cp "$root/Cargo.lock" "$INTO/empty"
cp -R README.md src tests "$INTO/empty"
sed '/^anchor-events = /d' Cargo.toml >"$INTO/empty/Cargo.toml"
# As where the documentation of crates.io is built.
chmod -R a-w "$crate"

export CARGO_TARGET_DIR="$INTO/target"
export ANCHOR_CDEF="$crate/include/anchor.cdef" ANCHOR_OPTIONS_RS="$crate/src/options.rs"
export ANCHOR_CONFIG_RS="$crate/src/config.rs" ANCHOR_CONFIG_TLS_RS="$crate/src/config/tls.rs"
cd "$INTO/empty"
cargo add --quiet --path "$crate"
cargo clippy --quiet --all-targets -- -D warnings
RUSTDOCFLAGS='-D warnings' cargo doc --quiet --no-deps --package anchor-events
python3 "$root/bindings/servers.py" cargo test --quiet
