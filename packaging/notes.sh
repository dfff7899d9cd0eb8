#!/bin/sh
# Prints what is new in this version: its section of CHANGELOG.md. It fails if there is none, or if VERSION is another one.
#
#     notes.sh [VERSION]     that of a tag
set -eu

cd "$(dirname "$0")/.."
. packaging/cargo.sh

version=$(version)
[ "${1:-$version}" = "$version" ] || fail "the sources have version $version, not $1"
notes=$(awk -v heading="## [$version] - " '
    index($0, "## ") == 1 { found = index($0, heading) == 1; next }
    found' "${CHANGELOG:-CHANGELOG.md}")
[ -n "$notes" ] || fail "CHANGELOG.md has no section [$version]"
printf '%s\n' "$notes" | sed '/./,$!d'
