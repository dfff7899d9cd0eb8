#!/bin/sh
# Rust of a version that Debian has, from Debian's packages, beside whatever Rust the machine has: nothing is installed, and no
# root is needed. It prints the folder; bin/ in it has rustc, cargo and rustdoc.
#
#     debian-rust.sh VERSION [ARCHITECTURE...] [source]
#     debian-rust.sh 1.85 arm64 i386      with the standard library of these architectures too, ready-made
#     debian-rust.sh 1.96 source          with the sources of the standard library
#
# It is kept in $ANCHOR_CROSS/rust-VERSION. Debian 12 has 1.85, and by its security archive a newer one.
set -eu

cd "$(dirname "$0")/../.."
. packaging/cross/where.sh
. packaging/cross/apt.sh

version=$1
shift
folder=$cross/rust-$version

# The compiler, cargo, and what of their libraries the machine does not have. Debian's programs look for them in /usr/lib, so a
# script names their folder to the loader.
compiler() {
    rm -rf "$folder" "$folder.unfinished"
    download_all "$folder.unfinished" "rustc-web=$version*" "cargo-web=$version*" "libstd-rust-web-dev=$version*"
    mkdir "$folder.unfinished/bin"
    for program in rustc cargo rustdoc; do
        cat >"$folder.unfinished/bin/$program" <<END
#!/bin/sh
libraries="$folder/usr/lib/x86_64-linux-gnu:$folder/lib/x86_64-linux-gnu"
export CARGO="$folder/bin/cargo" LD_LIBRARY_PATH="\$libraries\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}"
exec "$folder/usr/bin/$program" "\$@"
END
        chmod +x "$folder.unfinished/bin/$program"
    done
    mv "$folder.unfinished" "$folder"
}

# The standard library of an architecture, or its sources.
standard_library() {
    case $1 in
    source) package=rust-web-src ;;
    *) package=libstd-rust-web-dev:$1 ;;
    esac
    download "$folder" "$package=$version*"
    touch "$folder/has-$1"
}

runs() {
    "$folder/bin/rustc" --version >/dev/null 2>&1 && "$folder/bin/cargo" --version >/dev/null 2>&1
}

wanted=
for architecture in "$@"; do
    [ -e "$folder/has-$architecture" ] || wanted="$wanted $architecture"
done
if [ -n "$wanted" ] || ! runs; then
    update_lists "$(echo amd64 $wanted | sed 's/ source//; s/ /,/g')"
    runs || { compiler && wanted=$*; }
    for architecture in $wanted; do
        standard_library "$architecture"
    done
fi
runs || fail "Rust $version does not run: see $folder"
echo "$folder"
