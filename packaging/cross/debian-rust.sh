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

version=$1
shift
architectures=$(echo amd64 "$@" | sed 's/ source//; s/ /,/g')
folder=$cross/rust-$version
apt=$cross/apt

# apt with lists, a cache and a state of its own. In that state no Rust is installed, so all of it is fetched.
own_apt() {
    tool=$1
    shift
    "$tool" -qq -o Dir::State="$apt" -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" \
        -o Dir::Etc::sourcelist="$(debian_list)" -o Dir::Etc::sourceparts=/dev/null -o APT::Sandbox::User="$(id -un)" \
        -o APT::Architectures="$architectures" "$@"
}

# Debian from where this machine has it.
debian_list() {
    for list in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
        [ ! -s "$list" ] || { echo "$list"; return; }
    done
}

prepare_apt() {
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
    awk 'BEGIN { RS = ""; ORS = "\n\n" } !/^Package: (rustc|cargo|libstd-rust|rust-)/' /var/lib/dpkg/status >"$apt/status"
    # A list that a mirror does not have right now may not be needed. If it is, the next step says so.
    own_apt apt-get update >&2 || true
}

unpack() {
    for package in "$@"; do
        dpkg -x "$package" "$folder.unfinished"
        rm "$package"
    done
}

# The compiler, cargo, and what of their libraries the machine does not have. Their folder is named to the loader by a
# script: Debian's programs look for them in /usr/lib.
compiler() {
    rm -rf "$folder.unfinished" "$apt/cache/archives"/*.deb
    mkdir -p "$folder.unfinished/bin"
    own_apt apt-get install --download-only --yes --no-install-recommends \
        "rustc-web=$version*" "cargo-web=$version*" "libstd-rust-web-dev=$version*" >&2
    unpack "$apt/cache/archives"/*.deb
    for program in rustc cargo rustdoc; do
        cat >"$folder.unfinished/bin/$program" <<END
#!/bin/sh
export LD_LIBRARY_PATH="$folder/usr/lib/x86_64-linux-gnu:$folder/lib/x86_64-linux-gnu\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}"
exec "$folder/usr/bin/$program" "\$@"
END
        chmod +x "$folder.unfinished/bin/$program"
    done
    rm -rf "$folder"
    mv "$folder.unfinished" "$folder"
}

# The standard library of an architecture, or its sources.
standard_library() {
    case $1 in
    source) package=rust-web-src ;;
    *) package=libstd-rust-web-dev:$1 ;;
    esac
    rm -rf "$folder.unfinished" "$cross/fetched"
    mkdir -p "$folder.unfinished" "$cross/fetched"
    (cd "$cross/fetched" && own_apt apt-get download "$package=$version*" >&2)
    unpack "$cross/fetched"/*.deb
    cp -a "$folder.unfinished/usr/." "$folder/usr/"
    rm -rf "$folder.unfinished" "$cross/fetched"
    touch "$folder/std-$1"
}

lacks() {
    ! "$folder/bin/rustc" --version >/dev/null 2>&1 || ! "$folder/bin/cargo" --version >/dev/null 2>&1
}

fetched=
for architecture in '' "$@"; do
    case $architecture in
    '') lacks || continue ;;
    *) [ ! -e "$folder/std-$architecture" ] || continue ;;
    esac
    [ -n "$fetched" ] || prepare_apt
    fetched=yes
    case $architecture in
    '') compiler ;;
    *) standard_library "$architecture" ;;
    esac
done
! lacks || fail "Rust $version does not run: see $folder"
echo "$folder"
