#!/bin/sh
# What `make packages` has made, as a user has it who has no Rust: in an empty Debian, in a root with nothing but musl's loader, and
# under wine. There examples-c/mfa.c is compiled, linked with both libraries, and run against the local server of the command
# that was installed. `make packages-roots` calls it; it needs root.
#
#     run.sh FOLDER [ROOT...]     the folder of the packages; all that it has packages for by default
#
#     deb tarball rpm     in Debian, each in one of its own. Needs mmdebstrap, and rpm
#     musl                all tarballs for musl. Compiled by Zig, since Debian's gcc has no unwinder for musl
#     windows             Needs mingw-w64 and wine
#     emulated            all tarballs for glibc on another processor, where they are unpacked, by qemu if need be
#
# The last three need what packaging/cross/prepare.sh names.
set -eu

cd "$(dirname "$0")/../.."
. packaging/cross/where.sh
. packaging/cross/target.sh
. packaging/cargo.sh

published=$(cd "$1" && pwd)
shift
version=$(version)
work=$(target_directory)/packages-roots
mkdir -p "$work"
work=$(cd "$work" && pwd)
root=$work/root
trap 'rm -rf "$root"' EXIT

# An empty Debian with a C compiler. It is kept as it was before anything was done in it.
debian() {
    [ -f "$work/bare.tar" ] || {
        mmdebstrap --quiet --variant=minbase --include=gcc,libc6-dev,pkg-config \
            "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$work/unfinished.tar" "$(debian_list)"
        mv "$work/unfinished.tar" "$work/bare.tar"
    }
    rm -rf "$root"
    mkdir "$root"
    tar -xf "$work/bare.tar" -C "$root"
    mkdir "$root/try"
    cp examples-c/mfa.c packaging/roots/try.sh "$root/try"
    inside sh -ec '! command -v cargo && ! command -v rustc' || fail "there is Rust in the empty root"
}

# Debian from where this machine has it.
debian_list() {
    for list in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
        [ ! -s "$list" ] || { echo "$list"; return; }
    done
}

# What a command starts ends with it.
inside() {
    unshare --mount --pid --ipc --fork --kill-child --mount-proc="$root/proc" \
        chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"
}

try() { # variables, and the outcome must be that of both programs
    inside "$@" sh /try/try.sh
}

nothing_is_left() {
    left=$(find "$root" -xdev -path "$root/try" -prune -o -path "$root/var" -prune -o -name '*anchor*' -print)
    [ -z "$left" ] || fail "this is left:" $left
}

root_deb() {
    debian
    cp "$published"/libanchor0_"$version"-*.deb "$published"/libanchor-dev_"$version"-*.deb \
        "$published"/anchor-events_"$version"-*.deb "$root/try"
    inside sh -ec 'apt-get install -qq -y --no-install-recommends /try/*.deb' >"$work/log" 2>&1 ||
        { cat "$work/log" >&2; fail "apt-get install failed"; }
    try
    inside dpkg --purge anchor-events libanchor-dev libanchor0 >"$work/log"
    nothing_is_left
}

root_tarball() {
    debian
    tar -xf "$published/libanchor-$version-$(rustc --print host-tuple).tar.gz" -C "$root/try"
    inside sh -ec 'cd /try/libanchor-* && ./install.sh && ldconfig' >"$work/log"
    try
    inside sh -ec 'cd /try/libanchor-* && ./install.sh uninstall' >"$work/log"
    nothing_is_left
}

# Fedora's paths, in Debian: its loader does not look in /usr/lib64.
root_rpm() {
    debian
    rpm --root="$root" --nodeps --install "$published"/libanchor-"$version"-*.rpm "$published"/libanchor-devel-"$version"-*.rpm \
        "$published"/anchor-events-"$version"-*.rpm >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "rpm failed"; }
    try PKG_CONFIG_PATH=/usr/lib64/pkgconfig LD_LIBRARY_PATH=/usr/lib64
    rpm --root="$root" --nodeps --erase anchor-events libanchor-devel libanchor >"$work/log" 2>&1
    nothing_is_left
}

# Nothing but musl's loader, the library, the program and the command, and an emulator for another processor.
root_musl() {
    for name in $(published_for -linux-musl); do
        musl "$name"
        echo "$name runs"
    done
}

musl() { # a target
    unpack "$1"
    rm -rf "$root"
    mkdir -p "$root/lib" "$root/usr/lib"
    # The flags are words of their own.
    # shellcheck disable=SC2046
    {
        compile "$cc" examples-c/mfa.c -o "$root/shared" $(pkg-config --cflags --libs anchor)
        compile "$cc" examples-c/mfa.c -o "$root/static" -static \
            $(pkg-config --static --cflags --libs anchor | sed s/-lanchor/-l:libanchor.a/)
    }
    loader=/lib/ld-musl-$arch.so.1 emulator=
    if [ -n "$runner" ]; then
        loader=$cross/musl-$arch$loader emulator=/emulator
        cp "$(command -v "${runner%% *}")" "$root$emulator"
    fi
    cp -L "$loader" "$root/lib"
    cp -P "$unpacked/lib"/libanchor.so.* "$root/usr/lib"
    cp "$unpacked/bin/anchor-events" "$root"
    enter="chroot $root $emulator"
    runs_both "$enter /anchor-events" "$enter /shared" "$enter /static"
}

