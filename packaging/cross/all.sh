#!/bin/sh
# Each target in turn, then docs/platforms.md from what they found. A target that fails is in the table as such; the script
# fails at its end.
#
#     all.sh [TARGET...]     all by default; the page keeps what it says of the others
set -eu

cd "$(dirname "$0")/../.."
. packaging/cross/where.sh
. packaging/cross/target.sh

failed=
mkdir -p docs/platforms
for target in ${*:-$targets}; do
    sh packaging/cross/run.sh "$target" || failed="$failed $target"
    cp "target/cross/results/$target.json" docs/platforms/
done
ANCHOR_ACCEPT_PLATFORMS=1 cargo test --quiet --test package the_page_is_what_the_runs_found >/dev/null
sed -n '/^| target/,/^$/p' docs/platforms.md
[ -z "$failed" ] || fail "these failed:$failed"
