#!/bin/sh
# The front door, on a machine where nothing was done before: a minimal Debian with a C compiler, make and Rust; a user
# with an empty home; a clone of the last commit. There the README's commands run, and then, with the tools that they are
# built with, the consumers of tests/package. `make fresh-machine` calls it; it needs root, mmdebstrap and git.
#
#     FULL=      anything else: all tests with the tools too, and what is installed as it is shipped
#
# The toolchain and the crates that cargo has fetched are this machine's, to read only; nothing that was built is.
set -eu

cd "$(dirname "$0")/.."
work=${CARGO_TARGET_DIR:-$PWD/target}/fresh-machine
root=$work/root
toolchain=$(rustc --print sysroot)
registry=${CARGO_HOME:-$HOME/.cargo}/registry
full=${FULL:-}

bare=gcc,libc6-dev,make,ca-certificates
tools="g++ pkg-config cmake meson ninja-build"

fail() {
    echo "fresh-machine: $1" >&2
    exit 1
}

# The root is kept as it was before anything was done in it.
prepare() {
    mkdir -p "$work"
    [ -f "$work/bare.tar" ] || {
        mmdebstrap --quiet --variant=apt --include="$bare" "$(. /etc/os-release && echo "$VERSION_CODENAME")" \
            "$work/unfinished.tar" "$(sources)"
        mv "$work/unfinished.tar" "$work/bare.tar"
    }
    rm -rf "$root"
    mkdir "$root"
    tar -xf "$work/bare.tar" -C "$root"
    mkdir -p "$root/opt/rust" "$root/home/ada/.cargo/registry"
    git clone --quiet --no-hardlinks . "$root/home/ada/libanchor"
    cargo fetch --quiet --locked
    # An installer writes it.
    printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts"
    echo "ada:x:1000:1000::/home/ada:/bin/sh" >>"$root/etc/passwd"
    echo "ada:x:1000:" >>"$root/etc/group"
    chown -R 1000:1000 "$root/home/ada"
}

# Debian from where this machine has it.
sources() {
    for list in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
        [ ! -s "$list" ] || { echo "$list"; return; }
    done
}

# A command of root's in it. What is mounted is seen by that command alone, and goes with it.
as_root() {
    unshare --mount --pid --ipc --fork --kill-child sh -euc '
        root=$1 toolchain=$2 registry=$3
        shift 3
        mount --bind "$toolchain" "$root/opt/rust"
        mount -o remount,ro,bind "$root/opt/rust"
        mount --bind "$registry" "$root/home/ada/.cargo/registry"
        mount -o remount,ro,bind "$root/home/ada/.cargo/registry"
        mount -t proc proc "$root/proc"
        mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
        mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
        exec chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
    ' sh "$root" "$toolchain" "$registry" "$@"
}

# A line of the user's shell, in the clone.
as_user() {
    printf '\n== %s$ %s\n' "$where" "$1"
    began=$(date +%s)
    as_root setpriv --reuid=1000 --regid=1000 --clear-groups env -i HOME=/home/ada USER=ada PATH=/opt/rust/bin:/usr/bin:/bin \
        LANG=C.UTF-8 CARGO_NET_OFFLINE=true sh -ec "cd ~/libanchor && $1"
    echo "== $(($(date +%s) - began)) s"
}

[ "$(id -u)" = 0 ] || fail "needs root, for a root of its own"
for tool in mmdebstrap git unshare setpriv; do
    command -v $tool >/dev/null || fail "$tool is missing"
done
prepare
trap 'rm -rf "$root"' EXIT

where="gcc and make"
as_user "make demo"
as_user "make test"
if [ -n "$full" ]; then
    as_user 'make install PREFIX="$HOME/.local" && "$HOME/.local/bin/anchor-events" --version'
else
    as_user 'make install PREFIX="$HOME/.local" PROFILE=dev && "$HOME/.local/bin/anchor-events" --version'
fi
as_user 'make uninstall PREFIX="$HOME/.local" && [ -z "$(find "$HOME/.local" ! -type d)" ]'

as_root sh -ec "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $tools" \
    >/dev/null
where="with $tools"
if [ -n "$full" ]; then
    as_user "make test"
else
    as_user "ANCHOR_TEST_PROFILE=dev cargo test --test package install::"
fi
echo "fresh-machine: all of it holds"