# By Debian's cross-compilers, with Debian's glibc of that processor.
root_emulated() {
    for name in $(foreign); do
        unpack "$name"
        # shellcheck disable=SC2046
        {
            compile "$cc" examples-c/mfa.c -o "$unpacked/shared" $(pkg-config --cflags --libs anchor) -lpthread
            compile "$cc" examples-c/mfa.c -o "$unpacked/static" \
                $(pkg-config --static --cflags --libs anchor | sed s/-lanchor/-l:libanchor.a/)
        }
        runs_both "$runner $unpacked/bin/anchor-events" "env LD_LIBRARY_PATH=$unpacked/lib $runner $unpacked/shared" \
            "$runner $unpacked/static"
        echo "$name runs"
    done
}

# The targets of those tarballs.
foreign() {
    published_for -linux-gnu | grep -vx "$(rustc --print host-tuple)" || true
}

published_for() { # a part of the target's name
    for name in $targets; do
        case $name in *"$1"*) ! has "libanchor-$version-$name.tar.gz" || echo "$name" ;; esac
    done
}

# A tarball, to be linked from where it is unpacked, by the compiler for its target.
unpack() {
    unpacked=$work/unpacked
    rm -rf "$unpacked"
    mkdir -p "$unpacked"
    tar -xf "$published/libanchor-$version-$1.tar.gz" -C "$unpacked" --strip-components=1
    export PKG_CONFIG_PATH="$unpacked/lib/pkgconfig"
    names_compilers
    sh packaging/cross/prepare.sh "$1"
    target "$1"
}

names_compilers() {
    grep -q '^Rust: rustc ' "$unpacked/share/doc/libanchor/compilers.txt" &&
        grep -q '^C: .' "$unpacked/share/doc/libanchor/compilers.txt" || fail "compilers.txt does not name the compilers"
}

# A program finds its DLLs beside it.
root_windows() {
    unpacked=$work/libanchor-$version-x86_64-pc-windows-gnu
    wine="sh packaging/cross/wine.sh"
    rm -rf "$unpacked"
    unzip -q "$published/libanchor-$version-x86_64-pc-windows-gnu.zip" -d "$work"
    names_compilers
    export PKG_CONFIG_PATH="$unpacked/lib/pkgconfig"
    # shellcheck disable=SC2046
    {
        compile x86_64-w64-mingw32-gcc-posix examples-c/mfa.c -o "$unpacked/bin/shared.exe" $(pkg-config --cflags --libs anchor) \
            -Wl,-Bstatic -lpthread
        compile x86_64-w64-mingw32-gcc-posix examples-c/mfa.c -o "$unpacked/bin/static.exe" -static -DANCHOR_STATIC \
            $(pkg-config --static --cflags --libs anchor | sed s/-lanchor/-l:libanchor.a/) -lpthread
    }
    runs_both "$wine $unpacked/bin/anchor-events.exe" "$wine $unpacked/bin/shared.exe" "$wine $unpacked/bin/static.exe"
}

# The compiler and the linker have nothing to say. Of a broken archive ld says so, and ends well.
compile() {
    said=$("$@" 2>&1) || fail "$said"
    [ -z "$said" ] || fail "$said"
}

# Both programs, against the command's server. What is called may be several words.
# shellcheck disable=SC2086
runs_both() {
    rm -f "$work/out"
    mkfifo "$work/out"
    $1 serve --port 0 --log off >"$work/out" &
    server=$!
    exec 3<"$work/out"
    read -r url <&3 || fail "the server did not start"
    url=$(printf '%s' "$url" | tr -d '\r')
    shift
    for program in "$@"; do
        ANCHORBROWSER_BASE_URL=$url ANCHORBROWSER_API_KEY=demo $program 123456 >"$work/said" ||
            { kill "$server"; fail "$program failed: $(cat "$work/said")"; }
        grep -q 'received.*123456' "$work/said" || { kill "$server"; fail "$program said: $(cat "$work/said")"; }
    done
    kill "$server"
    wait "$server" 2>/dev/null || true
    exec 3<&-
}

has() {
    for file in "$published"/$1; do
        [ ! -e "$file" ] || return 0
    done
    return 1
}

# The roots for which there are packages.
all() {
    ! has 'libanchor0_*.deb' || echo deb
    ! has "libanchor-$version-$(rustc --print host-tuple).tar.gz" || echo tarball
    ! has "libanchor-$version-1*.rpm" || echo rpm
    [ -z "$(published_for -linux-musl)" ] || echo musl
    ! has 'libanchor-*-x86_64-pc-windows-gnu.zip' || echo windows
    [ -z "$(foreign)" ] || echo emulated
}

[ "$(id -u)" = 0 ] || fail "needs root, for roots of its own"
[ $# -gt 0 ] || set -- $(all)
[ $# -gt 0 ] || fail "there are no packages in $published: run make packages first"
(cd "$published" && sha256sum --check --quiet --strict SHA256SUMS) || fail "$published is not what SHA256SUMS says"
for wanted in "$@"; do
    "root_$wanted"
    echo "$wanted: a program in C was compiled, linked with both libraries, and run"
done
