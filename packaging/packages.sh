#!/bin/sh
# What a release publishes, into FOLDER, with SHA256SUMS. `make packages` calls it.
#
#     packages.sh FOLDER [PART...]     all parts by default
#
#     source        libanchor-VERSION.tar.xz, with all crates
#     TARGET        libanchor-VERSION-TARGET.tar.gz, or .zip for Windows: for each system that one is published for
#     deb           libanchor0, libanchor-dev, anchor-events, for this machine's Debian and later; needs debhelper
#     rpm           libanchor, libanchor-devel, anchor-events, for glibc 2.17 and later; needs rpmbuild
#     recipes       for Arch, Alpine, Homebrew, Nix, vcpkg and Conan, which build from the source tarball; needs that
#
#     AUDITABLE=yes     no: without the list of crates that cargo-auditable adds
#
# What is for glibc needs cargo-zigbuild. Every other system than this one needs what packaging/cross/prepare.sh gets.
set -eu

cd "$(dirname "$0")/.."
. packaging/cross/where.sh
. packaging/cross/target.sh
. packaging/cargo.sh

mkdir -p "$1"
folder=$(cd "$1" && pwd)
shift
version=$(version)
unset PROFILE COMMAND FEATURES TARGET GLIBC
export AUDITABLE="${AUDITABLE:-yes}"

# The oldest glibc that a target is published for. RISC-V has had one since 2.27.
oldest_glibc() {
    case $1 in
    riscv64*) echo 2.27 ;;
    *-gnu*) echo 2.17 ;;
    esac
}

archive() { # a target
    (
        [ "$1" = "$(rustc --print host-tuple)" ] || export TARGET="$1"
        case $1 in
        *-windows-*) make=packaging/windows/make.sh ;;
        *)
            make=packaging/tarball/make.sh
            GLIBC=$(oldest_glibc "$1")
            export GLIBC
            ;;
        esac
        sh packaging/build.sh
        sh $make "$folder"
    )
}

package() { # deb or rpm, and the glibc
    (
        export GLIBC="$2"
        sh packaging/build.sh
        sh "packaging/$1.sh" "$folder"
    )
}

published() {
    for target in $targets; do
        case $target in *-linux-* | *-windows-*) echo "$target" ;; esac
    done
}

# All that is in the folder is published, so nothing else may be in it.
others() {
    find "$folder" -mindepth 1 -maxdepth 1 ! -name SHA256SUMS ! -name "*[-_]${version}[-._]*" -printf '%f\n'
}

other=$(others)
[ -z "$other" ] || fail "$folder has what is not of version $version; remove it:" $other
[ $# -gt 0 ] || set -- source $(published) deb rpm recipes
# A part that fails ends this, so a command may not stand before && or ||, where the shell does not look.
rm -f "$folder/SHA256SUMS"
for part in "$@"; do
    case $part in
    source) DIST=$folder sh packaging/dist.sh ;;
    deb) package deb "" ;;
    rpm) package rpm 2.17 ;;
    recipes) sh packaging/recipes/fill.sh "$folder" ;;
    *-linux-* | *-windows-*) archive "$part" ;;
    *) fail "$part is not a part" ;;
    esac
done
(cd "$folder" && find . -maxdepth 1 -type f ! -name SHA256SUMS -printf '%f\n' | LC_ALL=C sort | xargs sha256sum >SHA256SUMS)
cat "$folder/SHA256SUMS"
