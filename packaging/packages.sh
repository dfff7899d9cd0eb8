#!/bin/sh
# What a release publishes, into FOLDER, with SHA256SUMS. `make packages` calls it.
#
#     packages.sh FOLDER [PART...]     all parts by default
#
#     source   libanchor-VERSION.tar.xz, with all crates
#     linux    libanchor-VERSION-x86_64-unknown-linux-gnu.tar.gz, for glibc 2.17 and later; needs cargo-zigbuild
#     deb      libanchor0, libanchor-dev, anchor-events, for this machine's Debian and later; needs debhelper
#     rpm      libanchor, libanchor-devel, anchor-events, for glibc 2.17 and later; needs rpmbuild and cargo-zigbuild
set -eu

cd "$(dirname "$0")/.."
. packaging/cargo.sh

mkdir -p "$1"
folder=$(cd "$1" && pwd)
shift
unset PROFILE COMMAND FEATURES

[ $# -gt 0 ] || set -- source linux deb rpm
for part in "$@"; do
    case $part in
    source) DIST=$folder sh packaging/dist.sh ;;
    linux) (export GLIBC=2.17 && sh packaging/build.sh && sh packaging/tarball/make.sh x86_64-unknown-linux-gnu "$folder") ;;
    deb) sh packaging/build.sh && sh packaging/deb.sh "$folder" ;;
    rpm) (export GLIBC=2.17 && sh packaging/build.sh && sh packaging/rpm.sh "$folder") ;;
    *) fail "$part is not a part" ;;
    esac
done
(cd "$folder" && find . -maxdepth 1 -type f ! -name SHA256SUMS -printf '%f\n' | sort | xargs sha256sum >SHA256SUMS)
cat "$folder/SHA256SUMS"
